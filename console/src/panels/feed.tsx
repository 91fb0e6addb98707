// What happens, newest first, in plain sentences.
import { computed, signal } from '@preact/signals';
import { clockText } from '../clock';
import { events, names, people, things, whyOf, world } from '../store';
import { sentence, topics, type Topic } from '../text';
import { Icon } from './icons';

const kShown = 150;
const hidden = signal<ReadonlySet<Topic>>(new Set());
const wanted = signal('');

const rows = computed(() => {
  void people.value; void things.value; void world.value; // names
  const text = wanted.value.trim().toLowerCase();
  const out = [];
  for (let i = events.value.length - 1; i >= 0 && out.length < kShown; --i) {
    const event = events.value[i]!;
    const s = sentence(event, names);
    if (hidden.value.has(s.topic)) continue;
    if (text && !`${s.text} ${s.quote ?? ''} ${s.why ?? ''} ${event.type}`.toLowerCase().includes(text)) continue;
    out.push({ event, s });
  }
  return out;
});

function toggle(topic: Topic): void {
  const next = new Set(hidden.value);
  if (!next.delete(topic)) next.add(topic);
  hidden.value = next;
}

export function Feed() {
  return (
    <section class="feed" aria-label="What happens">
      <div class="panel-head">
        <h2>What happens</h2>
        <div class="chips" role="group" aria-label="Show">
          {topics.map((t) => (
            <button key={t.id} type="button" class="chip" aria-pressed={!hidden.value.has(t.id)} onClick={() => toggle(t.id)}>
              <Icon name={t.id} />{t.label}
            </button>
          ))}
        </div>
        <input type="search" placeholder="Filter" aria-label="Filter the events" value={wanted} onInput={(e) => { wanted.value = e.currentTarget.value; }} />
      </div>
      <ol tabIndex={-1}>
        {rows.value.map(({ event, s }) => (
          <li key={event.id || `${event.type}${event.at_ms}${event.subject}`} class={`topic-${s.topic} ${event.priority}`}>
            <button type="button" disabled={!event.id} title={event.type} data-event={event.id} onClick={() => { whyOf.value = event.id; }}>
              <time>{clockText(event.at_ms)}</time><Icon name={s.topic} />
              <span><span class="what">{s.text}</span>{s.quote && <q>{s.quote}</q>}{s.why && <em>{s.why}</em>}</span>
              <span class="ask" aria-hidden="true">why?</span>
            </button>
          </li>
        ))}
        {rows.value.length === 0 && <li class="quiet none">{events.value.length === 0 ? 'Nothing has happened yet.' : 'Nothing of this kind.'}</li>}
      </ol>
    </section>
  );
}
