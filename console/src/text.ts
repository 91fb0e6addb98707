// Events and values in plain words.
import { list, num, str, type ProposedVerb, type WorldEvent } from './types';

export interface Names {
  person(id: string): string;
  place(id: string): string;   // "the harbour"
  thing(id: string): string;
  region(id: string): string;
}

export type Topic = 'talk' | 'moves' | 'mind' | 'deeds' | 'world';
export const topics: { id: Topic; label: string }[] = [
  { id: 'talk', label: 'Talk' }, { id: 'deeds', label: 'Deeds' }, { id: 'mind', label: 'Minds' },
  { id: 'moves', label: 'Ways' }, { id: 'world', label: 'World' },
];

export interface Sentence { text: string; topic: Topic; quote?: string; why?: string; who?: string }

// Too frequent, or told by another event already.
const kSilent = new Set(['MinuteTicked', 'WeatherTransitioned', 'PlayerStateChanged', 'NpcStateChanged', 'NpcExpressionChanged', 'NpcReflex']);
export const isSilent = (event: WorldEvent) => kSilent.has(event.type);

export const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);
export const plain = (text: string) => text.replace(/_/g, ' ').toLowerCase();
export const words = (type: string) => type.replace(/([a-z0-9])([A-Z])/g, '$1 $2').toLowerCase();
const mapLabel = (name: string) => capital(name.replace(/^the /i, ''));
export { mapLabel };

export function weatherText(state: string): string {
  const texts: Record<string, string> = {
    clear: 'clear', partly_cloudy: 'some cloud', cloudy: 'cloudy', rain: 'rain', heavy_rain: 'heavy rain', storm: 'storm',
    fog: 'fog', mist: 'mist', snow: 'snow', heavy_snow: 'heavy snow', blizzard: 'blizzard', windy: 'windy',
    extreme_heat: 'great heat', extreme_cold: 'bitter cold', none: 'no weather',
  };
  return texts[state.toLowerCase()] ?? plain(state);
}

const kPhase: Record<string, string> = { dawn: 'Day breaks', day: 'It is day', dusk: 'Dusk falls', night: 'Night falls' };

function changed(values: unknown): string {
  return Object.entries((values ?? {}) as Record<string, unknown>)
    .filter(([key]) => key !== 'kind' && key !== 'place')
    .map(([key, value]) => value === true ? plain(key) : value === false ? `no longer ${plain(key)}` : `${plain(key)} ${str(value, '...')}`)
    .join(', ');
}

