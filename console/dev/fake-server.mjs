// A stand-in for the server while the page is worked on: `npm run fake`, then open the printed address (it serves dist/)
// or `npm run dev` beside it. Options: PORT, AT=20:30, SCALE=60, WEATHER=fog, MOOR=mist.
import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { extname, normalize } from 'node:path';
import { accept } from './fake-socket.mjs';
import { FakeWorld } from './fake-world.mjs';

const { PORT = '7777', AT = '07:20', SCALE = '60', WEATHER = 'fog', MOOR = 'mist' } = process.env;
const world = new FakeWorld({ at: AT, scale: Number(SCALE), weather: WEATHER, moor: MOOR });
for (let i = 0; i < 5; ++i) world.decide(world.npcs[(i * 2) % world.npcs.length]);
setInterval(() => world.tick(), 100);

const fail = (status, code, reason, message) => Object.assign(new Error(message), { status, body: { error: { code, reason, message } } });
const npcOf = (id) => world.npcs.find((n) => n.id === id) ?? (() => { throw fail(404, 'not_found', 'npc.unknown', `no NPC '${id}' here`); })();

const methods = {
  'world/Get': () => ({ name: 'lanternfall', title: 'Lanternfall', seed: '7041', pack_hash: '', sequence: String(world.sequence), places: [...world.places.values()] }),
  'time/Get': () => world.time(),
  'time/SetScale': ({ scale }) => { world.setScale(Number(scale), world.paused); return world.time(); },
  'time/Pause': () => { world.setScale(world.scale, true); return world.time(); },
  'time/Resume': () => { world.setScale(world.scale, false); return world.time(); },
  'time/Advance': ({ to_clock }) => { world.advance(to_clock); return world.time(); },
  'weather/List': () => ({ regions: Object.keys(world.weather).map((r) => world.weatherNow(r)) }),
  'weather/Set': ({ region, state }) => { world.setWeather(region, state); return world.weatherNow(region); },
  'npc/List': () => ({ npcs: world.npcs.map((n) => world.view(n)) }),
  'npc/Mind': ({ npc }) => {
    const n = npcOf(npc);
    return {
      view: world.view(n), perceived: world.events.filter((e) => e.place === n.place).slice(-6).map((e) => ({ at_ms: e.at_ms, text: e.payload.text ?? `${e.type.replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase()} (${e.subject})`, event_id: e.id })),
      memories: n.memories, relations: n.relations.map((r) => ({ trust: 0, fear: 0, respect: 0, disgust: 0, affection: 0, anger: 0, note: '', ...r, score: (r.trust ?? 0) * 0.5 + (r.affection ?? 0) * 0.4 + (r.respect ?? 0) * 0.2 - (r.anger ?? 0) * 0.6 - (r.disgust ?? 0) * 0.5 - (r.fear ?? 0) * 0.2 })),
      goals: n.goals, intent: n.intent, decisions: n.decisions.slice(0, 12), conversations: [...(world.talks.get(npc) ?? new Map())].map(([who, lines]) => ({ with: who, lines })), knows: [],
    };
  },
  'events/History': ({ type = '', after_sequence = 0, limit = 100, newest_first }) => {
    let events = world.events.filter((e) => (!type || e.type === type) && (newest_first === 'true' || Number(e.sequence) > Number(after_sequence)));
    events = newest_first === 'true' ? events.slice(-limit).reverse() : events.slice(0, limit);
    return { events, last_sequence: String(world.sequence) };
  },
  'world/Why': ({ event_id }) => world.chain(event_id),
  'state/Query': ({ kind }) => ({ documents: kind === 'feature' ? [...world.features.values()].map((f) => ({ kind: 'feature', id: f.id, version: '1', document: f.document })) : [] }),
};

