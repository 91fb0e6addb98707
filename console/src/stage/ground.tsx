// The drawn map: water, land, streets, houses, places, lamps and names.
import { useMemo } from 'preact/hooks';
import { litPlaces, people, things, world } from '../store';
import { mapLabel } from '../text';
import { toPath, type Point } from './geometry';
import { placeLabels, type Spot } from './labels';
import { hashText } from './random';
import { reach, Symbol } from './symbols';
import { makeTerrain, type Terrain } from './terrain';
import { isMole, isShore, type Town } from './town';
import { fromScreen, toScreen, view, viewBox } from './view';

export function useTerrain(town: Town): Terrain {
  const w = world.value!;
  return useMemo(() => makeTerrain(town, hashText(`${w.name}:${w.seed}`)), [town]);
}

export function Ground({ town, terrain }: { town: Town; terrain: Terrain }) {
  return (
    <svg class="ground" viewBox={viewBox(view.value)} aria-hidden="true">
      <Still town={town} terrain={terrain} />
      <Lamps town={town} />
    </svg>
  );
}

// What never changes: drawn once.
function Still({ town, terrain }: { town: Town; terrain: Terrain }) {
  const sea = useMemo(() => seaSide(town), [town]);
  return useMemo(() => {
    const { area } = terrain;
    const of = (ground: string) => town.streets.filter((s) => s.ground === ground).map((s) => toPath(s.line)).join('');
    return (
      <>
        <defs>
          <radialGradient id="glow">
            <stop class="glow0" offset="0" /><stop class="glow1" offset=".35" /><stop class="glow2" offset="1" />
          </radialGradient>
          <radialGradient id="deep" cx=".5" cy=".35" r=".75">
            <stop class="sea0" offset=".3" /><stop class="sea1" offset="1" />
          </radialGradient>
        </defs>
        <rect class="sea" x={area.x} y={area.y} width={area.w} height={area.h} fill="url(#deep)" />
        {terrain.waterlines.map((d, i) => <path key={i} class="waterline" d={d} opacity={0.75 - i * 0.115} />)}
        <g class="soundings">
          {terrain.soundings.map((s, i) => <text key={i} x={s.x} y={s.y}>{s.depth}</text>)}
        </g>
        <path class="mole" d={of('mole')} />
        <path class="mole-top" d={of('mole')} />
        <path class="land" d={terrain.land} fill-rule="evenodd" />
        <path class="mole-joint" d={of('mole')} />
        {terrain.relief.map((d, i) => <path key={i} class="relief" d={d} />)}
        <path class="tufts" d={terrain.tufts} />
        <path class="way" d={of('path')} />
        <path class="street-rim" d={of('street')} />
        <path class="street" d={of('street')} />
        <path class="houses" d={terrain.houses} />
        <g>
          {terrain.trees.map((p, i) => (
            <g key={i} transform={`translate(${p.x.toFixed(1)} ${p.y.toFixed(1)})`}>
              <circle class="tree" r={2.6 + (i % 4) * 0.45} /><path class="leaf" d="M-1.200 .6q1.200 1.200 2.400 -.3" />
            </g>
          ))}
        </g>
        <Rose at={terrain.rose} />
        {[...town.places.values()].map((p) => {
          const at = town.at.get(p.id)!;
          return (
            <g key={p.id} class={`place ${p.indoors ? 'indoors' : 'outdoors'}`} data-place={p.id} transform={`translate(${at.x.toFixed(1)} ${at.y.toFixed(1)})`}>
              <Symbol place={p} sea={sea} />
            </g>
          );
        })}
      </>
    );
  }, [town, terrain]);
}

function seaSide(town: Town): Point | undefined {
  let x = 0;
  let y = 0;
  for (const [id, p] of town.at) {
    const place = town.places.get(id)!;
    const sign = isShore(place) || isMole(place) ? 1 : -1;
    const n = sign > 0 ? [...town.places.values()].filter(isShore).length : [...town.places.values()].filter((q) => !isShore(q)).length;
    x += (sign * p.x) / (n || 1);
    y += (sign * p.y) / (n || 1);
  }
  const d = Math.hypot(x, y);
  return d > 0 ? { x: x / d, y: y / d } : undefined;
}

