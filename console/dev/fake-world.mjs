// A make-believe Lanternfall for work on the page: people follow their routines, lamps are lit, the weather turns.
// Nothing here is a rule of the real server; only the shapes are.
import { readFileSync } from 'node:fs';

const pack = JSON.parse(readFileSync(new URL('fake-world.json', import.meta.url), 'utf8'));
const kDay = 86_400_000;
const minutes = (clock) => Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3));
const clockOf = (ms) => `${String(Math.floor((ms % kDay) / 3_600_000)).padStart(2, '0')}:${String(Math.floor((ms % 3_600_000) / 60_000)).padStart(2, '0')}`;
const phaseOf = (ms) => { const h = (ms % kDay) / 3_600_000; return h < 5 || h >= 20 ? 'night' : h < 7 ? 'dawn' : h < 18 ? 'day' : 'dusk'; };
const months = ['Fogfall', 'Netmoon', 'Lowsun', 'Icewater', 'Thaw', 'Herringrun', 'Longlight', 'Saltmonth'];
const seasons = ['autumn', 'autumn', 'winter', 'winter', 'spring', 'spring', 'summer', 'summer'];
const weekdays = ['Tideday', 'Netday', 'Lampday', 'Marketday', 'Oilday', 'Bellday', 'Restday'];
const weatherOf = {
  clear: [0, 5, 0.4, 12], partly_cloudy: [0.2, 8, 0.5, 11], cloudy: [0.4, 10, 0.6, 9], rain: [0.6, 15, 0.9, 8], storm: [0.9, 40, 0.85, 8], fog: [0.5, 2, 0.95, 6],
  mist: [0.3, 3, 0.9, 7], snow: [0.6, 10, 0.7, -2], heavy_snow: [0.8, 20, 0.8, -4], windy: [0.4, 30, 0.5, 9], heavy_rain: [0.8, 25, 0.95, 8], blizzard: [1, 60, 0.85, -8],
  extreme_heat: [0.9, 5, 0.6, 33], extreme_cold: [0.8, 8, 0.5, -14],
};

export class FakeWorld {
  constructor({ at = '07:00', scale = 60, weather = 'fog', moor = 'mist' } = {}) {
    this.base = minutes(at) * 60_000;
    this.wall = Date.now();
    this.scale = scale;
    this.paused = false;
    this.sequence = 1000;
    this.events = [];
    this.why = new Map();
    this.listeners = new Set();
    this.places = new Map(pack.places.map((p) => [p.id, p]));
    this.features = new Map(pack.features.map((f) => [f.id, structuredClone(f)]));
    this.weather = { harbour: weather, moor };
    this.talks = new Map();
    this.lastPhase = phaseOf(this.now());
    this.lastMinute = -1;
    this.npcs = pack.npcs.map((n) => {
      const step = this.routineOf(n);
      const place = this.places.get(step.place);
      return { ...n, place: step.place, x: place.x, y: place.y, activity: step.activity, step, intent: intentOf(step), reason: 'it is what they do at this hour', tier: 'routine', mood: 'calm', walking: false, memories: [], decisions: [] };
    });
    for (const n of this.npcs) n.memories = n.says.map((text, i) => ({ id: `m-${n.id}-${i}`, text, at_ms: String(this.now() - (i * 7 + 3) * 3_600_000), place: n.home, witnesses: [n.id], source: ['told', 'seen', 'said', 'done'][i % 4], importance: 0.9 - i * 0.12 }));
  }

  now() { return this.paused ? this.base : this.base + (Date.now() - this.wall) * this.scale; }
  setScale(scale, paused) {
    this.base = this.now();
    this.wall = Date.now();
    this.scale = scale;
    this.paused = paused;
    this.emit('TimeScaleChanged', '', '', { scale, paused });
  }
  advance(clock) {
    const from = this.now();
    const target = minutes(clock) * 60_000;
    this.base = from + ((target - (from % kDay) + kDay) % kDay || kDay);
    this.wall = Date.now();
    for (const n of this.npcs) this.arrive(n, this.routineOf(n), true);
    this.emit('TimeAdvanced', '', '', { from_ms: String(Math.round(from)), to_ms: String(Math.round(this.base)) });
  }

