import { describe, expect, it } from 'vitest';
import { toEvent } from './frames';
import { duration, sentence, type Names } from './text';

const names: Names = {
  person: (id) => ({ marta: 'Marta Quill', nell: 'Nell', anna: 'you' })[id] ?? id,
  place: (id) => ({ inn: 'the Drowned Bell', harbour: 'the harbour' })[id] ?? id,
  thing: (id) => ({ harbour_lamp: 'the harbour lamp' })[id] ?? id,
  region: (id) => `the ${id}`,
};
const of = (type: string, payload: Record<string, unknown>, subject = '', place = '') =>
  sentence(toEvent({ id: 'w-1', sequence: '1', type, subject, place, at_ms: '0', payload }), names);

describe('sentence', () => {
  it.each([
    ['NpcMoved', { npc: 'marta', to: 'inn', reason: 'it is noon' }, 'Marta Quill sets out for the Drowned Bell', 'moves'],
    ['NpcArrived', { npc: 'marta', place: 'inn' }, 'Marta Quill reaches the Drowned Bell', 'moves'],
    ['NpcAppeared', { npc: 'eve', place: 'inn' }, 'Eve is new here, at the Drowned Bell', 'moves'],
    ['NpcLeft', { npc: 'marta', place: 'inn', left_behind: 'left_by_marta' }, 'Marta Quill is gone for good', 'moves'],
    ['IntentChanged', { npc: 'marta', activity: 'mends nets' }, 'Marta Quill mends nets', 'mind'],
    ['IntentChanged', { npc: 'marta', intent: 'WORK' }, 'Marta Quill turns to work', 'mind'],
    ['NpcDecided', { npc: 'marta', choice: 'wait', options: ['go', 'wait'], probabilities: [0.25, 0.75] }, 'Marta Quill decides to wait, 75 % sure', 'mind'],
    ['NpcDecided', { npc: 'marta', choice: 'wait' }, 'Marta Quill decides to wait', 'mind'],
    ['DialogueStarted', { npc: 'marta', player: 'anna', text: 'Hello' }, 'You to Marta Quill', 'talk'],
    ['DialogueEnded', { npc: 'marta', player: 'anna', text: 'Mind the net.' }, 'Marta Quill to you', 'talk'],
    ['FactHeard', { player: 'anna', from: 'marta', text: 'The wreck was no accident.' }, 'Marta Quill tells you', 'deeds'],
    ['VerbExecuted', { actor: 'tobin', text: 'Tobin lights the harbour lamp' }, 'Tobin lights the harbour lamp', 'deeds'],
    ['VerbRefused', { actor: 'marta', reason: 'verb.precondition', message: 'there is no oil' }, 'Marta Quill cannot: there is no oil', 'deeds'],
    ['VerbOffered', { offer: 'o-7', kind: 'npc', actor: 'marta', player: 'anna', text: 'sell twine to anna' }, 'Marta Quill asks you: sell twine to anna?', 'deeds'],
    ['VerbOfferEnded', { offer: 'o-7', how: 'declined', player: 'anna', kind: 'npc', actor: 'marta' }, 'The offer of Marta Quill to you: declined', 'deeds'],
    ['EntityStateChanged', { id: 'harbour_lamp', keys: ['lit', 'oil'], changed: { lit: true, oil: 5 } }, 'The harbour lamp: lit, oil 5', 'world'],
    ['EntityStateChanged', { id: 'harbour_lamp', keys: ['lit'], changed: { lit: false } }, 'The harbour lamp: no longer lit', 'world'],
    ['NpcReflex', { npc: 'marta', reflex: 'flee', target: 'anna' }, 'Marta Quill: flee (you)', 'mind'],
    ['NpcDied', { npc: 'marta', place: 'inn', cause: 'a fall' }, 'Marta Quill has died at the Drowned Bell', 'world'],
    ['RumourTold', { teller: 'nell', listener: 'marta', text: 'The oil is thin.', confidence: 0.5 }, 'Nell tells Marta Quill, who is 50 % sure of it', 'mind'],
    ['TalkOverheard', { npc: 'marta', to: 'nell', text: 'The oil is thin.' }, 'Marta Quill to Nell', 'talk'],
    ['PlayerAddressed', { npc: 'marta', player: 'anna', text: 'Have you heard?' }, 'Marta Quill to you', 'talk'],
    ['TalkJoined', { npc: 'nell', player: 'anna', to: 'marta', text: 'I saw it too.' }, 'Nell to you and Marta Quill', 'talk'],
    ['MemoriesForgotten', { npc: 'marta', player: 'anna', count: '3' }, 'Marta Quill forgets you', 'mind'],
    ['PhaseChanged', { from: 'DAY', to: 'DUSK' }, 'Dusk falls', 'world'],
    ['SeasonChanged', { to: 'WINTER' }, 'Winter begins', 'world'],
    ['TimeScaleChanged', { scale: 60, paused: true }, 'Time stands still', 'world'],
    ['DayChanged', { day: '2', month: 'Fogfall', day_of_month: 2, weekday: 'Netday' }, 'Netday, 2 Fogfall: day 2 begins', 'world'],
    ['ConflictBegan', { faction: 'harbour_office', against: 'night_boats' }, 'Harbour office and night boats are in conflict', 'world'],
    ['ConflictEnded', { faction: 'harbour_office', against: 'night_boats' }, 'Harbour office and night boats are at peace', 'world'],
    ['ConflictResolved', { faction: 'a', against: 'b', how: 'war', place: 'harbour' }, 'A goes to war with b over the harbour', 'world'],
    ['ConflictResolved', { faction: 'a', against: 'b', how: 'ally' }, 'A and b are allies', 'world'],
    ['ConflictResolved', { faction: 'a', against: 'b', how: 'negotiate' }, 'A and b have negotiated', 'world'],
    ['FactionRelationChanged', { faction: 'a', towards: 'b', value: -0.55, reason: 'war' }, 'A stands at -0.55 to b', 'world'],
    ['FactionBetrayed', { faction: 'a', by: 'b' }, 'B has betrayed a', 'world'],
    ['FactionRetaliated', { faction: 'a', against: 'b' }, 'A takes revenge on b', 'world'],
    ['ShockBegan', { kind: 'boom' }, 'A boom of everything everywhere', 'world'],
  ])('%s %j', (type, payload, text, topic) => {
    expect(of(type, payload)).toMatchObject({ text, topic });
  });

  it.each([
    ['PriceChanged', { good: 'lamp_oil', from: '48', to: '60' }, 'Lamp oil at the harbour: 60 instead of 48'],
    ['ShortageBegan', { good: 'lamp_oil' }, 'There is little lamp oil left at the harbour'],
    ['ShortageEnded', { good: 'lamp_oil' }, 'There is enough lamp oil at the harbour again'],
    ['ShockBegan', { kind: 'disruption', good: 'lamp_oil' }, 'A disruption of lamp oil at the harbour'],
    ['ShockEnded', { kind: 'disruption', good: 'lamp_oil' }, 'A disruption of lamp oil at the harbour, which is over'],
    ['TerritoryChanged', { from: 'a', to: 'night_boats' }, 'The harbour is held by night boats now'],
  ])('%s says where', (type, payload, text) => {
    expect(of(type, payload, 'lamp_oil', 'harbour').text).toBe(text);
  });

  it('tells what is otherwise in a pack', () => {
    const parts = [{ part: 'npcs', added: ['eve'] }, { part: 'goods', removed: ['eel'], changed: ['rope'] }];
    expect(of('PackChanged', { parts })).toMatchObject({ text: 'The world goes on with another pack', why: 'npcs +eve, goods -eel ~rope' });
    expect(of('PackChanged', { from_hash: 'a', to_hash: 'a', parts: [{ part: 'services', removed: ['weather'] }] })).toMatchObject({
      text: 'The world goes on with other services',
      why: 'services -weather',
    });
  });

  it('names the region of the weather', () => {
    expect(of('WeatherChanged', { to: 'HEAVY_RAIN', temperature_c: 7.6 }, 'harbour').text).toBe('Heavy rain over the harbour, 8 °C');
  });

  it('says something of types it does not know', () => {
    expect(of('BellRung', {}, 'harbour_lamp', 'inn')).toMatchObject({ text: 'Bell rung: the harbour lamp at the Drowned Bell', topic: 'world' });
    expect(of('GiftGiven', { actor: 'marta' })).toMatchObject({ text: 'Gift given: Marta Quill', topic: 'deeds' });
    expect(of('Oddity', { text: 'a gull laughs' }).text).toBe('A gull laughs');
    expect(of('', {}).text).toBe('');
  });
});

describe('toEvent', () => {
  it('reads both forms', () => {
    const view = toEvent({ id: 'w-5', sequence: '5', type: 'PhaseChanged', subject: '', place: '', at_ms: '9', cause: 'w-4', priority: 'high', payload: { to: 'DAY' } });
    const frame = toEvent({ envelope: { world: 'w', sequence: '5', type: 'PhaseChanged', game_ms: '9', cause: '4', priority: 'PRIORITY_HIGH' }, json: { to: 'DAY' }, coalesced: 0 });
    expect(frame).toEqual(view);
  });
});

it.each([[0, '0 µs'], [999, '999 µs'], [2300, '2.3 ms'], [41_900, '42 ms'], [1_640_000, '1.6 s']])('duration %i', (us, text) => expect(duration(us)).toBe(text));
