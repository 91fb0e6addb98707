// The socket's frames in their JSON form: one object with one member, named after the frame (socket.proto).
import { list, num, str, type Payload, type WorldEvent } from './types';

export type ServerFrame =
  | { kind: 'welcome'; player: string; role: string; version: string; cursor: number; resumed: boolean; why: string; line: string }
  | { kind: 'event'; event: WorldEvent }
  | { kind: 'problem'; message: string }
  | { kind: 'goaway'; reason: string; message: string }
  | { kind: 'other' };

export interface Hello { player: string; role: string; token: string; cursor: number; world?: string | undefined; line?: string }

// Many events of one kind and subject in the same moment are of no use to eyes: the server holds back the older ones.
const kEventsPerSecond = 40;

export function hello({ player, role, token, cursor, world, line }: Hello): string {
  return JSON.stringify({
    hello: {
      ...(token ? { token } : { ...(player ? { player } : {}), role }),
      ...(cursor > 0 ? { cursor: String(cursor) } : {}),
      ...(world ? { world } : {}),
      ...(line ? { line } : {}),
      subscribe: { rate_per_s: kEventsPerSecond },
    },
  });
}

// Any call: what counts is that something comes back.
export const alive = () => JSON.stringify({ request: { id: 1, method: 'time.Get', json: {} } });

export function input(x: number, y: number, lookedAt: string, typingTo: string): string {
  return JSON.stringify({ input: { position: { x, y }, looked_at: lookedAt, typing_to: typingTo } });
}

type Raw = Record<string, unknown>;
const object = (value: unknown): Raw => (typeof value === 'object' && value !== null ? (value as Raw) : {});

export function parseFrame(text: string): ServerFrame {
  let raw: Raw;
  try {
    raw = object(JSON.parse(text));
  } catch {
    return { kind: 'other' };
  }
  if (raw.event) return { kind: 'event', event: toEvent(object(raw.event)) };
  if (raw.welcome) {
    const w = object(raw.welcome);
    return {
      kind: 'welcome', player: str(w.player), role: str(w.role), version: str(w.server_version), cursor: num(w.cursor),
      resumed: w.resumed === true, why: str(w.resume_reason), line: str(w.line),
    };
  }
  const error = object(raw.response).error;
  if (error) return { kind: 'problem', message: str(object(error).message) || str(object(error).code) };
  if (raw.goaway) {
    const g = object(raw.goaway);
    return { kind: 'goaway', reason: str(g.reason), message: str(g.message) };
  }
  return { kind: 'other' };
}

// An event as events.History shows it, or as the socket does: an envelope with its payload beside it.
export function toEvent(raw: Raw): WorldEvent {
  const envelope = raw.envelope ? object(raw.envelope) : raw;
  const world = str(envelope.world);
  const sequence = num(envelope.sequence);
  const cause = envelope.cause;
  return {
    id: str(envelope.id) || (sequence > 0 ? `${world}-${sequence}` : ''),
    sequence,
    type: str(envelope.type),
    subject: str(envelope.subject),
    place: str(envelope.place),
    at_ms: num(envelope.at_ms ?? envelope.game_ms),
    cause: typeof cause === 'string' && cause.includes('-') ? cause : num(cause) > 0 ? `${world}-${num(cause)}` : '',
    priority: str(envelope.priority, 'normal').replace('PRIORITY_', '').toLowerCase(),
    payload: object(raw.json ?? envelope.payload) as Payload,
  };
}

export const toEvents = (value: unknown): WorldEvent[] => list(value).map((e) => toEvent(object(e)));
