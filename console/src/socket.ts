// The game's socket: keeps itself connected, and after each gap asks for what it missed from its cursor on.
import { alive, hello, parseFrame, type Hello, type ServerFrame } from './frames';

export type Link = 'connecting' | 'live' | 'lost';

export interface SocketEvents {
  onLink(link: Link, retryInMs: number, why: string): void;
  onFrame(frame: ServerFrame): void;
  hello(): Hello;
}

const kFirstWaitMs = 500;
const kLongestWaitMs = 8_000;
const kQuietMs = 25_000;  // after that a sign of life is asked for
const kAnswerMs = 9_000;  // and without one by then the line is taken for dead, as after a laptop's sleep
const kHelloMs = 6_000;   // a server that does not say welcome by then is not one

// How long to wait before the n-th new attempt: doubling, with a spread so that many consoles do not come at once.
export function waitFor(attempt: number, random: () => number = Math.random): number {
  return Math.min(kLongestWaitMs, kFirstWaitMs * 2 ** Math.min(attempt, 10)) * (0.75 + random() * 0.5);
}

export class Socket {
  private socket: WebSocket | undefined;
  private attempt = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private stopped = false;
  private heard = 0;
  private asked = 0; // when, or 0
  private watch: ReturnType<typeof setInterval> | undefined;

  constructor(private readonly url: string, private readonly events: SocketEvents) {}

  open(): void {
    this.stopped = false;
    clearTimeout(this.timer);
    this.drop();
    this.watch ??= setInterval(() => this.look(), 3_000);
    this.events.onLink('connecting', 0, '');
    let socket: WebSocket;
    try {
      socket = new WebSocket(this.url, 'troupe.v1.json');
    } catch {
      this.again('The address of the socket is not valid.');
      return;
    }
    this.socket = socket;
    this.heard = performance.now();
    this.asked = 0;
    let welcome = false;
    let why = '';
    const patience = setTimeout(() => socket.close(), kHelloMs);
    socket.onopen = () => {
      socket.send(hello(this.events.hello()));
    };
    socket.onmessage = (message: MessageEvent) => {
      if (socket !== this.socket || typeof message.data !== 'string') return;
      this.heard = performance.now();
      this.asked = 0;
      const frame = parseFrame(message.data);
      if (frame.kind === 'welcome' && !welcome) {
        welcome = true;
        clearTimeout(patience);
        this.attempt = 0;
        this.events.onLink('live', 0, '');
      }
      if (frame.kind === 'goaway') why = frame.message || frame.reason;
      if (frame.kind === 'problem' && !welcome) why = frame.message;
      this.events.onFrame(frame);
    };
    socket.onclose = (e: CloseEvent) => {
      clearTimeout(patience);
      if (socket !== this.socket) return;
      this.socket = undefined;
      this.again(why || e.reason);
    };
  }

  send(frame: string): boolean {
    if (this.socket?.readyState !== WebSocket.OPEN) return false;
    this.socket.send(frame);
    return true;
  }

  close(): void {
    this.stopped = true;
    clearInterval(this.watch);
    this.watch = undefined;
    clearTimeout(this.timer);
    this.drop();
  }

  private look(): void {
    if (this.socket?.readyState !== WebSocket.OPEN || this.attempt > 0) return;
    const now = performance.now();
    if (this.asked > 0) {
      if (now - this.asked > kAnswerMs) this.open();
    } else if (now - this.heard > kQuietMs && this.send(alive())) {
      this.asked = now;
    }
  }

  private drop(): void {
    const old = this.socket;
    this.socket = undefined;
    old?.close();
  }

  private again(why: string): void {
    if (this.stopped) return;
    const wait = waitFor(this.attempt++);
    this.events.onLink('lost', wait, why);
    this.timer = setTimeout(() => this.open(), wait);
  }
}
