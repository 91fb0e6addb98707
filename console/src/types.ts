// What the server says, as proto3 JSON: snake_case names, 64-bit integers as strings. `num` reads either form.

export type Num = number | string;

export interface Place {
  id: string; name: string; kind: string; region: string;
  x: number; y: number; indoors: boolean; neighbours: string[]; text: string;
}
export interface WorldInfo { name: string; title: string; seed: Num; sequence: Num; places: Place[] }

export interface TimeState {
  now_ms: Num; day: Num; clock: string; phase: string; season: string; scale: number; paused: boolean;
  year: Num; month: string; day_of_month: number; weekday: string; festival: string;
}

export interface WeatherNow {
  region: string; state: string; intensity: number; temperature_c: number; wind_kmh: number; humidity: number;
  at_ms?: Num; pinned_until_ms?: Num;
}

export interface Npc {
  id: string; name: string; role: string; place: string; x: number; y: number;
  activity: string; intent: string; reason: string; mood: string; walking: boolean; look: string; tier: string;
}

export interface ProposedVerb { verb: string; args: Record<string, string>; verdict: string }
export interface TalkReply {
  text: string; tier: string; model: string; deadline_met: boolean; first_token_ms: Num;
  verbs: ProposedVerb[]; event_id: string; way?: string;
  npc?: string; // who answered: somebody else where the line calls them by name
}
// What an answer rests on.
export interface Evidence { kind: string; id?: string; text?: string; source?: string; at_ms?: Num }

export interface Memory {
  id: string; text: string; at_ms: Num; place: string; witnesses: string[]; source: string; importance: number;
}
export interface Relation {
  to: string; trust: number; fear: number; respect: number; disgust: number; affection: number; anger: number;
  score: number; note: string;
}
export interface DecisionView {
  id: string; at_ms: Num; kind: string; text: string; reason: string; tier: string; model: string; event_id: string;
}
export interface Conversation { with: string; lines: { who: string; text: string; at_ms: Num }[] }
export interface Mind {
  view: Npc; intent: string;
  perceived: { at_ms: Num; text: string; event_id: string }[];
  memories: Memory[]; relations: Relation[]; goals: { id: string; text: string; priority: number }[];
  decisions: DecisionView[]; conversations: Conversation[]; knows: string[];
}

export type Payload = Record<string, unknown>;
export interface WorldEvent {
  id: string; sequence: number; type: string; subject: string; place: string;
  at_ms: number; cause: string; priority: string; payload: Payload;
}

export interface Decision {
  id?: string; npc?: string; kind?: string; tier?: string; model?: string; method?: string; prompt?: string;
  options?: string[]; probabilities?: number[]; choice?: number; output?: string; verdict?: string; reason?: string;
  deadline_ms?: Num; deadline_met?: boolean; queue_us?: Num; first_token_us?: Num; total_us?: Num;
  prompt_tokens?: number; cached_tokens?: number; new_tokens?: number; cost_microusd?: Num;
  memories?: string[]; facts?: string[]; fallbacks?: string[];
  way?: string; evidence?: Evidence[]; guard?: string[]; heard?: string;
}
export interface WhyLink {
  event_id: string; type: string; subject: string; at_ms: Num; clock: string; text: string;
  payload?: Payload; decision?: Decision; input?: Payload;
}

export interface StateDocument { kind: string; id: string; version: Num; document: Payload }

export function num(value: unknown, fallback = 0): number {
  const n = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof n === 'number' && Number.isFinite(n) ? n : fallback;
}

export function str(value: unknown, fallback = ''): string {
  return typeof value === 'string' ? value : typeof value === 'number' || typeof value === 'boolean' ? String(value) : fallback;
}

export function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}
