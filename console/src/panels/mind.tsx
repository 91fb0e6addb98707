// What goes on in somebody's head: goals, relations, memories, decisions, what they saw.
import { useEffect, useState } from 'preact/hooks';
import { mindOf, whyOf as chainOf } from '../actions';
import { messageOf } from '../api';
import { whenText } from '../clock';
import { events, gameNow, minute, names, whyOf } from '../store';
import { capital, percent } from '../text';
import { list, num, str, type DecisionView, type Memory, type Mind, type Npc, type Relation } from '../types';
import { Tier } from './people';
import { Remembered } from './remembered';

const kRefreshMs = 5_000;

export function MindTab({ npc }: { npc: Npc }) {
  const [mind, setMind] = useState<Mind | undefined>();
  const [error, setError] = useState('');
  useEffect(() => {
    let gone = false;
    const read = () => mindOf(npc.id).then((m) => { if (!gone) { setMind(m); setError(''); } })
      .catch((e: unknown) => { if (!gone) setError(messageOf(e)); });
    void read();
    const timer = setInterval(() => { if (!document.hidden) void read(); }, kRefreshMs);
    return () => { gone = true; clearInterval(timer); };
  }, [npc.id]);
  return (
    <div class="mind" role="tabpanel" id="panel-mind" aria-labelledby="tab-mind" tabIndex={0}>
      <Remembered npc={npc} />
      {error && <p class="error">{error}</p>}
      {mind ? <Head mind={mind} npc={npc} /> : !error && <p class="quiet loading">Looking into {npc.name}'s mind</p>}
    </div>
  );
}

function Head({ mind, npc }: { mind: Mind; npc: Npc }) {
  const decisions = [...(mind.decisions ?? [])].sort((a, b) => num(b.at_ms) - num(a.at_ms));
  const memories = [...(mind.memories ?? [])].sort((a, b) => num(b.at_ms) - num(a.at_ms));
  const perceived = [...(mind.perceived ?? [])].sort((a, b) => num(b.at_ms) - num(a.at_ms));
  const goals = [...(mind.goals ?? [])].sort((a, b) => b.priority - a.priority);
  return (
    <>
      <Section title="Decisions" count={decisions.length} none="Nothing had to be decided yet.">
        {decisions.slice(0, 8).map((d, i) => <OneDecision key={d.id} d={d} open={i === 0} />)}
      </Section>
      <Section title="Goals" count={goals.length} none="No goals.">
        {goals.map((g) => (
          <div key={g.id} class="goal"><Bar share={g.priority} label={`Priority ${percent(g.priority)}`} /><span>{g.text}</span></div>
        ))}
      </Section>
      <Section title="Feelings about others" count={mind.relations?.length ?? 0} none="Nobody matters yet.">
        {[...(mind.relations ?? [])].sort((a, b) => Math.abs(b.score) - Math.abs(a.score)).map((r) => <OneRelation key={r.to} r={r} />)}
      </Section>
      <Section title="Memories" count={memories.length} none="Nothing remembered yet.">
        {memories.slice(0, 14).map((m) => <OneMemory key={m.id} m={m} npc={npc} />)}
        {memories.length > 14 && <p class="quiet">and {memories.length - 14} older ones</p>}
      </Section>
      <Section title="Seen and heard" count={perceived.length} none="Nothing so far.">
        {perceived.slice(0, 10).map((p, i) => (
          <p key={i} class="seen">
            <time>{when(p.at_ms)}</time>
            {p.event_id ? <button type="button" class="link-button" onClick={() => { whyOf.value = p.event_id; }}>{p.text}</button> : <span>{p.text}</span>}
          </p>
        ))}
      </Section>
    </>
  );
}

const when = (ms: unknown) => { void minute.value; return whenText(num(ms), gameNow()); };

function Section({ title, count, none, children }: { title: string; count: number; none: string; children: preact.ComponentChildren }) {
  return (
    <section>
      <h3>{title}</h3>
      {count > 0 ? children : <p class="quiet">{none}</p>}
    </section>
  );
}

export function Bar({ share, label }: { share: number; label: string }) {
  const width = Math.max(0, Math.min(1, share));
  return <span class="bar" role="img" aria-label={label}><i style={{ width: `${width * 100}%` }} /></span>;
}

const kFeelings = ['trust', 'affection', 'respect', 'fear', 'anger', 'disgust'] as const;

function OneRelation({ r }: { r: Relation }) {
  const score = Math.max(-1, Math.min(1, r.score));
  return (
    <div class="relation">
      <p><strong>{capital(names.person(r.to))}</strong>
        <span class="score" role="img" aria-label={`All in all ${score.toFixed(2)} of minus one to one`}>
          <i class={score < 0 ? 'minus' : 'plus'} style={score < 0 ? { right: '50%', width: `${-score * 50}%` } : { left: '50%', width: `${score * 50}%` }} />
        </span>
      </p>
      {r.note && <p class="quiet note">{r.note}</p>}
      <div class="feelings">
        {kFeelings.filter((f) => num(r[f]) > 0.005).map((f) => (
          <span key={f} class={`feeling ${f}`}><Bar share={num(r[f])} label={`${f} ${percent(num(r[f]))}`} />{f}</span>
        ))}
      </div>
    </div>
  );
}

function OneMemory({ m, npc }: { m: Memory; npc: Npc }) {
  const others = (m.witnesses ?? []).filter((w) => w !== npc.id).map(names.person);
  return (
    <div class="memory">
      <span class="weight" title={`Importance ${percent(m.importance)}`} role="img" aria-label={`importance ${percent(m.importance)}`}>
        <i style={{ height: `${Math.max(6, m.importance * 100)}%` }} />
      </span>
      <div>
        <p>{m.text}</p>
        <p class="quiet"><span class={`source ${m.source}`}>{m.source}</span> {when(m.at_ms)}{m.place ? `, ${names.place(m.place)}` : ''}{others.length > 0 ? `, with ${others.join(', ')}` : ''}</p>
      </div>
    </div>
  );
}

// The mind's list names a decision; its options are in the event, or in the chain of causes.
function OneDecision({ d, open }: { d: DecisionView; open: boolean }) {
  const known = events.value.findLast((e) => e.type === 'NpcDecided' && (str(e.payload.decision) === d.id || e.id === d.event_id));
  const [asked, setAsked] = useState<{ options: string[]; probabilities: number[]; choice: number } | undefined>();
  const [shown, setShown] = useState(open);
  const mine = known ? {
    options: list(known.payload.options).map(String), probabilities: list(known.payload.probabilities).map((p) => num(p)),
    choice: list(known.payload.options).map(String).indexOf(str(known.payload.choice)),
  } : asked;
  useEffect(() => {
    if (!shown || mine || d.kind !== 'choose' || !d.event_id) return;
    let gone = false;
    void chainOf(d.event_id).then((chain) => {
      const found = chain.find((l) => l.decision && list(l.decision.options).length > 0)?.decision;
      if (!gone && found) setAsked({ options: found.options ?? [], probabilities: (found.probabilities ?? []).map((p) => num(p)), choice: num(found.choice, -1) });
    }).catch(() => undefined);
    return () => { gone = true; };
  }, [shown, d.event_id]);
  return (
    <details class={`decision ${d.kind}`} open={shown} onToggle={(e) => setShown(e.currentTarget.open)}>
      <summary><time>{when(d.at_ms)}</time><span>{d.kind === 'talk' ? <q>{d.text}</q> : d.text}</span><Tier tier={d.tier} /></summary>
      {d.reason && <p class="reason">{capital(d.reason)}</p>}
      {mine && mine.options.length > 1 && <Options {...mine} />}
      {d.event_id && <button type="button" class="link-button" onClick={() => { whyOf.value = d.event_id; }}>Prompt, options and causes</button>}
    </details>
  );
}

export function Options({ options, probabilities, choice }: { options: string[]; probabilities: number[]; choice: number }) {
  const rows = options.map((text, i) => ({ text, p: probabilities[i], chosen: i === choice })).sort((a, b) => (b.p ?? 0) - (a.p ?? 0));
  return (
    <ul class="options">
      {rows.slice(0, 10).map((o) => (
        <li key={o.text} class={o.chosen ? 'chosen' : ''}>
          <span>{o.text}{o.chosen && <span class="sr"> (chosen)</span>}</span>
          {o.p !== undefined && <><Bar share={o.p} label={percent(o.p)} /><b>{percent(o.p)}</b></>}
        </li>
      ))}
    </ul>
  );
}
