// The streets of a world and how one gets along them. Map units: the longer side of the town is 480, y points down.
import type { Place } from '../types';
import { curve, distance, lengthOf, type Point } from './geometry';
import { hashText } from './random';

export type Ground = 'street' | 'path' | 'mole';

export interface Street { a: string; b: string; ground: Ground; line: Point[]; length: number }

export interface Town {
  places: Map<string, Place>;
  at: Map<string, Point>;
  streets: Street[];
  toMap(p: Point): Point;
  toWorld(p: Point): Point;
  unit: number;           // metres to a map unit
  bounds: { x: number; y: number; w: number; h: number };
}

const kWild = /road|moor|heath|hill|forest|wood|field|farm|beach|cove|camp|ruin|mountain|swamp|marsh|river|cave|track|shore/;
const kMole = /pier|mole|breakwater|jetty/;
const kShore = /harbou?r|port|dock|quay|pier|beach|cove|coast|shore|ferry|wharf|marina/;

export const isWild = (place: Place) => kWild.test(place.kind);
export const isMole = (place: Place) => kMole.test(place.kind);
export const isShore = (place: Place) => kShore.test(place.kind);

export function makeTown(places: Place[]): Town {
  const xs = places.map((p) => p.x);
  const ys = places.map((p) => p.y);
  const left = Math.min(...xs);
  const bottom = Math.min(...ys);
  const w = Math.max(...xs) - left;
  const h = Math.max(...ys) - bottom;
  const unit = Math.max(w, h, 1e-6) / 480;
  const toMap = (p: Point) => ({ x: (p.x - left) / unit, y: (h - (p.y - bottom)) / unit });
  const toWorld = (p: Point) => ({ x: p.x * unit + left, y: h - p.y * unit + bottom });

  const byId = new Map(places.map((p) => [p.id, p]));
  const at = new Map(places.map((p) => [p.id, toMap(p)]));
  const streets: Street[] = [];
  for (const a of places) {
    for (const id of a.neighbours ?? []) {
      const b = byId.get(id);
      if (!b || (b.neighbours?.includes(a.id) && a.id > b.id)) continue; // once for each pair
      const ground: Ground = isMole(a) || isMole(b) ? 'mole' : isWild(a) || isWild(b) ? 'path' : 'street';
      const swing = (hashText(`${a.id}>${b.id}`) % 1000) / 500 - 1;
      const line = curve(at.get(a.id)!, at.get(b.id)!, swing * (ground === 'path' ? 0.2 : ground === 'mole' ? 0.07 : 0.09));
      streets.push({ a: a.id, b: b.id, ground, line, length: lengthOf(line) });
    }
  }
  return { places: byId, at, streets, toMap, toWorld, unit, bounds: { x: 0, y: 0, w: w / unit, h: h / unit } };
}

function streetBetween(town: Town, a: string, b: string): Point[] | undefined {
  for (const s of town.streets) {
    if (s.a === a && s.b === b) return s.line;
    if (s.a === b && s.b === a) return [...s.line].reverse();
  }
  return undefined;
}

// The line on the map through these places; straight where there is no street.
export function routeLine(town: Town, path: string[]): Point[] {
  const out: Point[] = [];
  for (let i = 0; i < path.length; ++i) {
    const here = town.at.get(path[i]!);
    if (!here) continue;
    const street = i > 0 ? streetBetween(town, path[i - 1]!, path[i]!) : undefined;
    if (street) out.push(...street.slice(out.length > 0 ? 1 : 0));
    else out.push(here);
  }
  return out;
}

// The shortest way along the streets; empty when there is none.
export function findPath(town: Town, from: string, to: string): string[] {
  const best = new Map<string, number>([[from, 0]]);
  const before = new Map<string, string>();
  const open = new Set([from]);
  while (open.size > 0) {
    let here = '';
    for (const id of open) if (here === '' || best.get(id)! < best.get(here)!) here = id;
    if (here === to) break;
    open.delete(here);
    for (const s of town.streets) {
      const there = s.a === here ? s.b : s.b === here ? s.a : '';
      if (there === '') continue;
      const cost = best.get(here)! + s.length;
      if (cost >= (best.get(there) ?? Infinity)) continue;
      best.set(there, cost);
      before.set(there, here);
      open.add(there);
    }
  }
  if (from !== to && !before.has(to)) return [];
  const path = [to];
  while (path[0] !== from) path.unshift(before.get(path[0]!)!);
  return path;
}

export function nearestPlace(town: Town, p: Point): string {
  let best = '';
  let least = Infinity;
  for (const [id, q] of town.at) {
    const d = distance(p, q);
    if (d < least) {
      least = d;
      best = id;
    }
  }
  return best;
}

// How a player walks to a point: straight over short ways, along the streets otherwise.
export function walkLine(town: Town, from: Point, to: Point): Point[] {
  if (distance(from, to) < 70) return [from, to];
  const line = routeLine(town, findPath(town, nearestPlace(town, from), nearestPlace(town, to)));
  if (line.length === 0) return [from, to];
  // Do not go back to a place that lies behind.
  while (line.length > 1 && distance(from, line[1]!) <= distance(line[0]!, line[1]!)) line.shift();
  while (line.length > 1 && distance(to, line[line.length - 2]!) <= distance(line[line.length - 1]!, line[line.length - 2]!)) line.pop();
  return [from, ...line, to];
}

export interface Move { npc: string; path: string[]; departsMs: number; arrivesMs: number }

// Where somebody on the way is at a game time: 0 at the start, 1 there.
export function progress(move: Move, gameMs: number): number {
  if (move.arrivesMs <= move.departsMs) return 1;
  return Math.max(0, Math.min(1, (gameMs - move.departsMs) / (move.arrivesMs - move.departsMs)));
}
