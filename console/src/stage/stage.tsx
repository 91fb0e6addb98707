// The living stage: the map, the weather over it and the people on it.
import { useSignalEffect } from '@preact/signals';
import { useCallback, useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { walkTo } from '../actions';
import { hourOf } from '../clock';
import { Icon } from '../panels/icons';
import { litPlaces, minute, names, things, time, town as townOf, weather, world } from '../store';
import { capital, weatherText } from '../text';
import { Crowd } from './crowd';
import { Ground, Names, useTerrain } from './ground';
import { coloursAt, isDark, lightAt } from './palette';
import { mood, RegionMap, Sky } from './sky';
import type { Town } from './town';
import { fit, fromScreen, pan, resize, view, zoom } from './view';

const kFrameMs = 33; // of the canvas

export function Stage() {
  const town = townOf.value;
  return town ? <Map_ town={town} /> : <section class="stage empty" aria-label="Map" />;
}

export function useStill(): boolean {
  const query = useMemo(() => matchMedia('(prefers-reduced-motion: reduce)'), []);
  const [still, setStill] = useState(query.matches);
  useEffect(() => {
    const change = () => setStill(query.matches);
    query.addEventListener('change', change);
    return () => query.removeEventListener('change', change);
  }, [query]);
  return still;
}

function Map_({ town }: { town: Town }) {
  const stage = useRef<HTMLElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const still = useStill();
  const sky = useMemo(() => new Sky(new RegionMap(town)), [town]);
  const terrain = useTerrain(town);
  const due = useRef(0);
  const pace = useRef(16); // milliseconds a frame, on average

  useEffect(() => {
    const node = stage.current!;
    const measure = () => {
      const { width, height } = node.getBoundingClientRect();
      if (width === 0 || height === 0) return;
      resize(town, width, height);
      const dense = Math.min(1.5, devicePixelRatio || 1);
      canvas.current!.width = Math.round(width * dense);
      canvas.current!.height = Math.round(height * dense);
    };
    const watch = new ResizeObserver(measure);
    watch.observe(node);
    measure();
    return () => watch.disconnect();
  }, [town]);

  const painted = useRef({ step: -1, sky: weather.peek(), wall: 0 });
  useSignalEffect(() => {
    // New colours mean a new drawing of everything: only where they would differ, and not in each second.
    const step = Math.floor(minute.value / 6) % 240;
    const last = painted.current;
    const now = performance.now();
    if (last.sky === weather.value && (last.step === step || now - last.wall < 1_500)) return;
    painted.current = { step, sky: weather.value, wall: now };
    const hour = step / 10;
    const { grey, white } = mood(weather.value);
    const winter = time.value?.season === 'winter' ? 0.35 : 0;
    const style = stage.current?.style;
    for (const [tone, colour] of Object.entries(coloursAt(hour, grey, Math.max(white, winter)))) style?.setProperty(`--${tone}`, colour);
    style?.setProperty('--dark', String(Math.round((1 - lightAt(hour)) * 100) / 100));
    document.documentElement.dataset.theme = isDark(hour) ? 'dark' : 'light';
  });

  const onFrame = useCallback((seconds: number) => {
    due.current += seconds;
    pace.current += (seconds * 1000 - pace.current) * 0.05;
    // On a machine that cannot keep up, the weather slows down before the people do.
    const wait = still ? 900 : pace.current > 40 ? pace.current * 3 : kFrameMs;
    if (due.current * 1000 < wait || !canvas.current) return;
    const tower = [...litPlaces.peek().keys()].find((id) => /tower|lighthouse/.test(town.places.get(id)?.kind ?? ''));
    sky.draw(canvas.current, {
      view: view.peek(), weather: weather.peek(), light: lightAt(hourOf(minute.peek() * 60_000)),
      beam: tower ? town.at.get(tower) : undefined, still,
    }, due.current);
    due.current = 0;
  }, [town, sky, still]);

  const drag = useRef<{ x: number; y: number; id: number; far: boolean } | undefined>(undefined);
  const point = (e: MouseEvent) => {
    const box = stage.current!.getBoundingClientRect();
    return { x: e.clientX - box.left, y: e.clientY - box.top };
  };
  const [tip, setTip] = useState<{ id: string; x: number; y: number } | undefined>();

  return (
    <section class="stage" ref={stage} tabIndex={0}
      aria-label={`Map of ${world.value?.title || 'the world'}. Arrow keys move it, plus and minus zoom, 0 shows all of it.`}
      onWheel={(e) => { e.preventDefault(); zoom(town, Math.exp(-e.deltaY * 0.0016), point(e)); }}
      onPointerDown={(e) => {
        if (e.button !== 0 || (e.target as Element).closest('button')) return;
        drag.current = { ...point(e), id: e.pointerId, far: false };
      }}
      onPointerMove={(e) => {
        const d = drag.current;
        if (d && d.id === e.pointerId) {
          const p = point(e);
          if (!d.far && Math.hypot(p.x - d.x, p.y - d.y) < 5) return;
          if (!d.far) stage.current?.setPointerCapture(e.pointerId);
          pan(town, p.x - d.x, p.y - d.y);
          drag.current = { ...p, id: d.id, far: true };
          return;
        }
        if (e.pointerType === 'mouse') setTip(placeUnder(town, point(e), tip));
      }}
      onPointerUp={(e) => {
        const d = drag.current;
        drag.current = undefined;
        if (d && !d.far && d.id === e.pointerId) walkTo(town.toWorld(fromScreen(view.value, point(e))));
      }}
      onPointerCancel={() => { drag.current = undefined; }}
      onPointerLeave={() => setTip(undefined)}
      onKeyDown={(e) => {
        if (e.target !== stage.current) return;
        const step = 60;
        const moves: Record<string, () => void> = {
          ArrowLeft: () => pan(town, step, 0), ArrowRight: () => pan(town, -step, 0), ArrowUp: () => pan(town, 0, step), ArrowDown: () => pan(town, 0, -step),
          '+': () => zoom(town, 1.25), '=': () => zoom(town, 1.25), '-': () => zoom(town, 0.8), 0: () => fit(town),
        };
        const move = moves[e.key];
        if (move) { e.preventDefault(); move(); }
      }}>
      <Ground town={town} terrain={terrain} />
      <canvas class="sky" ref={canvas} aria-hidden="true" />
      <Names town={town} terrain={terrain} />
      <Crowd town={town} still={still} onFrame={onFrame} />
      {tip && <Tip id={tip.id} x={tip.x} y={tip.y} />}
      <div class="zoom" role="group" aria-label="Zoom">
        <button type="button" aria-label="Larger" onClick={() => zoom(town, 1.35)}><Icon name="plus" /></button>
        <button type="button" aria-label="Smaller" onClick={() => zoom(town, 0.74)}><Icon name="minus" /></button>
        <button type="button" aria-label="The whole map" onClick={() => fit(town)}><Icon name="fit" /></button>
      </div>
      <p class="hint">Click the map to walk</p>
    </section>
  );
}

function placeUnder(town: Town, at: { x: number; y: number }, before: { id: string; x: number; y: number } | undefined) {
  const p = fromScreen(view.value, at);
  for (const [id, q] of town.at) {
    if (Math.hypot(p.x - q.x, p.y - q.y) < 15) return before?.id === id ? before : { id, x: at.x, y: at.y };
  }
  return undefined;
}

function Tip({ id, x, y }: { id: string; x: number; y: number }) {
  const place = townOf.value?.places.get(id);
  if (!place) return null;
  const v = view.value;
  const here = [...things.value.values()].filter((t) => t.place === id);
  const w = weather.value.get(place.region);
  return (
    <div class={`tip ${x > v.w - 270 ? 'left' : ''} ${y > v.h - 150 ? 'up' : ''}`} style={{ left: `${x}px`, top: `${y}px` }} role="presentation">
      <strong>{capital(place.name)}</strong>
      <p>{place.text}</p>
      {here.length > 0 && <p class="quiet">{here.map((t) => t.lit === undefined ? t.name : `${t.name} (${t.lit ? 'lit' : 'dark'})`).join(', ')}</p>}
      {w && <p class="quiet">{capital(weatherText(w.state))}, {Math.round(w.temperature_c)} °C {names.region(place.region) && ''}</p>}
    </div>
  );
}