function Rose({ at }: { at: Point }) {
  return (
    <g class="rose" transform={`translate(${at.x} ${at.y})`}>
      <circle r="17" /><circle r="15" />
      <path class="rose-dark" d="M0 -24L3.500 -3.500L0 0ZM24 0L3.500 3.500L0 0ZM0 24L-3.500 3.500L0 0ZM-24 0L-3.500 -3.500L0 0Z" />
      <path class="rose-light" d="M0 -24L-3.500 -3.500L0 0ZM24 0L3.500 -3.500L0 0ZM0 24L3.500 3.500L0 0ZM-24 0L-3.500 3.500L0 0Z" />
      <path d="M-9 -9L-5 -5M9 -9L5 -5M-9 9L-5 5M9 9L5 5" />
      <text y="-27">N</text>
    </g>
  );
}

// Lamps that burn, and houses with somebody awake in them.
function Lamps({ town }: { town: Town }) {
  const inside = new Set([...people.value.values()].filter((n) => !n.walking && !/sleep|rest/.test(n.intent)).map((n) => n.place));
  const spots = [...things.value.values()].filter((t) => t.lit !== undefined && town.at.has(t.place));
  return (
    <>
      <g class="windows">
        {[...town.places.values()].filter((p) => p.indoors && (inside.has(p.id) || litPlaces.value.has(p.id))).map((p) => {
          const at = town.at.get(p.id)!;
          return (
            <g key={p.id} transform={`translate(${at.x} ${at.y})`}>
              <circle class="glow" r="26" /><path class="window" d="M-6 -3h3v3h-3zM-1 -3h3v3h-3zM4 -3h3v3h-3z" />
            </g>
          );
        })}
      </g>
      {spots.map((t) => {
        const at = town.at.get(t.place)!;
        const tower = /tower|lighthouse/.test(town.places.get(t.place)!.kind);
        const angle = (hashText(t.id) % 628) / 100;
        const r = tower ? 0 : reach(town.places.get(t.place)!) + 2;
        const big = tower ? 62 : /hearth|fire/.test(t.kind) ? 30 : 40;
        return (
          <g key={t.id} class={t.lit ? 'lamp lit' : 'lamp'} transform={`translate(${at.x + Math.cos(angle) * r} ${at.y + Math.sin(angle) * r})`}>
            <circle class="glow" r={big} /><circle class="flame" r={tower ? 3.6 : 2.1} />
          </g>
        );
      })}
    </>
  );
}

// Over the weather, so that they can be read in fog.
export function Names({ town, terrain }: { town: Town; terrain: Terrain }) {
  const v = view.value;
  const size = Math.max(10.5, Math.min(15, 9 + v.k * 2.2));
  const spots = useMemo<Spot[]>(() => {
    const wishes = [...town.places.values()].map((p) => {
      const at = toScreen(v, town.at.get(p.id)!);
      const text = mapLabel(p.name);
      return { id: p.id, x: at.x, y: at.y, width: text.length * size * 0.5 + 4, height: size * 1.15, radius: reach(p) * v.k, weight: (p.indoors ? 1 : 2) + p.neighbours.length };
    });
    // The drawing of each place, and the room in front of it where people stand.
    const obstacles = wishes.flatMap((w) => [
      { x: w.x - w.radius * 0.9, y: w.y - w.radius * 0.8, w: w.radius * 1.8, h: w.radius * 1.6 }, { x: w.x - 42, y: w.y + w.radius * 0.5, w: 84, h: 46 },
    ]);
    const t = toScreen(v, terrain.title);
    obstacles.push({ x: t.x - 75 * v.k, y: t.y - 18 * v.k, w: 150 * v.k, h: 36 * v.k });
    // Kept in map units, so that names stay with their places while the map is dragged.
    return placeLabels(wishes, obstacles, { x: 8, y: 8, w: v.w - 16, h: v.h - 16 }).map((s) => ({ ...s, ...fromScreen(v, s) }));
  }, [town, v.k, v.w, v.h, v.fit]);
  return (
    <svg class="names" viewBox={viewBox(v)} aria-hidden="true">
      <g class="title" transform={`translate(${terrain.title.x} ${terrain.title.y})`}>
        <text y="2">{world.value?.title || world.value?.name}</text>
        <path d="M-62 11H-8M8 11H62M-4 11L0 8L4 11L0 14Z" />
      </g>
      {spots.map((s) => {
        const p = town.places.get(s.id)!;
        return (
          <text key={s.id} class={p.indoors ? 'name indoors' : 'name'} text-anchor={s.anchor} font-size={size / v.k}
            x={s.x} y={s.y + (size * 0.33) / v.k}>
            {mapLabel(p.name)}
          </text>
        );
      })}
    </svg>
  );
}
