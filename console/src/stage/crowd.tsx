// The people on the map: buttons that walk. Their positions are set for each frame, past the usual rendering.
import { useEffect, useRef } from 'preact/hooks';
import { playerLine, select, stepPlayer } from '../actions';
import { bubbles, gameNow, me, moves, names, people, pulses, selected } from '../store';
import { capital } from '../text';
import type { Npc } from '../types';
import { along, rest, toPath, type Point } from './geometry';
import { hashText } from './random';
import { reach } from './symbols';
import { nearestPlace, progress, routeLine, type Town } from './town';
import { toScreen, view, viewBox } from './view';

export const hueOf = (id: string) => hashText(id) % 360;
export const initials = (name: string) => name.split(/\s+/).filter((w) => /^[A-Z]/.test(w)).slice(0, 2).map((w) => w[0]).join('') || name.slice(0, 1).toUpperCase();

// What stands under somebody on the map: the name they are called by.
const called = (npc: Npc) => (npc.name.toLowerCase().includes(npc.id) ? capital(npc.id) : npc.name.split(' ')[0]);

const kStep = 44; // pixels between two who stand side by side
const kMe = ' me';

// Where everybody is on the screen now. Those who stand at one place line up in front of it.
function targets(town: Town, now: number): Map<string, Point> {
  const v = view.value;
  const out = new Map<string, Point>();
  const standing = new Map<string, Npc[]>();
  for (const npc of people.value.values()) {
    const move = moves.value.get(npc.id);
    if (move && now < move.arrivesMs) {
      const line = routeLine(town, move.path);
      if (line.length > 1) {
        out.set(npc.id, toScreen(v, along(line, progress(move, now))));
        continue;
      }
    }
    const at = town.toMap({ x: npc.x, y: npc.y });
    const place = nearestPlace(town, at);
    const near = town.at.get(place)!;
    if (npc.walking && Math.hypot(near.x - at.x, near.y - at.y) > 8) out.set(npc.id, toScreen(v, at));
    else standing.set(place, [...(standing.get(place) ?? []), npc]);
  }
  const resting: Point[] = [];
  for (const [place, group] of standing) {
    const at = toScreen(v, town.at.get(place)!);
    const below = reach(town.places.get(place)!) * v.k * 0.55 + 13;
    const columns = group.length <= 3 ? group.length : Math.ceil(group.length / Math.ceil(group.length / 4));
    group.forEach((npc, i) => {
      const row = Math.floor(i / columns);
      const inRow = Math.min(columns, group.length - row * columns);
      const column = i - row * columns - (inRow - 1) / 2;
      const p = { x: at.x + column * kStep, y: at.y + below + row * 40 + Math.abs(column) * 3 };
      out.set(npc.id, p);
      resting.push(p);
    });
  }
  const mine = town.toMap(me.value);
  const player = Number.isFinite(mine.x) ? toScreen(v, mine) : undefined;
  if (player) out.set(kMe, player);
  makeRoom(resting, player);
  return out;
}

// Those who stand still step aside, so that nobody hides somebody else's face or name.
function makeRoom(resting: Point[], player: Point | undefined): void {
  for (let pass = 0; pass < 8; ++pass) {
    for (let i = 0; i < resting.length; ++i) {
      const a = resting[i]!;
      for (let j = player ? -1 : 0; j < i; ++j) {
        const b = j < 0 ? player! : resting[j]!;
        const dx = a.x - b.x;
        const dy = a.y - b.y;
        const inX = kStep - Math.abs(dx);
        const inY = 39 - Math.abs(dy);
        if (inX <= 0 || inY <= 0) continue;
        const share = j < 0 ? 1 : 0.5;
        if (inX <= inY) {
          const by = (dx < 0 ? -1 : 1) * inX * share;
          a.x += by;
          if (j >= 0) b.x -= by;
        } else {
          const by = (dy < 0 ? -1 : 1) * inY * share;
          a.y += by;
          if (j >= 0) b.y -= by;
        }
      }
    }
  }
}

