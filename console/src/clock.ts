// The game's clock between two words from the server. Game time is a number of milliseconds since day 1, 00:00.

export const kMinute = 60_000;
export const kHour = 60 * kMinute;
export const kDay = 24 * kHour;

export interface Anchor {
  gameMs: number; // game time ...
  wallMs: number; // ... at this local time
  scale: number;  // game milliseconds per local millisecond
  paused: boolean;
}

export function nowAt(anchor: Anchor, wallMs: number): number {
  return anchor.paused ? anchor.gameMs : anchor.gameMs + Math.max(0, wallMs - anchor.wallMs) * anchor.scale;
}

// A tick that agrees with our clock to within half a second of real time only nudges it, so that nobody on the map
// jumps; one that does not sets it.
export function resync(anchor: Anchor, gameMs: number, wallMs: number): Anchor {
  const ours = nowAt(anchor, wallMs);
  const off = gameMs - ours;
  const tolerance = Math.max(kMinute, anchor.scale * 500);
  return { ...anchor, gameMs: Math.abs(off) > tolerance ? gameMs : ours + off * 0.2, wallMs };
}

export function clockText(gameMs: number): string {
  const minutes = Math.floor(gameMs / kMinute) % (24 * 60);
  return `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;
}

export function dayOf(gameMs: number): number {
  return Math.floor(gameMs / kDay) + 1;
}

// 0 to 24, with a fraction.
export function hourOf(gameMs: number): number {
  return (gameMs % kDay) / kHour;
}

// "14:05", or with the day in front when that is not today.
export function whenText(gameMs: number, nowMs: number): string {
  const day = dayOf(gameMs);
  const today = dayOf(nowMs);
  if (day === today) return clockText(gameMs);
  if (day === today - 1) return `yesterday ${clockText(gameMs)}`;
  if (day < 1) return `${today - day} days ago`;
  return `day ${day}, ${clockText(gameMs)}`;
}
