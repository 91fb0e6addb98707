// The server's methods over HTTP, and talk as a stream of words.
import { SseParser } from './sse';
import type { TalkReply } from './types';

export class ApiError extends Error {
  constructor(readonly status: number, readonly code: string, readonly reason: string, message: string) {
    super(message);
  }
}

export interface Identity { player: string; token: string; world?: string }

// Without a token (local mode) the console looks at the world as a designer and speaks as a player. A token has its own
// role; the player whom it speaks for is named where it may speak for others.
export function headersOf(who: Identity, speaking: boolean): Record<string, string> {
  const world: Record<string, string> = who.world ? { 'X-Troupe-World': who.world } : {};
  if (!who.token) return { ...world, ...(who.player ? { 'X-Troupe-Player': who.player } : {}), 'X-Troupe-Role': speaking ? 'player' : 'designer' };
  return { ...world, Authorization: `Bearer ${who.token}`, ...(speaking && who.player ? { 'X-Troupe-Player': who.player } : {}) };
}

const kStream = 'text/event-stream';

export class Api {
  constructor(readonly base: string, public who: Identity) {}

  async get<T>(method: string, query: Record<string, string | number | boolean> = {}): Promise<T> {
    const search = new URLSearchParams(Object.entries(query).map(([k, v]) => [k, String(v)])).toString();
    return this.send<T>('GET', `/api/${method}${search ? `?${search}` : ''}`);
  }

  async post<T>(method: string, body: unknown = {}): Promise<T> {
    return this.send<T>('POST', `/api/${method}`, body);
  }

  private async send<T>(verb: string, path: string, body?: unknown): Promise<T> {
    const response = await this.fetch(verb, path, body, 'application/json', AbortSignal.timeout(15_000));
    return (await response.json()) as T;
  }

  private async fetch(verb: string, path: string, body: unknown, accept: string, signal: AbortSignal): Promise<Response> {
    let response: Response;
    try {
      response = await fetch(this.base + path, {
        method: verb,
        headers: { ...headersOf(this.who, accept === kStream), Accept: accept, ...(body === undefined ? {} : { 'Content-Type': 'application/json' }) },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal,
      });
    } catch (e) {
      const late = e instanceof DOMException && e.name === 'TimeoutError';
      const stopped = e instanceof DOMException && e.name === 'AbortError';
      throw new ApiError(0, late ? 'deadline_exceeded' : stopped ? 'cancelled' : 'unavailable', '',
        late ? 'The server did not answer in time.' : stopped ? 'Stopped.' : 'The server cannot be reached.');
    }
    if (!response.ok) throw await errorOf(response);
    return response;
  }

  // Says something to somebody. `onWords` gets each piece of the answer as it comes; the result is the whole.
  async talk(npc: string, text: string, onWords: (words: string) => void, signal: AbortSignal): Promise<TalkReply> {
    const response = await this.fetch('POST', '/api/npc/Talk', { npc, text }, kStream, signal);
    if (!(response.headers.get('Content-Type') ?? '').startsWith(kStream)) return (await response.json()) as TalkReply;
    const reader = response.body!.getReader();
    const decoder = new TextDecoder();
    const parser = new SseParser();
    for (;;) {
      const { done, value } = await reader.read().catch((e: unknown) => {
        if (signal.aborted) throw new ApiError(0, 'cancelled', '', 'Stopped.');
        throw new ApiError(0, 'unavailable', '', `The answer broke off${e instanceof Error && e.message ? ` (${e.message})` : ''}.`);
      });
      for (const event of parser.feed(done ? decoder.decode() : decoder.decode(value, { stream: true }))) {
        const data = parse(event.data);
        if (event.event === 'done') return data as TalkReply;
        if (event.event === 'error') throw fromBody(0, data);
        if (event.event === 'delta' || event.event === 'message') onWords(String((data as { text?: unknown }).text ?? ''));
      }
      if (done) throw new ApiError(0, 'unavailable', '', 'The answer broke off.');
    }
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

function fromBody(status: number, body: unknown): ApiError {
  const error = ((body as { error?: Record<string, unknown> })?.error ?? {}) as Record<string, unknown>;
  return new ApiError(status, String(error.code ?? 'internal'), String(error.reason ?? ''),
    String(error.message ?? `The server answered ${status}.`));
}

async function errorOf(response: Response): Promise<ApiError> {
  return fromBody(response.status, parse(await response.text().catch(() => '')));
}

export function messageOf(e: unknown): string {
  return e instanceof Error ? e.message : String(e);
}