export function Crowd({ town, still, onFrame }: { town: Town; still: boolean; onFrame: (seconds: number) => void }) {
  const nodes = useRef(new Map<string, HTMLElement>());
  const ways = useRef<SVGSVGElement>(null);
  const shown = useRef(new Map<string, Point>());

  useEffect(() => {
    let stop = 0;
    let before = performance.now();
    let count = 0;
    let last = view.value;
    const frame = (wall: number) => {
      stop = requestAnimationFrame(frame);
      const seconds = Math.min(0.1, (wall - before) / 1000);
      before = wall;
      stepPlayer();
      const moved = last !== view.value; // the map was dragged: nobody glides, all stay where they are on it
      last = view.value;
      const now = gameNow();
      for (const [id, target] of targets(town, now)) {
        const was = shown.current.get(id);
        const ease = still || moved || !was || id === kMe ? 1 : 1 - Math.exp(-seconds * 7);
        const p = was ? { x: was.x + (target.x - was.x) * ease, y: was.y + (target.y - was.y) * ease } : target;
        shown.current.set(id, p);
        const place = (node: HTMLElement | undefined) => {
          if (node) node.style.transform = `translate(${p.x.toFixed(1)}px,${p.y.toFixed(1)}px)`;
        };
        place(nodes.current.get(id));
        place(nodes.current.get(`bubble ${id}`));
      }
      if (++count % 10 === 0 && ways.current) drawWays(ways.current, town, now);
      onFrame(seconds);
    };
    stop = requestAnimationFrame(frame);
    return () => cancelAnimationFrame(stop);
  }, [town, still, onFrame]);

  const keep = (id: string) => (node: HTMLElement | null) => {
    if (node) nodes.current.set(id, node);
    else nodes.current.delete(id);
  };
  const wall = performance.now();
  return (
    <>
      <svg class="ways" ref={ways} viewBox={viewBox(view.value)} aria-hidden="true"><path class="others" /><path class="chosen" /><path class="mine" /></svg>
      <div class="crowd">
        {[...people.value.values()].map((npc) => {
          const pulse = pulses.value.get(npc.id);
          const thinking = pulse && wall - pulse.wall < 4_000;
          return (
            <button key={npc.id} type="button" ref={keep(npc.id)} data-npc={npc.id}
              class={`token ${selected.value === npc.id ? 'selected' : ''} ${npc.walking ? 'walking' : ''} tier-${npc.tier || 'reflex'}`}
              aria-pressed={selected.value === npc.id} title={npc.activity ? `${npc.name} ${npc.activity}` : npc.name}
              aria-label={`${npc.name}, ${npc.role}: ${npc.activity || npc.intent}, ${names.place(npc.place)}`}
              onClick={(e) => { e.stopPropagation(); select(selected.value === npc.id ? '' : npc.id); }}>
              {thinking && <i key={pulse.wall} class="pulse" />}
              <span class="disc" style={{ '--hue': String(hueOf(npc.id)) }}>{initials(npc.name)}</span>
              <span class="tag">{called(npc)}</span>
            </button>
          );
        })}
        <div class="token me" ref={keep(kMe)} aria-hidden="true">
          <span class="disc"><svg viewBox="0 0 20 20"><path d="M7 3h6M6.500 6h7l1 9h-9zM10 8.500c1.500 1.700 1.500 3.200 0 4.600c-1.500-1.400-1.500-2.900 0-4.600z" /></svg></span>
          <span class="tag">{me.value.name}</span>
        </div>
        {[...bubbles.value.values()].map((b) => (
          <div key={b.npc} class={`bubble ${b.streaming ? 'streaming' : ''}`} ref={keep(`bubble ${b.npc}`)} aria-hidden="true">
            <p>{short(capital(b.text))}</p>
          </div>
        ))}
      </div>
    </>
  );
}

function short(text: string): string {
  return text.length <= 130 ? text : `${text.slice(0, 126).replace(/\s+\S*$/, '')} ...`;
}

function drawWays(svg: SVGSVGElement, town: Town, now: number): void {
  const [others, chosen, mine] = svg.querySelectorAll('path');
  let all = '';
  let one = '';
  for (const move of moves.value.values()) {
    const t = progress(move, now);
    if (t >= 1) continue;
    const d = toPath(rest(routeLine(town, move.path), t));
    if (move.npc === selected.value) one += d;
    else all += d;
  }
  others?.setAttribute('d', all);
  chosen?.setAttribute('d', one);
  const line = playerLine();
  const end = line?.[line.length - 1];
  mine?.setAttribute('d', end ? `${toPath([town.toMap(me.value), town.toMap(end)])}` : '');
}
