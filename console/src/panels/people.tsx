// Everybody: what they are doing, and why.
import { computed, signal } from '@preact/signals';
import { select, whereIs } from '../actions';
import { hueOf, initials } from '../stage/crowd';
import { me, minute, moves, names, people } from '../store';
import { capital } from '../text';
import type { Npc } from '../types';

const wanted = signal('');

const sorted = computed(() => {
  void minute.value;
  const text = wanted.value.trim().toLowerCase();
  const mine = me.peek();
  return [...people.value.values()]
    .filter((n) => !text || `${n.name} ${n.role} ${n.activity} ${names.place(n.place)}`.toLowerCase().includes(text))
    .map((npc) => {
      const at = whereIs(npc);
      return { npc, far: Number.isFinite(mine.x) ? Math.hypot(at.x - mine.x, at.y - mine.y) : 0 };
    })
    .sort((a, b) => a.npc.name.localeCompare(b.npc.name));
});

export const kHearing = 30; // metres within which somebody stands beside you

export function Tier({ tier }: { tier: string }) {
  const meaning: Record<string, string> = {
    reflex: 'Decided by rule, at once, without a model', routine: 'The usual thing at this hour', gold: 'Chosen by a fast model',
    silver: 'Spoken by a language model', bronze: 'Thought over in the background',
  };
  return tier ? <span class={`tier ${tier}`} title={meaning[tier] ?? tier}>{tier}</span> : null;
}

export function Face({ npc }: { npc: Npc }) {
  return <span class="face" style={{ '--hue': String(hueOf(npc.id)) }} aria-hidden="true">{initials(npc.name)}</span>;
}

// "mends nets · at the net loft"
export function Doing({ npc }: { npc: Npc }) {
  const move = moves.value.get(npc.id);
  const to = move ? move.path[move.path.length - 1] : npc.place;
  return <>{npc.walking ? `on the way to ${names.place(to ?? npc.place)}` : capital(npc.activity || npc.intent)}{npc.walking ? '' : <span class="quiet"> · {names.place(npc.place)}</span>}</>;
}

export function People() {
  return (
    <div class="people">
      <div class="panel-head">
        <h2>The cast <small>{people.value.size}</small></h2>
        <input type="search" placeholder="Find somebody" aria-label="Find somebody" value={wanted} onInput={(e) => { wanted.value = e.currentTarget.value; }} />
      </div>
      <ul>
        {sorted.value.map(({ npc, far }) => (
          <li key={npc.id}>
            <button type="button" data-person={npc.id} onClick={() => select(npc.id)}>
              <Face npc={npc} />
              <div>
                <p class="title"><strong>{npc.name}</strong><span class="quiet">{npc.role}</span>{far < kHearing && <span class="near">near you</span>}<Tier tier={npc.tier} /></p>
                <p><Doing npc={npc} /></p>
                {npc.reason && <p class="reason">{capital(npc.reason)}</p>}
              </div>
            </button>
          </li>
        ))}
      </ul>
      {people.value.size === 0 && <p class="empty">Nobody lives here yet.</p>}
    </div>
  );
}
