import { describe, expect, it } from 'vitest';
import type { Place } from '../types';
import { along, lengthOf, rest } from './geometry';
import { findPath, makeTown, progress, routeLine, walkLine } from './town';

const place = (id: string, x: number, y: number, neighbours: string[], kind = 'street'): Place =>
  ({ id, name: id, kind, region: 'r', x, y, indoors: false, neighbours, text: '' });
const town = makeTown([
  place('harbour', 0, 0, ['street'], 'harbour'), place('street', 0, 100, ['square', 'inn']), place('square', 0, 200, ['street']),
  place('inn', 100, 100, []), place('moor', 480, 480, [], 'moor'),
]);

describe('paths', () => {
  it('go through the streets, also those that only one end names', () => {
    expect(findPath(town, 'harbour', 'inn')).toEqual(['harbour', 'street', 'inn']);
    expect(findPath(town, 'inn', 'square')).toEqual(['inn', 'street', 'square']);
    expect(findPath(town, 'inn', 'inn')).toEqual(['inn']);
    expect(findPath(town, 'inn', 'moor')).toEqual([]);
  });

  it('begin and end at their places and pass those between', () => {
    const line = routeLine(town, ['harbour', 'street', 'square']);
    expect(line[0]).toEqual(town.at.get('harbour'));
    expect(line.at(-1)).toEqual(town.at.get('square'));
    expect(line).toContainEqual(town.at.get('street'));
  });

  it('run the same way back', () => {
    const there = routeLine(town, ['harbour', 'street', 'inn']);
    const back = routeLine(town, ['inn', 'street', 'harbour']);
    expect([...back].reverse()).toEqual(there);
  });

  it('skip unknown places and jump where there is no street', () => {
    expect(routeLine(town, ['harbour', 'nowhere', 'moor'])).toEqual([town.at.get('harbour'), town.at.get('moor')]);
    expect(routeLine(town, [])).toEqual([]);
  });
});

describe('somebody on the way', () => {
  const move = { npc: 'marta', path: ['harbour', 'street', 'square'], departsMs: 1000, arrivesMs: 3000 };

  it.each([[0, 0], [1000, 0], [2000, 0.5], [3000, 1], [9000, 1]])('at %i is at %f', (now, part) => expect(progress(move, now)).toBe(part));

  it('has arrived when the way takes no time', () => expect(progress({ ...move, arrivesMs: 1000 }, 0)).toBe(1));

  it('moves at an even pace along the line', () => {
    const line = routeLine(town, move.path);
    const points = Array.from({ length: 11 }, (_, i) => along(line, i / 10));
    expect(points[0]).toEqual(line[0]);
    expect(points[10]!.x).toBeCloseTo(line.at(-1)!.x);
    for (let i = 0; i <= 10; ++i) expect(lengthOf(rest(line, i / 10))).toBeCloseTo(lengthOf(line) * (1 - i / 10), 4);
  });

  it.each([NaN, -1])('stays at the start for %f', (t) => expect(along(routeLine(town, move.path), t)).toEqual(town.at.get('harbour')));
});

describe('a player', () => {
  it('walks straight over short ways and along the streets otherwise', () => {
    const from = town.at.get('harbour')!;
    const near = { x: from.x + 20, y: from.y - 10 };
    expect(walkLine(town, from, near)).toEqual([from, near]);
    const inn = town.at.get('inn')!;
    const line = walkLine(town, from, { x: inn.x + 5, y: inn.y });
    expect(line).toContainEqual(town.at.get('street'));
    expect(line.at(-1)).toEqual({ x: inn.x + 5, y: inn.y });
  });

  it('keeps metres and map units apart', () => {
    const p = { x: 123, y: 45 };
    const back = town.toWorld(town.toMap(p));
    expect(back.x).toBeCloseTo(p.x);
    expect(back.y).toBeCloseTo(p.y);
    expect(town.toMap({ x: 0, y: 480 }).y).toBeCloseTo(0); // north is up
  });
});
