// Why something happened: the chain of causes, and what a model was asked where one decided.
import { useEffect, useRef, useState } from 'preact/hooks';
import { whyOf as chainOf } from '../actions';
import { messageOf } from '../api';
import { whenText } from '../clock';
import { gameNow, names, whyOf } from '../store';
import { capital, duration, isSilent, percent, sentence, wayWords, words } from '../text';
import { num, type Decision, type Evidence, type WhyLink, type WorldEvent } from '../types';
import { Icon } from './icons';
import { Options } from './mind';
import { Tier } from './people';

export function Why() {
  const id = whyOf.value;
  const [chain, setChain] = useState<WhyLink[] | undefined>();
  const [error, setError] = useState('');
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (!id) { dialog.current?.close(); return; }
    let gone = false;
    setChain(undefined);
    setError('');
    if (!dialog.current?.open) dialog.current?.show();
    dialog.current?.querySelector<HTMLElement>('.plain')?.focus();
    chainOf(id).then((c) => { if (!gone) setChain(c); }).catch((e: unknown) => { if (!gone) setError(messageOf(e)); });
    return () => { gone = true; };
  }, [id]);
  return (
    <dialog class="why" ref={dialog} aria-labelledby="why-title" onClose={() => { whyOf.value = ''; }}
      onKeyDown={(e) => { if (e.key === 'Escape') { e.stopPropagation(); whyOf.value = ''; } }}>
      {id && (
        <>
          <div class="panel-head">
            <h2 id="why-title"><Icon name="why" />Why?</h2>
            <code>{id}</code>
            <button type="button" class="plain" aria-label="Close" onClick={() => { whyOf.value = ''; }}><Icon name="close" /></button>
          </div>
          {error && <p class="error">{error}</p>}
          {!chain && !error && <p class="quiet loading">Following the causes</p>}
          {chain && chain.length === 0 && <p class="quiet">The log does not say.</p>}
          {chain && (
            <ol class="chain">
              {chain.map((link, i) => <Link key={`${link.event_id}${i}`} link={link} first={i === 0} last={i === chain.length - 1} />)}
            </ol>
          )}
        </>
      )}
    </dialog>
  );
}

function Link({ link, first, last }: { link: WhyLink; first: boolean; last: boolean }) {
  const event: WorldEvent = {
    id: link.event_id, sequence: 0, type: link.type, subject: link.subject, place: '', at_ms: num(link.at_ms), cause: '', priority: 'normal',
    payload: link.payload ?? {},
  };
  const s = sentence(event, names);
  // The page's own sentence where it knows the type: with names instead of ids.
  const text = isSilent(event) || s.text.toLowerCase().startsWith(words(link.type)) ? capital(link.text || s.text) : s.text;
  return (
    <li class={first ? 'first' : ''}>
      <p class="because">{first ? 'This happened' : 'because'}</p>
      <div class="card">
        <p class="head"><time>{whenText(num(link.at_ms), gameNow())}</time><span class="type">{words(link.type)}</span></p>
        <p class="what">{text}</p>
        {s.quote && <blockquote>{s.quote}</blockquote>}
        {s.why && <p class="reason">{capital(s.why)}</p>}
        {link.decision && Object.keys(link.decision).length > 0 && <DecisionCard d={link.decision} />}
        {link.input && Object.keys(link.input).length > 0 && (
          <details><summary>The recorded input</summary><pre>{JSON.stringify(link.input, null, 2)}</pre></details>
        )}
        {link.payload && Object.keys(link.payload).length > 0 && (
          <details><summary>All fields of the event</summary><pre>{JSON.stringify(link.payload, null, 2)}</pre></details>
        )}
        {last && !link.decision && <p class="root">{link.input && Object.keys(link.input).length > 0 ? 'The chain begins here, with something from outside.' : 'The chain begins here.'}</p>}
      </div>
    </li>
  );
}

function DecisionCard({ d }: { d: Decision }) {
  const options = d.options ?? [];
  const cost = num(d.cost_microusd);
  return (
    <div class="decision-card">
      <p class="head"><strong>{d.kind === 'talk' ? 'A spoken answer' : 'A choice'}</strong><Tier tier={d.tier ?? ''} />{d.model && <span class="quiet">{d.model}{d.method ? `, ${d.method}` : ''}</span>}</p>
      {options.length > 0 && <Options options={options} probabilities={(d.probabilities ?? []).map((p) => num(p))} choice={num(d.choice, -1)} />}
      {d.output && options.length === 0 && <blockquote>{d.output}</blockquote>}
      {d.way && (
        <p class="verdict"><span class="quiet">Way</span> {wayWords(d.way)}
          {(d.evidence?.length ?? 0) > 0 && <span class="quiet">, from {d.evidence!.map(evidenceWords).join(', ')}</span>}</p>
      )}
      {d.heard && <p class="verdict"><span class="quiet">Heard as</span> {d.heard}</p>}
      {(d.guard?.length ?? 0) > 0 && <p class="verdict"><span class="quiet">Not said</span> {d.guard!.join('; ')}</p>}
      {d.verdict && <p class="verdict"><span class="quiet">Verdict</span> {d.verdict}</p>}
      <Timing d={d} />
      <p class="quiet counts">
        {num(d.prompt_tokens) > 0 && <span>{num(d.prompt_tokens)} tokens asked, {percent(num(d.cached_tokens) / num(d.prompt_tokens))} of them cached</span>}
        {num(d.new_tokens) > 0 && <span>{num(d.new_tokens)} made</span>}
        <span>{cost > 0 ? `${(cost / 1e6).toFixed(6)} USD` : 'no cost'}</span>
        {(d.memories?.length ?? 0) > 0 && <span>{d.memories!.length} memories used</span>}
        {(d.facts?.length ?? 0) > 0 && <span>facts: {d.facts!.map((f) => f.replace(/_/g, ' ')).join(', ')}</span>}
      </p>
      {(d.fallbacks?.length ?? 0) > 0 && <p class="fallbacks"><span class="quiet">Tried before</span> {d.fallbacks!.join('; ')}</p>}
      {d.prompt && <details><summary>The prompt</summary><pre>{d.prompt}</pre></details>}
    </div>
  );
}

const evidenceWords = (e: Evidence) => [e.kind, e.id?.replace(/_/g, ' ')].filter(Boolean).join(' ');

// Waiting, first token and the rest, against the deadline.
function Timing({ d }: { d: Decision }) {
  const total = num(d.total_us);
  if (total <= 0) return null;
  const deadline = num(d.deadline_ms) * 1000;
  const queue = Math.min(total, num(d.queue_us));
  const first = Math.max(queue, Math.min(total, num(d.first_token_us)));
  const scale = Math.max(total, deadline) || 1;
  const width = (us: number) => ({ width: `${(us / scale) * 100}%` });
  return (
    <div class="timing">
      <div class="track" role="img" aria-label={`Took ${duration(total)}${deadline > 0 ? ` of ${duration(deadline)}` : ''}`}>
        <i class="queue" style={width(queue)} /><i class="think" style={width(first - queue)} /><i class="write" style={width(total - first)} />
      </div>
      <p><span class={d.deadline_met === false ? 'bad' : 'good'}>{d.deadline_met === false ? 'late' : 'in time'}</span> {duration(total)}{deadline > 0 && <span class="quiet"> of {duration(deadline)}</span>}
        <span class="quiet"> · waited {duration(queue)}{first > queue && first < total ? ` · first word after ${duration(first)}` : ''}</span></p>
    </div>
  );
}
