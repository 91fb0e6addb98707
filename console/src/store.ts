// What the page knows, as signals. Events from the server change it in `apply`; nothing else decides what happened.
import { computed, signal } from '@preact/signals';
import type { ApiError } from './api';
import { clockText, dayOf, kDay, nowAt, resync, type Anchor } from './clock';
import { makeTown, type Move, type Town } from './stage/town';
import { isSilent, words, type Names } from './text';
import { list, num, str, type Npc, type Payload, type Place, type ProposedVerb, type StateDocument, type TimeState, type WeatherNow,
         type WorldEvent, type WorldInfo } from './types';

export interface Thing { id: string; kind: string; name: string; place: string; lit: boolean | undefined; state: Payload }

export interface Line {
  who: 'you' | 'them';
  text: string;
  atMs: number;
  pending?: boolean;
  error?: string;
  tier?: string;
  model?: string;
  firstMs?: number;
  deadlineMet?: boolean;
  verbs?: ProposedVerb[];
  eventId?: string;
  way?: string;
  by?: string; // who answered, where it was somebody else
}

export type Connection =
  | { state: 'connecting' | 'live' }
  | { state: 'lost'; retryAt: number; why: string; polling: boolean };

export interface Bubble { npc: string; text: string; untilWall: number; streaming: boolean }

export const kEventsMax = 800;
export const kLinesMax = 200;

export const world = signal<WorldInfo | undefined>(undefined);
export const worlds = signal<readonly string[]>([]); // of this server, by name
export const time = signal<TimeState | undefined>(undefined);
export const anchor = signal<Anchor>({ gameMs: 0, wallMs: 0, scale: 60, paused: true });
export const weather = signal<ReadonlyMap<string, WeatherNow>>(new Map());
export const people = signal<ReadonlyMap<string, Npc>>(new Map());
export const moves = signal<ReadonlyMap<string, Move>>(new Map());
export const things = signal<ReadonlyMap<string, Thing>>(new Map());
export const events = signal<readonly WorldEvent[]>([]); // newest last
export const talks = signal<ReadonlyMap<string, readonly Line[]>>(new Map());
export const bubbles = signal<ReadonlyMap<string, Bubble>>(new Map());
export const pulses = signal<ReadonlyMap<string, { tier: string; wall: number }>>(new Map()); // who has just thought
export const connection = signal<Connection>({ state: 'connecting' });
export const failure = signal<ApiError | undefined>(undefined); // of the first load
export const notices = signal<readonly { id: number; text: string }[]>([]);
export const serverVersion = signal('');

export const selected = signal('');
export const tab = signal<'talk' | 'mind'>('talk');
export const whyOf = signal('');
export const me = signal({ name: '', x: NaN, y: NaN }); // metres
export const typingTo = signal('');

export const gameNow = () => nowAt(anchor.value, performance.now());
// Changes each game minute at most, and twice a second at most: what text and colours follow.
export const minute = signal(0);

export const town = computed<Town | undefined>(() => {
  const w = world.value;
  return w && w.places.length > 0 ? makeTown(w.places) : undefined;
});

export const names: Names = {
  person: (id) => (id === me.value.name && id ? 'you' : people.value.get(id)?.name) ?? (id ? words(id).replace(/_/g, ' ') : 'somebody'),
  place: (id) => world.value?.places.find((p) => p.id === id)?.name ?? (id.replace(/_/g, ' ') || 'somewhere'),
  thing: (id) => (id && id === me.value.name ? 'you' : things.value.get(id)?.name) ?? people.value.get(id)?.name
    ?? world.value?.places.find((p) => p.id === id)?.name ?? id.replace(/_/g, ' '),
  region: (id) => {
    const inside = world.value?.places.find((p) => p.id === id);
    return inside?.name ?? `the ${id.replace(/_/g, ' ')}`;
  },
};

let noticeId = 0;
export function notice(text: string): void {
  if (notices.value.some((n) => n.text === text)) return;
  const id = ++noticeId;
  notices.value = [...notices.value.slice(-2), { id, text }];
  setTimeout(() => dismiss(id), 8_000);
}
export function dismiss(id: number): void {
  notices.value = notices.value.filter((n) => n.id !== id);
}

export function setTime(state: TimeState): void {
  time.value = state;
  anchor.value = { gameMs: num(state.now_ms), wallMs: performance.now(), scale: state.scale, paused: state.paused };
  tickMinute();
}

export function tickMinute(): void {
  const now = Math.floor(gameNow() / 60_000);
  if (now === minute.value) return;
  const newDay = Math.floor(now / 1440) !== Math.floor(minute.value / 1440);
  minute.value = now;
  if (newDay && time.value) time.value = { ...time.value, day: dayOf(gameNow()) };
}

export const clock = computed(() => (time.value ? clockText(minute.value * 60_000) : ''));

export function setWeather(regions: WeatherNow[]): void {
  weather.value = new Map(regions.map((w) => [w.region, w]));
}

export function setPeople(npcs: Npc[]): void {
  people.value = new Map(npcs.map((n) => [n.id, n]));
}

export function setThings(documents: StateDocument[]): void {
  things.value = new Map(documents.map((d) => {
    const { kind, name, place, ...state } = d.document;
    const lit = typeof state.lit === 'boolean' ? state.lit : undefined;
    return [d.id, { id: d.id, kind: str(kind), name: str(name) || d.id.replace(/_/g, ' '), place: str(place), lit, state }];
  }));
}

export function placeOf(id: string): Place | undefined {
  return world.value?.places.find((p) => p.id === id);
}

function change(id: string, by: Partial<Npc>): void {
  const npc = people.value.get(id);
  if (!npc) return;
  people.value = new Map(people.value).set(id, { ...npc, ...by });
}