export function sentence(event: WorldEvent, names: Names): Sentence {
  const p = event.payload;
  const npc = str(p.npc) || event.subject;
  const who = names.person(npc);
  const about = (text: string, topic: Topic, more: Partial<Sentence> = {}): Sentence => ({ text: capital(text), topic, ...more });
  const because = str(p.reason) ? { why: str(p.reason) } : {};
  switch (event.type) {
    case 'DialogueStarted':
      return about(`${names.person(str(p.player))} to ${who}`, 'talk', { quote: str(p.text), who: str(p.player) });
    case 'DialogueEnded':
      return about(`${who} to ${names.person(str(p.player))}`, 'talk', { quote: str(p.text), who: npc });
    case 'NpcMoved':
      return about(`${who} sets out for ${names.place(str(p.to))}`, 'moves', { ...because, who: npc });
    case 'NpcArrived':
      return about(`${who} reaches ${names.place(str(p.place) || event.place)}`, 'moves', { who: npc });
    case 'NpcAppeared':
      return about(`${who} is new here, at ${names.place(str(p.place) || event.place)}`, 'moves', { ...because, who: npc });
    case 'NpcLeft':
      return about(`${who} is gone for good`, 'moves', { ...because, who: npc });
    case 'IntentChanged':
      return about(`${who} ${str(p.activity) || `turns to ${plain(str(p.intent))}`}`, 'mind', { ...because, who: npc });
    case 'NpcDecided': {
      const chosen = list(p.options).map(String).indexOf(str(p.choice));
      const share = num(list(p.probabilities)[chosen], -1);
      return about(`${who} decides to ${str(p.choice)}${share >= 0 ? `, ${percent(share)} sure` : ''}`, 'mind', { ...because, who: npc });
    }
    case 'EmotionChanged':
      return about(`${who} is ${str(p.to) || 'calm'} now`, 'mind', { ...because, who: npc });
    case 'NpcReflex':
      return about(`${who}: ${plain(str(p.reflex))}${str(p.target) ? ` (${names.person(str(p.target))})` : ''}`, 'mind', { who: npc });
    case 'NpcDied':
      return about(`${who} has died at ${names.place(str(p.place))}`, 'world', { why: str(p.cause), who: npc });
    case 'RelationChanged':
      return about(`${who} feels ${plain(str(p.feeling))} of ${percent(num(p.value))} towards ${names.person(str(p.towards))}`, 'mind', { ...because, who: npc });
    case 'MemoryAdded':
      return about(`${who} will remember`, 'mind', { quote: str(p.text), who: npc });
    case 'RumourTold':
      return about(`${names.person(str(p.teller))} tells ${names.person(str(p.listener))}, who is ${percent(num(p.confidence))} sure of it`, 'mind', { quote: str(p.text), who: str(p.teller) });
    case 'TalkOverheard':
      return about(`${who} to ${names.person(str(p.to))}`, 'talk', { quote: str(p.text), who: npc });
    case 'PlayerAddressed':
      return about(`${who} to ${names.person(str(p.player))}`, 'talk', { ...because, quote: str(p.text), who: npc });
    case 'TalkJoined':
      return about(`${who} to ${names.person(str(p.player))} and ${names.person(str(p.to))}`, 'talk', { quote: str(p.text), who: npc });
    case 'MemoriesForgotten':
      return about(`${who} forgets ${names.person(str(p.player))}`, 'mind', { who: npc });
    case 'VerbExecuted':
      return about(str(p.text) || `${names.person(str(p.actor))} acts`, 'deeds', { who: str(p.actor) });
    case 'FactHeard':
      return about(`${names.person(str(p.from))} tells ${names.person(str(p.player))}`, 'deeds', { quote: str(p.text), who: str(p.from) });
    case 'VerbRefused':
      return about(`${names.person(str(p.actor))} cannot: ${str(p.message) || plain(str(p.reason))}`, 'deeds', { who: str(p.actor) });
    case 'VerbOffered':
      return about(`${names.person(str(p.actor))} asks ${names.person(str(p.player))}: ${str(p.text)}?`, 'deeds', { who: str(p.actor) });
    case 'VerbOfferEnded':
      return about(`The offer of ${names.person(str(p.actor))} to ${names.person(str(p.player))}: ${plain(str(p.how))}`, 'deeds', { who: str(p.actor) });
    case 'EntityStateChanged': {
      const change = changed(p.changed) || list(p.keys).map((k) => plain(str(k))).join(', ');
      return about(`${names.thing(str(p.id) || event.subject)}: ${change || 'changed'}`, 'world');
    }
    case 'PackChanged':
      return about(str(p.from_hash) && p.from_hash === p.to_hash ? 'the world goes on with other services' : 'the world goes on with another pack', 'world', packChanges(p) ? { why: packChanges(p) } : {});
    case 'PhaseChanged':
      return about(kPhase[str(p.to).toLowerCase()] ?? `It is ${plain(str(p.to))}`, 'world');
    case 'DayChanged':
      return about(`${str(p.weekday)}, ${num(p.day_of_month)} ${str(p.month)}: day ${num(p.day)} begins`, 'world');
    case 'SeasonChanged':
      return about(`${str(p.to)} begins`.toLowerCase(), 'world');
    case 'FestivalStarted':
      return about(`${str(p.name)} begins`, 'world', str(p.text) ? { why: str(p.text) } : {});
    case 'DayWorldActivated':
      return about('the day world wakes', 'world');
    case 'NightWorldActivated':
      return about('the night world wakes', 'world');
    case 'TimeScaleChanged':
      return about(p.paused === true ? 'time stands still' : `time runs ${num(p.scale, 1)} times as fast as yours`, 'world');
    case 'TimeAdvanced':
      return about('the clock was set forward', 'world');
    case 'WeatherChanged':
      return about(`${weatherText(str(p.to))} over ${names.region(event.subject)}, ${Math.round(num(p.temperature_c))} °C`, 'world');
    case 'WeatherSevere':
      return about(`${weatherText(str(p.state))} is coming to ${names.region(event.subject)}`, 'world');
    case 'PriceChanged':
      return about(`${plain(str(p.good))} at ${names.place(event.place)}: ${num(p.to)} instead of ${num(p.from)}`, 'world');
    case 'ShortageBegan':
      return about(`there is little ${plain(str(p.good))} left at ${names.place(event.place)}`, 'world');
    case 'ShortageEnded':
      return about(`there is enough ${plain(str(p.good))} at ${names.place(event.place)} again`, 'world');
    case 'ShockBegan':
      return about(shock(event, names), 'world', str(p.reason) ? { why: str(p.reason) } : {});
    case 'ShockEnded':
      return about(`${shock(event, names)}, which is over`, 'world');
    case 'ConflictBegan':
      return about(`${plain(str(p.faction))} and ${plain(str(p.against))} are in conflict`, 'world');
    case 'ConflictEnded':
      return about(`${plain(str(p.faction))} and ${plain(str(p.against))} are at peace`, 'world');
    case 'ConflictResolved':
      return about(resolution(p, names), 'world');
    case 'TerritoryChanged':
      return about(`${names.place(event.place || event.subject)} is held by ${plain(str(p.to))} now`, 'world');
    case 'FactionRelationChanged':
      return about(`${plain(str(p.faction))} stands at ${num(p.value).toFixed(2)} to ${plain(str(p.towards))}`, 'world', because);
    case 'FactionBetrayed':
      return about(`${plain(str(p.by))} has betrayed ${plain(str(p.faction))}`, 'world');
    case 'FactionRetaliated':
      return about(`${plain(str(p.faction))} takes revenge on ${plain(str(p.against))}`, 'world');
    case 'WorldStateChanged':
      return about(str(p.text) || `${plain(str(p.key))} is ${str(p.value)}`, 'world');
    case 'QuestStateChanged':
      return about(`quest ${plain(str(p.quest))}: ${plain(str(p.state))}`, 'world');
    default:
      return other(event, names);
  }
}

