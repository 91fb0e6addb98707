// One person: head, and the two tabs.
import { useEffect } from 'preact/hooks';
import { select } from '../actions';
import { people, selected, tab } from '../store';
import { capital } from '../text';
import { Icon } from './icons';
import { MindTab } from './mind';
import { Doing, Face, Tier } from './people';
import { TalkTab } from './talk';

export function Person() {
  const npc = people.value.get(selected.value);
  useEffect(() => {
    const escape = (e: KeyboardEvent) => { if (e.key === 'Escape' && !(e.target as Element).closest?.('dialog, textarea')) select(''); };
    addEventListener('keydown', escape);
    return () => removeEventListener('keydown', escape);
  }, []);
  useEffect(() => {
    // One column: what was asked for lies below the map.
    if (matchMedia('(max-width: 860px)').matches) document.querySelector('.side')?.scrollIntoView({ block: 'start', behavior: 'smooth' });
  }, [npc?.id]);
  if (!npc) return null;
  const tabs = [['talk', 'Talk'], ['mind', 'Mind']] as const;
  return (
    <div class="person">
      <div class="person-head">
        <button type="button" class="plain" aria-label="Back to everybody" onClick={() => select('')}><Icon name="back" /></button>
        <Face npc={npc} />
        <div>
          <h2>{npc.name}</h2>
          <p class="role">{npc.role}{npc.mood && npc.mood !== 'calm' ? <span class="mood">{npc.mood}</span> : null}</p>
          <p><Doing npc={npc} /></p>
        </div>
        <Tier tier={npc.tier} />
      </div>
      {npc.reason && <p class="reason">{capital(npc.reason)}</p>}
      <div class="tabs" role="tablist">
        {tabs.map(([id, label], i) => (
          <button key={id} type="button" role="tab" id={`tab-${id}`} aria-selected={tab.value === id} aria-controls={`panel-${id}`} tabIndex={tab.value === id ? 0 : -1}
            onClick={() => { tab.value = id; }}
            onKeyDown={(e) => {
              if (e.key !== 'ArrowLeft' && e.key !== 'ArrowRight') return;
              tab.value = tabs[1 - i]![0];
              document.getElementById(`tab-${tab.value}`)?.focus();
            }}>
            <Icon name={id} />{label}
          </button>
        ))}
      </div>
      {tab.value === 'talk' ? <TalkTab key={npc.id} npc={npc} /> : <MindTab key={npc.id} npc={npc} />}
    </div>
  );
}
