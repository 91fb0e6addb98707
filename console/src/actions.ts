// What the page does: loads the world, keeps up with it, walks, talks, and sets the clock.
import { Api, ApiError, messageOf } from './api';
import { input, toEvents } from './frames';
import { Socket } from './socket';
import * as store from './store';
import { along, lengthOf, type Point } from './stage/geometry';
import { progress, routeLine, walkLine } from './stage/town';
import { num, type Memory, type Mind, type Npc, type StateDocument, type TimeState, type WeatherNow, type WhyLink, type WorldEvent, type WorldInfo } from './types';

const kHistory = 200;
const kPollMs = 2_500;
const kInputMs = 250;
const kWalkSpeed = 95; // of the player: map units in a real second

const keep = {
  read: (key: string) => { try { return localStorage.getItem(`troupe.${key}`) ?? ''; } catch { return ''; } },
  write: (key: string, value: string) => { try { localStorage.setItem(`troupe.${key}`, value); } catch { /* private window */ } },
};

const base = '';
export const api = new Api(base, { player: keep.read('player') || 'visitor', token: keep.read('token') });
let cursor = 0;
let line = ''; // of the world's history that the cursor is of
let socket: Socket | undefined;
let poller: ReturnType<typeof setInterval> | undefined;

export function start(): void {
  store.me.value = { ...store.me.value, name: api.who.player };
  setInterval(store.tickMinute, 500);
  setInterval(store.sweep, 700);
  setInterval(() => { if (!document.hidden) void refreshPeople(); }, 20_000);
  void load().then((ok) => { if (ok) connect(); });
}

// Which world the page shows: the one in its address, else the server's first.
async function chooseWorld(): Promise<void> {
  const { worlds } = await api.get<{ worlds: { name: string }[] }>('worlds/List');
  store.worlds.value = (worlds ?? []).map((one) => one.name);
  const asked = new URLSearchParams(location.search).get('world');
  api.who = { ...api.who, world: asked ?? store.worlds.value[0] ?? '' };
}

export function showWorld(name: string): void {
  location.search = `?${new URLSearchParams({ world: name }).toString()}`;
}

// Everything, over HTTP. Also after a gap that the log cannot fill any more.
export async function load(): Promise<boolean> {
  try {
    await chooseWorld();
    const [world, time, weather, npcs, recent, ways] = await Promise.all([
      api.get<WorldInfo>('world/Get'),
      api.get<TimeState>('time/Get'),
      api.get<{ regions: WeatherNow[] }>('weather/List'),
      api.get<{ npcs: Npc[] }>('npc/List'),
      api.get<{ events: Record<string, unknown>[] }>('events/History', { limit: kHistory, newest_first: true }),
      api.get<{ events: Record<string, unknown>[] }>('events/History', { type: 'NpcMoved', limit: 60, newest_first: true }),
    ]);
    cursor = num(world.sequence);
    store.world.value = world;
    document.title = `${world.title || world.name} - Troupe`;
    store.setTime(time);
    store.setWeather(weather.regions ?? []);
    store.setPeople(npcs.npcs ?? []);
    store.events.value = [];
    store.remember(toEvents(recent.events).reverse());
    recallMoves(toEvents(ways.events).reverse());
    placePlayer();
    store.failure.value = undefined;
    void loadThings();
    return true;
  } catch (e) {
    store.failure.value = e instanceof ApiError ? e : new ApiError(0, 'internal', '', messageOf(e));
    const status = store.failure.value.status;
    if (status === 0 || status >= 500) setTimeout(() => { if (store.failure.value) void load().then((ok) => { if (ok) connect(); }); }, 3_000);
    return false;
  }
}

async function loadThings(): Promise<void> {
  try {
    const { documents } = await api.get<{ documents: StateDocument[] }>('state/Query', { kind: 'feature', limit: 1000 });
    store.setThings(documents ?? []);
  } catch {
    // Lamps stay dark for callers who may not query; their events still light those that are known.
  }
}

function recallMoves(events: WorldEvent[]): void {
  const now = store.gameNow();
  const moves = new Map(events.map(store.moveOf).filter((m) => m.arrivesMs > now).map((m) => [m.npc, m]));
  for (const [npc] of moves) if (store.people.value.get(npc)?.walking === false) moves.delete(npc);
  store.moves.value = moves;
}