// "a disruption of lamp oil at the harbour", "a boom of everything everywhere"
function shock(event: WorldEvent, names: Names): string {
  const good = str(event.payload.good);
  const where = event.place ? `at ${names.place(event.place)}` : 'everywhere';
  return `a ${plain(str(event.payload.kind))} of ${good ? plain(good) : 'everything'} ${where}`;
}

function resolution(p: Record<string, unknown>, names: Names): string {
  const [one, other] = [plain(str(p.faction)), plain(str(p.against))];
  if (p.how === 'war') return `${one} goes to war with ${other}${str(p.place) ? ` over ${names.place(str(p.place))}` : ''}`;
  return p.how === 'ally' ? `${one} and ${other} are allies` : `${one} and ${other} have negotiated`;
}

// "npcs +eve, goods -eel": what came, went and is otherwise.
function packChanges(p: Record<string, unknown>): string {
  const parts = list(p.parts).map((one) => {
    const part = one as Record<string, unknown>;
    const signed = (key: string, sign: string) => list(part[key]).slice(0, 8).map((id) => ` ${sign}${str(id)}`).join('');
    return `${str(part.part)}${signed('added', '+')}${signed('removed', '-')}${signed('changed', '~')}`;
  });
  return parts.join(', ');
}

// A type that this page does not know: its own text if it has one, otherwise its name and whom it is about.
function other(event: WorldEvent, names: Names): Sentence {
  const p = event.payload;
  const text = str(p.text) || str(p.message);
  const actor = str(p.npc) || str(p.player) || str(p.actor);
  const subject = actor ? names.person(actor) : event.subject ? names.thing(event.subject) : '';
  const topic: Topic = actor ? 'deeds' : 'world';
  const tail = event.place && event.place !== event.subject ? ` at ${names.place(event.place)}` : '';
  return { text: capital(text || `${words(event.type)}${subject ? `: ${subject}` : ''}${tail}`), topic, ...(actor ? { who: actor } : {}) };
}

// How an answer came about (npc.Talk's `way`).
export const wayWords = (way: string) =>
  ({ written: 'their own words', grounded: 'made of the world as it is', told: 'what you told them', model: 'a model spoke', deflected: 'they do not say' })[way] ?? way;

export function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

export function duration(us: number): string {
  if (us < 1000) return `${Math.round(us)} µs`;
  if (us < 1_000_000) return `${us < 10_000 ? (us / 1000).toFixed(1) : Math.round(us / 1000)} ms`;
  return `${(us / 1_000_000).toFixed(1)} s`;
}

export function verbText(verb: ProposedVerb, names: Names): string {
  const args = Object.values(verb.args ?? {}).map((v) => names.thing(v)).join(', ');
  return `${plain(verb.verb)}${args ? ` ${args}` : ''}`;
}
