// The ground of the map, made up from the places alone: coast, waterlines, soundings, houses along the streets, tufts.
// All of it is a pure function of the world's places and seed.
import { contours, distances, makeGrid, sample, type Grid } from './contour';
import { distance, soften, toPath, toPolyline, toSegment, type Point } from './geometry';
import { hashText, noise, stream } from './random';
import { isMole, isShore, isWild, type Town } from './town';

export interface Terrain {
  area: { x: number; y: number; w: number; h: number };
  sea: boolean;
  land: string;              // one path, even-odd
  waterlines: string[];      // from the shore outwards
  soundings: { x: number; y: number; depth: number }[];
  houses: string;
  tufts: string;
  relief: string[];          // lines of equal height, from low to high
  trees: Point[];
  title: Point;              // a quiet spot for the name of the world
  rose: Point;               // and one for the compass
}

const kWaterlines = [4.5, 10, 17, 26, 38, 54];

export function makeTerrain(town: Town, seed: number): Terrain {
  const { bounds } = town;
  const margin = 330;
  const area = { x: bounds.x - margin, y: bounds.y - margin, w: bounds.w + 2 * margin, h: bounds.h + 2 * margin };
  const grid = makeGrid(area.x, area.y, area.w, area.h, 6);
  const shore = shoreOf(town);
  fillLand(grid, town, shore, seed);
  const far = distances(grid);
  const sea = shore !== undefined;
  const smooth = (line: Point[]) => soften(soften(line, true), true);
  const waterlines = !sea ? [] : kWaterlines.map((d) => {
    const ring: Grid = { ...far, values: far.values.map((v) => d - v) };
    return contours(ring, 0).map((line) => toPath(smooth(line), true)).join('');
  });
  const houses = placeHouses(town, far, seed);
  const wild = placeWild(town, far, area, seed, houses.centres);
  const spots = quietSpots(town, far, sea);
  return {
    area, sea,
    land: sea ? contours(grid, 0).map((line) => toPath(smooth(line), true)).join('')
              : `M${area.x} ${area.y}h${area.w}v${area.h}h${-area.w}Z`,
    waterlines,
    soundings: sea ? placeSoundings(town, far, seed, spots) : [],
    houses: houses.path,
    tufts: wild.tufts,
    relief: heights(town, far, grid, seed),
    trees: wild.trees,
    ...spots,
  };
}

// The land rises away from the sea and from the town, in gentle hills.
function heights(town: Town, far: Grid, grid: Grid, seed: number): string[] {
  const inland = distances({ ...far, values: far.values.map((d) => (d > 0 ? 1 : -1)) });
  const built = [...town.at].filter(([id]) => !isWild(town.places.get(id)!)).map(([, p]) => p);
  const hills = { ...grid, values: grid.values.map((_, n) => {
    const i = n % grid.width;
    const p = { x: grid.x + i * grid.cell, y: grid.y + ((n - i) / grid.width) * grid.cell };
    const shore = Math.min(260, inland.values[n]!);
    const homes = Math.min(170, ...built.map((q) => distance(p, q)));
    return shore * 0.3 + (homes - 60) * 0.32 + noise(p.x / 150, p.y / 150, seed ^ 0x41) * 62;
  }) };
  return [52, 68, 84, 100, 116].map((level) => contours(hills, level).map((line) => toPath(soften(line, true), true)).join(''));
}

interface Shore { along: Point; out: Point; line: { s: number; t: number }[] }

// The sea lies where the shore places are, seen from the others.
function shoreOf(town: Town): Shore | undefined {
  const wet: Point[] = [];
  const dry: Point[] = [];
  for (const [id, p] of town.at) (isShore(town.places.get(id)!) ? wet : dry).push(p);
  if (wet.length === 0 || dry.length === 0) return undefined;
  const mean = (ps: Point[]) => ({ x: ps.reduce((s, p) => s + p.x, 0) / ps.length, y: ps.reduce((s, p) => s + p.y, 0) / ps.length });
  const a = mean(dry);
  const b = mean(wet);
  const d = distance(a, b) || 1;
  const out = { x: (b.x - a.x) / d, y: (b.y - a.y) / d };
  const along = { x: -out.y, y: out.x };
  const line = [...town.at].filter(([id]) => isShore(town.places.get(id)!)).map(([id, p]) => ({
    s: p.x * along.x + p.y * along.y,
    // A mole stands in the water, a beach at its edge, a quay a little behind it.
    t: p.x * out.x + p.y * out.y + (isMole(town.places.get(id)!) ? -34 : 17),
  }));
  return { along, out, line };
}