function placePlayer(): void {
  if (Number.isFinite(store.me.value.x)) return;
  const places = store.world.value?.places ?? [];
  const last = keep.read(`at.${store.world.value?.name}`).split(',').map(Number);
  const first = places.find((p) => p.kind === 'harbour') ?? places.find((p) => !p.indoors) ?? places[0];
  if (last.length === 2 && last.every(Number.isFinite)) store.me.value = { ...store.me.value, x: last[0]!, y: last[1]! };
  else if (first) store.me.value = { ...store.me.value, x: first.x, y: first.y };
}

function connect(): void {
  socket?.close();
  const url = new URL('ws', new URL(base || '.', location.href));
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  socket = new Socket(url.href, {
    hello: () => ({ ...api.who, role: 'designer', cursor, line }),
    onLink(link, retryInMs, why) {
      if (link === 'lost') {
        store.connection.value = { state: 'lost', retryAt: performance.now() + retryInMs, why, polling: false };
        poller ??= setInterval(() => void poll(), kPollMs);
        void poll();
      } else if (link === 'live') {
        clearInterval(poller);
        poller = undefined;
        store.connection.value = { state: 'live' };
        sendInput();
      } else if (store.connection.value.state !== 'lost') {
        store.connection.value = { state: 'connecting' };
      }
    },
    onFrame(frame) {
      if (frame.kind === 'event') take([frame.event]);
      else if (frame.kind === 'problem') store.notice(frame.message);
      else if (frame.kind === 'welcome') {
        store.serverVersion.value = frame.version;
        line = frame.line;
        if (frame.role === 'player') rename(frame.player, false);
        if (frame.resumed) void refreshTime();
        else void load(); // the log does not reach back to where we were: everything anew
      }
    },
  });
  socket.open();
}

export const reconnect = () => { if (store.failure.value) void load().then((ok) => { if (ok) connect(); }); else socket?.open(); };

// Without a socket the page still follows, by asking.
async function poll(): Promise<void> {
  try {
    const { events } = await api.get<{ events: Record<string, unknown>[] }>('events/History', { after_sequence: cursor, limit: 500 });
    take(toEvents(events));
    await refreshTime();
    const lost = store.connection.value;
    if (lost.state === 'lost') store.connection.value = { ...lost, polling: true };
  } catch {
    const lost = store.connection.value;
    if (lost.state === 'lost') store.connection.value = { ...lost, polling: false };
  }
}

let asked = false;
function take(batch: WorldEvent[]): void {
  const again = new Set<string>();
  for (const event of batch) {
    if (event.sequence > 0) {
      if (event.sequence <= cursor) continue;
      cursor = event.sequence;
    }
    const ask = store.apply(event);
    if (ask) again.add(ask);
    if (event.type === 'TimeAdvanced') again.add('people');
    store.remember([event]);
  }
  if (again.size === 0 || asked) return;
  asked = true;
  setTimeout(() => {
    asked = false;
    void refreshTime();
    if (again.has('people')) void refreshPeople();
  }, 150);
}

async function refreshTime(): Promise<void> {
  try { store.setTime(await api.get<TimeState>('time/Get')); } catch { /* the banner says it */ }
}

async function refreshPeople(): Promise<void> {
  try {
    const { npcs } = await api.get<{ npcs: Npc[] }>('npc/List');
    store.setPeople(npcs ?? []);
  } catch { /* the banner says it */ }
}

export async function setScale(scale: number): Promise<void> {
  try {
    let state: TimeState;
    if (scale === 0) state = await api.post<TimeState>('time/Pause');
    else {
      state = await api.post<TimeState>('time/SetScale', { scale });
      if (state.paused) state = await api.post<TimeState>('time/Resume');
    }
    store.setTime(state);
  } catch (e) {
    store.notice(messageOf(e));
  }
}

export async function advanceTo(clock: string): Promise<void> {
  try {
    store.setTime(await api.post<TimeState>('time/Advance', { to_clock: clock }));
    store.moves.value = new Map();
    await refreshPeople();
  } catch (e) {
    store.notice(messageOf(e));
  }
}

export const mindOf = (npc: string) => api.get<Mind>('npc/Mind', { npc });
export const memoriesOfMe = async (npc: string) =>
  (await api.get<{ memories?: Memory[] }>('npc/Memories', { npc, player: store.me.value.name })).memories ?? [];