  time() {
    const now = this.now();
    const day = Math.floor(now / kDay) + 1;
    const month = Math.floor((day - 1) / 30) % 8;
    return { now_ms: String(Math.round(now)), day: String(day), clock: clockOf(now), phase: phaseOf(now), season: seasons[month], scale: this.scale, paused: this.paused, year: '1', month: months[month], day_of_month: ((day - 1) % 30) + 1, weekday: weekdays[(day - 1) % 7], festival: '' };
  }
  weatherNow(region) {
    const state = this.weather[region];
    const [intensity, wind, humidity, t] = weatherOf[state] ?? weatherOf.clear;
    return { region, state, intensity, temperature_c: t + (region === 'moor' ? -4 : 0), wind_kmh: wind * (region === 'moor' ? 1.4 : 1), humidity, at_ms: String(Math.round(this.now())), pinned_until_ms: '0' };
  }
  view(n) {
    const { id, name, role, place, x, y, activity, intent, reason, mood, walking, look, tier } = n;
    return { id, name, role, place, x, y, activity, intent, reason, mood, walking, look, tier };
  }

  emit(type, subject, place, payload, { cause = '', live = false, priority = 'normal', why } = {}) {
    const sequence = live ? 0 : ++this.sequence;
    const event = { id: live ? '' : `lanternfall-${sequence}`, sequence: String(sequence), type, subject, place, at_ms: String(Math.round(this.now())), wall_ms: String(Date.now()), cause, priority, payload };
    if (!live) {
      this.events.push(event);
      if (why) this.why.set(event.id, why);
      if (this.events.length > 4000) this.events.shift();
    }
    for (const listener of this.listeners) listener(event);
    return event;
  }

  routineOf(n) {
    const now = (this.now() % kDay) / 60_000;
    return [...n.routine].reverse().find((r) => minutes(r.from) <= now) ?? n.routine[n.routine.length - 1];
  }

  path(from, to) {
    const before = new Map([[from, '']]);
    for (const here of before.keys()) {
      if (here === to) break;
      for (const p of this.places.values()) {
        if (!before.has(p.id) && (p.neighbours.includes(here) || this.places.get(here).neighbours.includes(p.id))) before.set(p.id, here);
      }
    }
    const path = [to];
    while (path[0] !== from) path.unshift(before.get(path[0]));
    return path;
  }

  depart(n, step, reason, tier, cause) {
    n.step = step;
    const path = this.path(n.place, step.place);
    const metres = path.slice(1).reduce((sum, id, i) => sum + Math.hypot(this.places.get(id).x - this.places.get(path[i]).x, this.places.get(id).y - this.places.get(path[i]).y), 0);
    const now = this.now();
    n.move = { arrives: now + (metres / 1.2) * 1000 };
    n.walking = true;
    n.reason = reason;
    n.tier = tier;
    n.intent = 'walk';
    const from = n.place;
    n.place = step.place;
    this.emit('NpcMoved', n.id, from, { npc: n.id, from, to: step.place, path, departs_ms: String(Math.round(now)), arrives_ms: String(Math.round(n.move.arrives)), reason }, { cause });
  }
  arrive(n, step, quiet = false) {
    const place = this.places.get(step.place);
    Object.assign(n, { walking: false, move: undefined, place: place.id, x: place.x, y: place.y, activity: step.activity, intent: intentOf(step), step });
    if (quiet) return;
    const e = this.emit('NpcArrived', n.id, place.id, { npc: n.id, place: place.id, activity: step.activity });
    this.emit('IntentChanged', n.id, place.id, { npc: n.id, intent: n.intent, activity: n.activity, reason: n.reason, tier: n.tier }, { cause: e.id });
  }

  decide(n, cause = '') {
    const options = ['go on as before', `look in at ${pick([...this.places.values()]).name}`, 'talk to whoever is near', 'rest a while'];
    const raw = options.map(() => Math.random() ** 2 + 0.03);
    const sum = raw.reduce((a, b) => a + b);
    const probabilities = raw.map((p) => p / sum);
    const choice = probabilities.indexOf(Math.max(...probabilities));
    const id = `d-${this.sequence}`;
    const reason = pick(['the fog makes the town small', 'somebody ought to', 'there is time before the tide', 'the lamp worries at the mind']);
    const why = {
      id, npc: n.id, kind: 'choose', tier: 'gold', model: 'qwen2.5-coder-0.5b', method: 'label logits', options, probabilities, choice, verdict: 'allowed', reason,
      prompt: `You are ${n.name}, ${n.role} of Lanternfall.\n${n.persona}\nIt is ${clockOf(this.now())}, ${this.weather.harbour} lies over the harbour.\nYou ${n.activity}.\nWhat do you do next?\nA ${options[0]}\nB ${options[1]}\nC ${options[2]}\nD ${options[3]}\nAnswer:`,
      deadline_ms: '100', deadline_met: true, queue_us: '2300', first_token_us: '41200', total_us: '41900', prompt_tokens: 212, cached_tokens: 168, new_tokens: 1, cost_microusd: '0',
      memories: n.memories.slice(0, 2).map((m) => m.id), facts: ['keeper_gone', 'light_burns'], fallbacks: [],
    };
    n.tier = 'gold';
    n.reason = reason;
    const e = this.emit('NpcDecided', n.id, n.place, { npc: n.id, choice: options[choice], reason, tier: 'gold', decision: id, options, probabilities, verdict: 'allowed' }, { why, cause });
    n.decisions.unshift({ id, at_ms: e.at_ms, kind: 'choose', text: options[choice], reason, tier: 'gold', model: why.model, event_id: e.id });
    this.emit('IntentChanged', n.id, n.place, { npc: n.id, intent: n.intent, activity: n.activity, reason, tier: 'gold' }, { cause: e.id });
    if (choice === 1) this.depart(n, { ...n.step, place: [...this.places.values()].find((p) => options[1].endsWith(p.name)).id, activity: 'looks around and says little' }, reason, 'gold', e.id);
  }

