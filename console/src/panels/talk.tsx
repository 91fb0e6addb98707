// Talk with somebody: the answer appears word by word, with where it came from.
import { useEffect, useRef, useState } from 'preact/hooks';
import { mindOf, say, setTyping, stopTalk } from '../actions';
import { me, names, talks, whyOf, type Line } from '../store';
import { verbText, wayWords } from '../text';
import { num, type Npc } from '../types';
import { Icon } from './icons';
import { Tier } from './people';

export function TalkTab({ npc }: { npc: Npc }) {
  const lines = talks.value.get(npc.id) ?? [];
  const list = useRef<HTMLDivElement>(null);
  const box = useRef<HTMLTextAreaElement>(null);
  const [text, setText] = useState('');
  const busy = lines[lines.length - 1]?.pending === true;

  useEffect(() => {
    if (talks.value.has(npc.id)) return;
    let gone = false;
    void mindOf(npc.id).then((mind) => {
      if (gone || talks.value.has(npc.id)) return;
      const mine = mind.conversations?.find((c) => c.with === me.value.name);
      const old = (mine?.lines ?? []).map((l): Line => ({ who: l.who === npc.id ? 'them' : 'you', text: l.text, atMs: num(l.at_ms) }));
      talks.value = new Map(talks.value).set(npc.id, old);
    }).catch(() => undefined); // who may not look into minds still may talk
    return () => { gone = true; };
  }, [npc.id]);

  useEffect(() => () => setTyping(''), [npc.id]);
  useEffect(() => { list.current?.scrollTo({ top: list.current.scrollHeight }); }, [lines]);
  useEffect(() => { if (matchMedia('(hover: hover)').matches) box.current?.focus({ preventScroll: true }); }, [npc.id]);

  const send = () => {
    const said = text.trim();
    if (said === '' || busy) return;
    setText('');
    setTyping('');
    void say(npc.id, said);
  };

  return (
    <div class="talk" role="tabpanel" id="panel-talk" aria-labelledby="tab-talk">
      <div class="lines" ref={list} role="log" aria-label={`Conversation with ${npc.name}`} aria-busy={busy}>
        {lines.length === 0 && <Opening npc={npc} onPick={(t) => { setText(t); box.current?.focus(); }} />}
        {lines.map((line, i) => <OneLine key={i} line={line} name={npc.name} />)}
      </div>
      <form onSubmit={(e) => { e.preventDefault(); send(); }}>
        <textarea ref={box} rows={2} maxLength={4000} value={text} placeholder={`Say something to ${npc.name}`} aria-label={`Say something to ${npc.name}`}
          onInput={(e) => { setText(e.currentTarget.value); setTyping(e.currentTarget.value.trim() ? npc.id : ''); }}
          onKeyDown={(e) => {
            if (e.key === 'Enter' && !e.shiftKey && !e.isComposing) { e.preventDefault(); send(); }
            if (e.key === 'Escape') { e.stopPropagation(); e.currentTarget.blur(); }
          }} />
        {busy
          ? <button type="button" class="send" aria-label="Stop the answer" title="Stop" onClick={() => stopTalk(npc.id)}><Icon name="stop" /></button>
          : <button type="submit" class="send" aria-label="Say it" title="Say it (Enter)" disabled={text.trim() === ''}><Icon name="send" /></button>}
      </form>
    </div>
  );
}

function Opening({ npc, onPick }: { npc: Npc; onPick: (text: string) => void }) {
  const ideas = ['Who are you?', 'What are you doing here?', `What is on your mind, ${npc.name.split(' ')[0]}?`];
  return (
    <div class="opening">
      {npc.look && <p>{npc.look}</p>}
      <p class="quiet">You have not spoken yet.</p>
      <div class="ideas">{ideas.map((t) => <button key={t} type="button" onClick={() => onPick(t)}>{t}</button>)}</div>
    </div>
  );
}

function OneLine({ line, name }: { line: Line; name: string }) {
  if (line.who === 'you') return <div class="line you"><p><span class="sr">You: </span>{line.text}</p></div>;
  return (
    <div class={`line them ${line.pending ? 'pending' : ''}`}>
      {line.by && <p class="meta">{names.person(line.by)} answers</p>}
      <p><span class="sr">{name}: </span>{line.text}{line.pending && (line.text ? <i class="caret" /> : <span class="dots" aria-label="is thinking"><i /><i /><i /></span>)}</p>
      {line.error && <p class="error">{line.error}</p>}
      {(line.verbs ?? []).map((v, i) => (
        <p key={i} class={`verb ${allowed(v.verdict) ? 'allowed' : 'refused'}`}>
          <strong>{allowed(v.verdict) ? 'Did' : 'Wanted to'}</strong> {verbText(v, names)} <span class="quiet">{allowed(v.verdict) ? 'the rules allowed it' : v.verdict}</span>
        </p>
      ))}
      {line.tier && (
        <p class="meta">
          <Tier tier={line.tier} />
          {line.way && <span title="How the answer came about">{wayWords(line.way)}</span>}
          {line.model && <span title="The model that spoke">{line.model}</span>}
          {line.firstMs !== undefined && line.firstMs > 0 && <span title="From your words to the first word of the answer">first word {line.firstMs} ms</span>}
          <span class={line.deadlineMet ? 'good' : 'bad'}>{line.deadlineMet ? 'in time' : 'late'}</span>
          {line.eventId && <button type="button" class="link-button" onClick={() => { whyOf.value = line.eventId!; }}>why?</button>}
        </p>
      )}
    </div>
  );
}

const allowed = (verdict: string) => verdict === '' || /^(allowed|ok|done|executed)/i.test(verdict);