// These memories, or with none of them named everything: memories, talks and feelings.
export async function forget(npc: string, ids: string[]): Promise<void> {
  await api.post('npc/Forget', { npc, player: store.me.value.name, ids });
  if (ids.length === 0) store.talks.value = new Map([...store.talks.value].filter(([who]) => who !== npc));
}
export const whyOf = async (eventId: string) => (await api.get<{ chain: WhyLink[] }>('world/Why', { event_id: eventId })).chain ?? [];

// ---- the player

let walk: { line: Point[]; startWall: number; ms: number } | undefined;
let lastInput = 0;

export function rename(name: string, tell = true): void {
  const clean = name.trim().toLowerCase().replace(/[^a-z0-9_-]+/g, '_').replace(/^[^a-z]+/, '').slice(0, 32) || 'visitor';
  if (clean === api.who.player) return;
  api.who = { ...api.who, player: clean };
  keep.write('player', clean);
  store.me.value = { ...store.me.value, name: clean };
  store.talks.value = new Map();
  if (tell) socket?.open();
}

export function signIn(token: string): void {
  api.who = { ...api.who, token: token.trim() };
  keep.write('token', api.who.token);
  void load().then((ok) => { if (ok) connect(); });
}

// To a point in metres.
export function walkTo(target: Point): void {
  const town = store.town.value;
  if (!town) return;
  const line = walkLine(town, town.toMap(store.me.value), town.toMap(target)).map(town.toWorld);
  walk = { line, startWall: performance.now(), ms: Math.max(350, (lengthOf(line) / town.unit / kWalkSpeed) * 1000) };
}

export const playerLine = () => walk?.line;

// Called for each frame that is drawn: moves the player along.
export function stepPlayer(): void {
  if (!walk) return;
  const t = Math.min(1, (performance.now() - walk.startWall) / walk.ms);
  const p = along(walk.line, t);
  store.me.value = { ...store.me.value, x: p.x, y: p.y };
  if (t === 1) {
    walk = undefined;
    keep.write(`at.${store.world.value?.name}`, `${p.x.toFixed(1)},${p.y.toFixed(1)}`);
  }
  if (t === 1 || performance.now() - lastInput > kInputMs) sendInput();
}

export function sendInput(): void {
  lastInput = performance.now();
  const { x, y } = store.me.value;
  if (Number.isFinite(x)) socket?.send(input(Math.round(x * 10) / 10, Math.round(y * 10) / 10, store.selected.value, store.typingTo.value));
}

export function setTyping(npc: string): void {
  if (store.typingTo.value === npc) return;
  store.typingTo.value = npc;
  sendInput();
}

export function select(npc: string): void {
  store.selected.value = npc;
  sendInput();
}

// Where somebody stands, in metres.
export function whereIs(npc: Npc): Point {
  const town = store.town.value;
  const move = store.moves.value.get(npc.id);
  if (town && move) {
    const line = routeLine(town, move.path);
    if (line.length > 1) return town.toWorld(along(line, progress(move, store.gameNow())));
  }
  return { x: npc.x, y: npc.y };
}

// ---- talk

const stops = new Map<string, AbortController>();
export const stopTalk = (npc: string) => stops.get(npc)?.abort();

export async function say(npc: string, text: string): Promise<void> {
  if (stops.has(npc)) return;
  const stop = new AbortController();
  stops.set(npc, stop);
  store.addLine(npc, { who: 'you', text, atMs: store.gameNow() });
  const answer = store.addLine(npc, { who: 'them', text: '', atMs: store.gameNow(), pending: true });
  store.bubble(npc, '...', true);
  let sofar = '';
  try {
    const reply = await api.talk(npc, text, (words) => {
      sofar += words;
      store.changeLine(npc, answer, { text: sofar });
      store.bubble(npc, sofar, true);
    }, stop.signal);
    store.changeLine(npc, answer, {
      text: reply.text, pending: false, tier: reply.tier, model: reply.model, firstMs: num(reply.first_token_ms),
      deadlineMet: reply.deadline_met, verbs: reply.verbs ?? [], eventId: reply.event_id, way: reply.way,
      by: reply.npc && reply.npc !== npc ? reply.npc : undefined,
    });
    if (reply.npc && reply.npc !== npc) store.hush(npc);
    store.bubble(reply.npc || npc, reply.text);
  } catch (e) {
    store.changeLine(npc, answer, { pending: false, error: messageOf(e) });
    store.bubble(npc, sofar || '...');
  } finally {
    stops.delete(npc);
  }
}
