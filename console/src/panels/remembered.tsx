// What somebody remembers of the player at this screen, in that player's hands: to see, and to have forgotten.
import { useEffect, useState } from 'preact/hooks';
import { forget, memoriesOfMe } from '../actions';
import { messageOf } from '../api';
import { me } from '../store';
import { type Memory, type Npc } from '../types';

const kShown = 14;

export function Remembered({ npc }: { npc: Npc }) {
  const [memories, setMemories] = useState<Memory[] | undefined>();
  const [error, setError] = useState('');
  const [sure, setSure] = useState(false);
  const player = me.value.name;
  const read = () => memoriesOfMe(npc.id).then((found) => { setMemories(found); setError(''); }, (e: unknown) => setError(messageOf(e)));
  useEffect(() => { setSure(false); void read(); }, [npc.id, player]);

  const drop = (ids: string[]) => { setSure(false); void forget(npc.id, ids).then(read, (e: unknown) => setError(messageOf(e))); };
  return (
    <section class="remembered" aria-label={`What ${npc.name} remembers of you`}>
      <h3>What {npc.name.split(' ')[0]} remembers of you <span class="quiet">{memories?.length ?? ''}</span></h3>
      {error && <p class="error">{error}</p>}
      {memories?.length === 0 && <p class="quiet">Nothing: you have not met.</p>}
      {(memories ?? []).slice(0, kShown).map((m) => (
        <p key={m.id} class="seen">
          <span>{m.text}</span>
          <button type="button" class="link-button" aria-label={`Forget: ${m.text}`} onClick={() => drop([m.id])}>forget</button>
        </p>
      ))}
      {(memories?.length ?? 0) > kShown && <p class="quiet">and {memories!.length - kShown} older ones</p>}
      {(memories?.length ?? 0) > 0 && (sure
        ? <p><button type="button" class="link-button bad" onClick={() => drop([])}>Yes, as if we had never met</button> <button type="button" class="link-button" onClick={() => setSure(false)}>no</button></p>
        : <p><button type="button" class="link-button" onClick={() => setSure(true)}>Let {npc.name.split(' ')[0]} forget me</button></p>)}
    </section>
  );
}