async function talk(request, response, { npc, text }) {
  const n = npcOf(npc);
  const player = request.headers['x-troupe-player'] ?? 'visitor';
  const started = world.emit('DialogueStarted', npc, n.place, { npc, player, text });
  const answer = /odo|keeper|light/i.test(text) && n.says.length > 0 ? n.says[Math.floor(Math.random() * n.says.length)] : `${n.greeting[0] ?? 'Well.'} ${n.says[0] ?? ''}`.trim();
  response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
  const wait = (ms) => new Promise((done) => setTimeout(done, ms));
  await wait(380);
  for (const word of answer.split(/(?<= )/)) {
    response.write(`event: delta\ndata: ${JSON.stringify({ text: word })}\n\n`);
    await wait(55);
    if (response.destroyed) return;
  }
  const d = {
    id: `d-${world.sequence}`, npc, kind: 'talk', tier: 'silver', model: 'qwen2.5-coder-1.5b', prompt: `You are ${n.name}, ${n.role}.\n${n.persona}\nA stranger stands before you.\n\n${player}: ${text}`, output: answer, verdict: 'spoken',
    deadline_ms: '15000', deadline_met: true, queue_us: '12000', first_token_us: '382000', total_us: '1640000', prompt_tokens: 486, cached_tokens: 352, new_tokens: answer.split(' ').length, cost_microusd: '41', memories: n.memories.slice(0, 3).map((m) => m.id), facts: ['keeper_gone'],
  };
  const ended = world.emit('DialogueEnded', npc, n.place, { npc, player, text: answer, tier: 'silver', decision: d.id, deadline_met: true }, { cause: started.id, why: d });
  world.emit('MemoryAdded', npc, n.place, { npc, memory: `m-${world.sequence}`, text: `${player} asked: ${text}`, source: 'told', importance: 0.5 }, { cause: ended.id });
  world.emit('RelationChanged', npc, n.place, { npc, towards: player, feeling: 'trust', value: 0.34, reason: 'they asked kindly' }, { cause: ended.id });
  n.decisions.unshift({ id: d.id, at_ms: ended.at_ms, kind: 'talk', text: answer, reason: 'somebody spoke', tier: 'silver', model: d.model, event_id: ended.id });
  const talks = world.talks.get(npc) ?? new Map();
  talks.set(player, [...(talks.get(player) ?? []), { who: player, text, at_ms: started.at_ms }, { who: npc, text: answer, at_ms: ended.at_ms }]);
  world.talks.set(npc, talks);
  const verbs = /give|bread|help/i.test(text) ? [{ verb: 'give', args: { good: 'bread', person: player }, verdict: 'allowed' }] : /lamp/i.test(text) ? [{ verb: 'light_lamp', args: { lamp: 'harbour_lamp' }, verdict: 'too far from the harbour lamp' }] : [];
  response.end(`event: done\ndata: ${JSON.stringify({ text: answer, tier: 'silver', model: d.model, deadline_met: true, first_token_ms: '382', verbs, event_id: ended.id })}\n\n`);
}

const types = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

async function file(path, response) {
  const name = normalize(path === '/' ? '/index.html' : path);
  const data = await readFile(new URL(`../dist${name}`, import.meta.url)).catch(() => undefined);
  if (!data) throw fail(404, 'not_found', 'http.path', `nothing at ${path}`);
  response.writeHead(200, { 'Content-Type': types[extname(name)] ?? 'application/octet-stream', 'Content-Security-Policy': policy });
  response.end(data);
}

const server = createServer(async (request, response) => {
  const url = new URL(request.url, 'http://localhost');
  try {
    if (!url.pathname.startsWith('/api/')) return await file(url.pathname, response);
    let body = '';
    for await (const piece of request) body += piece;
    const args = { ...Object.fromEntries(url.searchParams), ...(body ? JSON.parse(body) : {}) };
    const name = url.pathname.slice(5);
    if (name === 'npc/Talk') return await talk(request, response, args);
    const method = methods[name];
    if (!method) throw fail(404, 'not_found', 'rpc.unknown', `no method '${name}'`);
    response.writeHead(200, { 'Content-Type': 'application/json' });
    response.end(JSON.stringify(method(args)));
  } catch (e) {
    response.writeHead(e.status ?? 500, { 'Content-Type': 'application/json' });
    response.end(JSON.stringify(e.body ?? { error: { code: 'internal', reason: '', message: e.message } }));
  }
});

server.on('upgrade', (request, socket) => {
  if (request.url !== '/ws') return socket.destroy();
  accept(request, socket, 'troupe.v1.json', (text, link) => {
    const frame = JSON.parse(text);
    if (frame.request) link.send({ response: { id: frame.request.id, json: {} } });
    if (!frame.hello) return;
    const cursor = Number(frame.hello.cursor ?? 0);
    link.send({ welcome: { player: frame.hello.player, role: frame.hello.role, server_version: 'fake', world: 'lanternfall', cursor: String(world.sequence), resumed: true } });
    const send = (e) => link.send({ event: { envelope: { world: 'lanternfall', sequence: e.sequence, type: e.type, subject: e.subject, place: e.place, game_ms: e.at_ms, wall_ms: e.wall_ms, cause: e.cause.split('-')[1] ?? '0', priority: `PRIORITY_${e.priority.toUpperCase()}` }, json: e.payload } });
    for (const e of world.events) if (Number(e.sequence) > cursor) send(e);
    world.listeners.add(send);
    link.onClose = () => world.listeners.delete(send);
  });
});
server.listen(Number(PORT), '127.0.0.1', () => console.log(`ready http://127.0.0.1:${server.address().port}`));
