// The colours of the map through the day. Between two of these hours they blend.

export type Tone = 'land' | 'shade' | 'ink' | 'faint' | 'sea' | 'deep' | 'wave' | 'roof' | 'wall' | 'street' | 'tree' | 'halo';
type Colours = Record<Tone, string>;

const night: Colours = {
  land: '#28303f', shade: '#222937', ink: '#aab4c8', faint: '#6f7b93', sea: '#131a28', deep: '#0f1521', wave: '#4c5d7c',
  roof: '#333d50', wall: '#5c6a85', street: '#3b4558', tree: '#2d3a41', halo: '#1e2533',
};
const dawn: Colours = {
  land: '#e6d9cf', shade: '#d9c9c0', ink: '#40384a', faint: '#857a88', sea: '#b9bfcb', deep: '#a9b1c1', wave: '#7d879d',
  roof: '#cfb5ab', wall: '#6a5a66', street: '#f3e9e0', tree: '#b3b5a2', halo: '#ece1d8',
};
const day: Colours = {
  land: '#efe6d3', shade: '#e4d8c0', ink: '#2f2c34', faint: '#85796a', sea: '#c6d4d3', deep: '#b3c7c9', wave: '#7f9ca1',
  roof: '#d8bfa3', wall: '#6b5a4c', street: '#faf4e6', tree: '#bcc3a1', halo: '#f4ecdb',
};
const dusk: Colours = {
  land: '#cbb3a6', shade: '#bda398', ink: '#33283a', faint: '#73606a', sea: '#7f8aa3', deep: '#6c7894', wave: '#535f7e',
  roof: '#b18d80', wall: '#55424e', street: '#dcc6b5', tree: '#94947f', halo: '#d4beb0',
};
const gloaming: Colours = {
  land: '#56536a', shade: '#4b495f', ink: '#e3dbe0', faint: '#aaa2b4', sea: '#2d3550', deep: '#262d46', wave: '#6a779b',
  roof: '#67607a', wall: '#9690ab', street: '#6c687f', tree: '#4f5866', halo: '#474559',
};

const hours: [number, Colours][] = [
  [0, night], [4.3, night], [5.4, gloaming], [6.4, dawn], [8.5, day], [16.5, day], [18.6, dusk], [19.6, gloaming],
  [20.7, night], [24, night],
];

export function blend(a: string, b: string, t: number): string {
  const x = parseInt(a.slice(1), 16);
  const y = parseInt(b.slice(1), 16);
  let out = '#';
  for (const shift of [16, 8, 0]) {
    const p = (x >> shift) & 255;
    const q = (y >> shift) & 255;
    out += Math.round(p + (q - p) * t).toString(16).padStart(2, '0');
  }
  return out;
}

function between(hour: number): [Colours, Colours, number] {
  for (let i = 1; i < hours.length; ++i) {
    const [to, b] = hours[i]!;
    const [from, a] = hours[i - 1]!;
    if (hour <= to) return [a, b, (hour - from) / (to - from || 1)];
  }
  return [night, night, 0];
}

// `grey`: 0 to 1, how much cloud and fog take out of the colours. `white`: how much snow lies.
export function coloursAt(hour: number, grey: number, white: number): Colours {
  const [a, b, t] = between(hour);
  const out = {} as Colours;
  // Lines turn from dark on light to light on dark at once: on the way they would be as grey as what they are drawn on.
  const land = blend(a.land, b.land, t);
  const turns = luminance(a.ink) > 0.25 !== luminance(b.ink) > 0.25;
  const lines = contrast(a.ink, land) >= contrast(b.ink, land) ? a : b;
  for (const tone of Object.keys(a) as Tone[]) {
    let colour = kLines.has(tone) && turns ? lines[tone] : blend(a[tone], b[tone], t);
    if (grey > 0) colour = blend(colour, greyOf(colour), grey * 0.45);
    out[tone] = colour;
  }
  if (white > 0) {
    const snow = blend(out.land, blend('#4d5a73', '#ffffff', lightAt(hour)), 0.8 * white);
    for (const tone of ['land', 'street', 'halo', 'roof', 'tree'] as Tone[]) out[tone] = blend(out[tone], snow, 0.75 * white);
  }
  if (contrast(out.ink, out.halo) < kLegible) {
    const better = contrast(day.ink, out.halo) > contrast(night.ink, out.halo) ? day : night;
    for (const tone of kLines) out[tone] = better[tone];
    if (contrast(out.ink, out.halo) < kLegible) out.ink = contrast('#15121a', out.halo) > contrast('#fbf8f2', out.halo) ? '#15121a' : '#fbf8f2';
  }
  return out;
}

const kLegible = 3.5;
const kLines = new Set<Tone>(['ink', 'faint', 'wave', 'wall']);

export function luminance(colour: string): number {
  const n = parseInt(colour.slice(1), 16);
  const part = (shift: number) => {
    const c = ((n >> shift) & 255) / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * part(16) + 0.7152 * part(8) + 0.0722 * part(0);
}

// As in the accessibility guidelines: 1 to 21.
export function contrast(a: string, b: string): number {
  const x = luminance(a) + 0.05;
  const y = luminance(b) + 0.05;
  return Math.max(x, y) / Math.min(x, y);
}

function greyOf(colour: string): string {
  const x = parseInt(colour.slice(1), 16);
  const y = Math.round(((x >> 16) & 255) * 0.3 + ((x >> 8) & 255) * 0.59 + (x & 255) * 0.11);
  const cool = (n: number) => Math.max(0, Math.min(255, n)).toString(16).padStart(2, '0');
  return `#${cool(y - 3)}${cool(y)}${cool(y + 5)}`;
}

// Daylight, 0 at night to 1.
export function lightAt(hour: number): number {
  const rise = Math.max(0, Math.min(1, (hour - 4.6) / 2.2));
  const set = Math.max(0, Math.min(1, (20.4 - hour) / 2.4));
  return Math.min(rise, set);
}

// Whether text and panels should be light on dark.
export function isDark(hour: number): boolean {
  return hour < 5.9 || hour >= 19.1;
}