function fillLand(grid: Grid, town: Town, shore: Shore | undefined, seed: number): void {
  const solid = [...town.at].filter(([id]) => !isMole(town.places.get(id)!)).map(([, p]) => p);
  const kBank = 24; // how far a street can reach into the sea
  const streets = town.streets.filter((s) => s.ground !== 'mole').map(({ line }) => ({
    line, left: Math.min(...line.map((p) => p.x)) - kBank, right: Math.max(...line.map((p) => p.x)) + kBank,
    top: Math.min(...line.map((p) => p.y)) - kBank, bottom: Math.max(...line.map((p) => p.y)) + kBank,
  }));
  const rough = (x: number, y: number) => noise(x / 95, y / 95, seed);
  for (let j = 0; j < grid.height; ++j) {
    for (let i = 0; i < grid.width; ++i) {
      const p = { x: grid.x + i * grid.cell, y: grid.y + j * grid.cell };
      let value = 1;
      if (shore) {
        const s = p.x * shore.along.x + p.y * shore.along.y;
        const t = p.x * shore.out.x + p.y * shore.out.y;
        let weight = 1e-9;
        let coast = 0;
        let nearest = Infinity;
        for (const q of shore.line) {
          const off = Math.abs(s - q.s);
          const w = 1 / (1 + (off / 55) ** 4);
          weight += w;
          coast += w * q.t;
          nearest = Math.min(nearest, off);
        }
        coast /= weight;
        const calm = Math.min(1, nearest / 70); // bays and heads away from the quays
        value = coast - t + rough(p.x, p.y) * (10 + 46 * calm);
        if (value < 60) {
          const edge = rough(p.x * 2, p.y * 2);
          for (const q of solid) value = Math.max(value, 25 + edge * 8 - distance(p, q));
          for (const s of streets) {
            if (p.x < s.left || p.x > s.right || p.y < s.top || p.y > s.bottom) continue;
            value = Math.max(value, 15 + edge * 6 - toPolyline(p, s.line));
          }
        }
      }
      grid.values[j * grid.width + i] = value;
    }
  }
}

function placeHouses(town: Town, far: Grid, seed: number): { path: string; centres: Point[] } {
  const random = stream(seed ^ 0x5eed);
  const taken: { x: number; y: number; r: number }[] = [...town.at.values()].map((p) => ({ ...p, r: 17 }));
  const out: string[] = [];
  const centres: Point[] = [];
  const streets = town.streets.filter((s) => s.ground === 'street');
  const others = town.streets;
  for (const street of streets) {
    for (let row = 0; row < 2; ++row) {
      for (const side of [-1, 1]) {
        for (let i = 1; i < street.line.length; ++i) {
          const a = street.line[i - 1]!;
          const b = street.line[i]!;
          const step = distance(a, b);
          const angle = Math.atan2(b.y - a.y, b.x - a.x);
          for (let d = random() * 4; d < step; d += 5) {
            const w = 7 + random() * 8;
            const h = 6 + random() * 4;
            if (row === 1 && random() < 0.55) continue;
            const off = side * (row === 0 ? 5.5 + h / 2 : 20 + random() * 5 + h / 2);
            const c = { x: a.x + Math.cos(angle) * d - Math.sin(angle) * off, y: a.y + Math.sin(angle) * d + Math.cos(angle) * off };
            const r = Math.hypot(w, h) / 2;
            if (sample(far, c) > 0 || inWaterNear(far, c, 9)) continue;
            if (taken.some((q) => Math.hypot(q.x - c.x, q.y - c.y) < q.r + r * 0.86)) continue;
            if (others.some((s) => s !== street && toPolyline(c, s.line) < h / 2 + 6)) continue;
            if (row === 1 && toPolyline(c, street.line) < h / 2 + 8) continue;
            taken.push({ ...c, r: r * 0.86 });
            centres.push(c);
            out.push(house(c, w, h, angle + (random() - 0.5) * 0.16));
          }
        }
      }
    }
  }
  return { path: out.join(''), centres };
}

// A roof seen from above: its outline and its ridge.
function house(c: Point, w: number, h: number, angle: number): string {
  const cos = Math.cos(angle);
  const sin = Math.sin(angle);
  const at = (x: number, y: number) => ({ x: c.x + x * cos - y * sin, y: c.y + x * sin + y * cos });
  const x = w / 2;
  const y = h / 2;
  const ridge = Math.max(0.5, x - y * 0.8);
  return toPath([at(-x, -y), at(x, -y), at(x, y), at(-x, y)], true) + toPath([at(-ridge, 0), at(ridge, 0)]);
}

function inWaterNear(far: Grid, p: Point, r: number): boolean {
  return [[r, 0], [-r, 0], [0, r], [0, -r]].some(([dx, dy]) => sample(far, { x: p.x + dx!, y: p.y + dy! }) > 0);
}