export function bubble(npc: string, text: string, streaming = false): void {
  const untilWall = performance.now() + (streaming ? 60_000 : 3_500 + Math.min(9_000, text.length * 55));
  bubbles.value = new Map(bubbles.value).set(npc, { npc, text, untilWall, streaming });
}

export function hush(npc: string): void {
  bubbles.value = new Map([...bubbles.value].filter(([id]) => id !== npc));
}

export function sweep(): void {
  const now = performance.now();
  if ([...bubbles.value.values()].some((b) => b.untilWall < now)) {
    bubbles.value = new Map([...bubbles.value].filter(([, b]) => b.untilWall >= now));
  }
  const game = gameNow();
  const done = [...moves.value.values()].filter((m) => m.arrivesMs <= game && people.value.get(m.npc)?.walking === false);
  if (done.length > 0) moves.value = new Map([...moves.value].filter(([, m]) => !done.includes(m)));
}

export function changeLine(npc: string, index: number, by: Partial<Line>): void {
  const lines = [...(talks.value.get(npc) ?? [])];
  const line = lines[index];
  if (!line) return;
  lines[index] = { ...line, ...by };
  talks.value = new Map(talks.value).set(npc, lines);
}

export function addLine(npc: string, line: Line): number {
  const lines = [...(talks.value.get(npc) ?? []), line].slice(-kLinesMax);
  talks.value = new Map(talks.value).set(npc, lines);
  return lines.length - 1;
}

export function moveOf(event: WorldEvent): Move {
  const p = event.payload;
  const path = list(p.path).map(String);
  return {
    npc: str(p.npc) || event.subject, path: path.length > 1 ? path : [str(p.from), str(p.to)],
    departsMs: num(p.departs_ms, event.at_ms), arrivesMs: num(p.arrives_ms, event.at_ms),
  };
}

export function remember(batch: WorldEvent[]): void {
  const known = new Set(events.value.slice(-kEventsMax).map((e) => e.id));
  const fresh = batch.filter((e) => !isSilent(e) && !(e.id && known.has(e.id)));
  if (fresh.length === 0) return;
  const all = [...events.value, ...fresh];
  if (fresh.some((e, i) => e.sequence > 0 && e.sequence < (all[events.value.length + i - 1]?.sequence ?? 0))) {
    all.sort((a, b) => a.at_ms - b.at_ms || a.sequence - b.sequence);
  }
  events.value = all.slice(-kEventsMax);
}

// Answers what has to be asked for again: an event says that something changed, not always into what.
export function apply(event: WorldEvent): 'time' | 'people' | undefined {
  const p = event.payload;
  const npc = str(p.npc) || event.subject;
  switch (event.type) {
    case 'MinuteTicked':
      anchor.value = resync(anchor.value, num(p.now_ms), performance.now());
      return undefined;
    case 'TimeScaleChanged':
    case 'TimeAdvanced':
    case 'DayChanged':
    case 'SeasonChanged':
    case 'FestivalStarted':
      return 'time';
    case 'PhaseChanged':
      if (time.value) time.value = { ...time.value, phase: str(p.to).toLowerCase() };
      return undefined;
    case 'WeatherChanged':
    case 'WeatherTransitioned': {
      const before = weather.value.get(event.subject);
      const state = (str(p.to) || str(p.state)).toLowerCase() || before?.state || 'clear';
      weather.value = new Map(weather.value).set(event.subject, {
        ...before, region: event.subject, state, intensity: num(p.intensity), temperature_c: num(p.temperature_c),
        wind_kmh: num(p.wind_kmh), humidity: num(p.humidity),
      });
      return undefined;
    }
    case 'NpcMoved': {
      const move = moveOf(event);
      moves.value = new Map(moves.value).set(npc, move);
      change(npc, { walking: true, place: str(p.to) });
      return people.value.has(npc) ? undefined : 'people';
    }
    case 'NpcArrived': {
      const place = placeOf(str(p.place) || event.place);
      const activity = str(p.activity);
      change(npc, { walking: false, ...(place ? { place: place.id, x: place.x, y: place.y } : {}), ...(activity ? { activity } : {}) });
      return undefined;
    }
    case 'IntentChanged':
      change(npc, { intent: str(p.intent), activity: str(p.activity), reason: str(p.reason), tier: str(p.tier) });
      pulses.value = new Map(pulses.value).set(npc, { tier: str(p.tier), wall: performance.now() });
      return undefined;
    case 'EmotionChanged':
      change(npc, { mood: str(p.to) });
      return undefined;
    case 'DialogueEnded':
      if (!bubbles.value.get(npc)?.streaming) bubble(npc, str(p.text));
      return undefined;
    case 'VerbExecuted': {
      const place = placeOf(str(p.moved_to));
      if (place) change(str(p.actor), { place: place.id, x: place.x, y: place.y });
      return undefined;
    }
    case 'EntityStateChanged': {
      const thing = things.value.get(str(p.id) || event.subject);
      const changed = (p.changed ?? {}) as Payload;
      if (!thing) return undefined;
      const lit = typeof changed.lit === 'boolean' ? changed.lit : thing.lit;
      things.value = new Map(things.value).set(thing.id, { ...thing, lit, state: { ...thing.state, ...changed } });
      return undefined;
    }
    default:
      return undefined;
  }
}

export const litPlaces = computed(() => {
  const out = new Map<string, Thing[]>();
  for (const thing of things.value.values()) if (thing.lit) out.set(thing.place, [...(out.get(thing.place) ?? []), thing]);
  return out;
});

export const daysToText = (ms: number) => Math.max(0, Math.round(ms / kDay));