  setLamp(id, lit, cause) {
    const f = this.features.get(id);
    if (!f || f.document.lit === lit) return;
    f.document.lit = lit;
    const tobin = this.npcs.find((n) => n.id === 'tobin');
    const e = this.emit('VerbExecuted', 'tobin', f.document.place, { kind: 'npc', actor: 'tobin', action: { verb: lit ? 'light_lamp' : 'douse_lamp', args: { lamp: id } }, text: `${tobin.name} ${lit ? 'lights' : 'puts out'} ${f.document.name}`, moved_to: '', relations: [], told: [], raised: [lit ? 'LampLit' : 'LampDoused'] }, { cause });
    this.emit('EntityStateChanged', id, f.document.place, { kind: 'feature', id, version: '2', keys: ['lit'], changed: { lit } }, { cause: e.id });
  }

  tick() {
    const now = this.now();
    const minute = Math.floor(now / 60_000);
    if (minute === this.lastMinute || this.paused) return;
    this.lastMinute = minute;
    this.emit('MinuteTicked', '', '', { now_ms: String(minute * 60_000), clock: clockOf(now) }, { live: true });
    const phase = phaseOf(now);
    if (phase !== this.lastPhase) {
      const e = this.emit('PhaseChanged', '', '', { from: this.lastPhase.toUpperCase(), to: phase.toUpperCase() });
      this.lastPhase = phase;
      if (phase === 'dusk') for (const id of ['harbour_lamp', 'market_lamp', 'breakwater_lamp']) this.setLamp(id, true, e.id);
      if (phase === 'day') for (const id of ['harbour_lamp', 'market_lamp', 'breakwater_lamp', 'street_lamps', 'square_lamp', 'row_lamp', 'gate_lamp']) this.setLamp(id, false, e.id);
    }
    for (const n of this.npcs) {
      if (n.move) {
        if (n.move.arrives <= now) this.arrive(n, n.step);
        continue;
      }
      const due = this.routineOf(n);
      if (due.place !== n.place && due !== n.step) this.depart(n, due, `it is ${due.from}: time for it`, 'routine', '');
      else if (Math.random() < 0.02) this.decide(n);
    }
    if (Math.random() < 0.006) {
      const from = this.weather.harbour;
      this.setWeather('harbour', pick(['fog', 'mist', 'cloudy', 'rain', 'partly_cloudy']), from);
    }
  }

  setWeather(region, state, from = this.weather[region]) {
    this.weather[region] = state;
    const w = this.weatherNow(region);
    this.emit('WeatherChanged', region, '', { from: from.toUpperCase(), to: state.toUpperCase(), intensity: w.intensity, temperature_c: w.temperature_c, wind_kmh: w.wind_kmh, humidity: w.humidity }, { priority: 'high' });
  }

  chain(id) {
    const chain = [];
    for (let at = id; at; ) {
      const e = this.events.find((x) => x.id === at);
      if (!e) break;
      const link = { event_id: e.id, type: e.type, subject: e.subject, at_ms: e.at_ms, clock: clockOf(Number(e.at_ms)), text: e.payload.text ?? `${e.type} ${e.subject}`, payload: e.payload };
      if (this.why.has(e.id)) link.decision = this.why.get(e.id);
      if (!e.cause && e.type === 'DialogueStarted') link.input = { type: 'NpcTalkBegin', player: e.payload.player, text: e.payload.text };
      chain.push(link);
      at = e.cause;
    }
    return { chain };
  }
}

const pick = (list) => list[Math.floor(Math.random() * list.length)];
const intentOf = (step) => /sleep/.test(step.activity) ? 'rest' : /eats|drinks/.test(step.activity) ? 'eat' : 'work';