function placeWild(town: Town, far: Grid, area: Terrain['area'], seed: number, houses: Point[]) {
  const random = stream(seed ^ 0x7afe);
  const tufts: string[] = [];
  const trees: Point[] = [];
  const built = [...town.at].filter(([id]) => !isWild(town.places.get(id)!)).map(([, p]) => p);
  const wild = [...town.at].filter(([id]) => isWild(town.places.get(id)!) && !isShore(town.places.get(id)!)).map(([, p]) => p);
  for (let n = 0; n < 2600; ++n) {
    const p = { x: area.x + random() * area.w, y: area.y + random() * area.h };
    const r = random();
    if (sample(far, p) > 0 || inWaterNear(far, p, 12)) continue;
    if (town.streets.some((s) => toPolyline(p, s.line) < 9)) continue;
    if ([...town.at.values()].some((q) => distance(p, q) < 20) || houses.some((q) => distance(p, q) < 12)) continue;
    const toWild = Math.min(...wild.map((q) => distance(p, q)), 1e4);
    const toBuilt = Math.min(...built.map((q) => distance(p, q)), 1e4);
    const clump = noise(p.x / 60, p.y / 60, seed ^ 9);
    if (toWild < toBuilt) {
      if (clump > -0.1 + r * 0.5) tufts.push(tuft(p, 2.6 + r * 2.4));
    } else if (toBuilt > 34 && toBuilt < 130 && clump > 0.12 && trees.every((q) => distance(p, q) > 7.5)) {
      trees.push(p);
    } else if (toBuilt > 60 && clump < -0.15 && r < 0.35) {
      tufts.push(tuft(p, 2 + r * 3));
    }
  }
  return { tufts: tufts.join(''), trees };
}

function tuft(p: Point, size: number): string {
  return toPath([{ x: p.x - size, y: p.y - size * 0.5 }, p]) + toPath([{ x: p.x, y: p.y - size }, p]) +
         toPath([{ x: p.x + size, y: p.y - size * 0.5 }, p]);
}

// Depths, as on a chart: deeper where the shore is farther.
function placeSoundings(town: Town, far: Grid, seed: number, spots: { title: Point; rose: Point }) {
  const out: { x: number; y: number; depth: number }[] = [];
  const b = town.bounds;
  for (let y = b.y - 150; y < b.y + b.h + 230; y += 38) {
    for (let x = b.x - 240; x < b.x + b.w + 240; x += 46) {
      const h = hashText(`${x}:${y}`, seed);
      const p = { x: x + (h % 23) - 11, y: y + ((h >> 8) % 19) - 9 };
      const d = sample(far, p);
      if (d < 24 || (h >> 16) % 3 === 0) continue;
      if (Math.abs(p.x - spots.title.x) < 96 && Math.abs(p.y - spots.title.y) < 42) continue;
      if (distance(p, spots.rose) < 46) continue;
      if (town.streets.some((s) => s.ground === 'mole' && s.line.some((q, i) => i > 0 && toSegment(p, s.line[i - 1]!, q) < 16))) continue;
      out.push({ ...p, depth: Math.max(1, Math.round(d / 9 + ((h >> 20) % 3))) });
    }
  }
  return out;
}

// The title goes into water if there is any, away from places; the compass keeps clear of both.
function quietSpots(town: Town, far: Grid, sea: boolean): { title: Point; rose: Point } {
  const b = town.bounds;
  const busy = [...town.at.values(), ...town.streets.flatMap((s) => s.line)];
  const best = (half: Point, avoid: Point[], wet: boolean) => {
    let top = -Infinity;
    let spot = { x: b.x + b.w / 2, y: b.y + b.h };
    for (let y = b.y + half.y - 18; y <= b.y + b.h + 40; y += 10) {
      for (let x = b.x + half.x - 70; x <= b.x + b.w - half.x + 70; x += 10) {
        const p = { x, y };
        let score = 90;
        for (const q of busy) score = Math.min(score, Math.max(Math.abs(q.x - x) - half.x, Math.abs(q.y - y) - half.y));
        for (const q of avoid) score = Math.min(score, distance(p, q) - half.x - 90);
        if (wet) for (const dx of [-half.x, 0, half.x]) score = Math.min(score, (sample(far, { x: x + dx, y }) - 10) * 1.2);
        score -= Math.abs(x - (b.x + b.w / 2)) * 0.01 + Math.max(0, y - b.y - b.h) * 0.2;
        if (score > top) {
          top = score;
          spot = p;
        }
      }
    }
    return spot;
  };
  const title = best({ x: 84, y: 24 }, [], sea);
  return { title, rose: best({ x: 32, y: 34 }, [title], false) };
}
