import { describe, expect, it } from 'vitest';
import type { Place } from '../types';
import { contours, distances, makeGrid } from './contour';
import { placeLabels } from './labels';
import { coloursAt, contrast } from './palette';
import { makeTerrain } from './terrain';
import { makeTown } from './town';

describe('contours', () => {
  it('close around a hill, with the right area', () => {
    const grid = makeGrid(0, 0, 40, 40, 1);
    for (let y = 0; y < grid.height; ++y) for (let x = 0; x < grid.width; ++x) grid.values[y * grid.width + x] = 10 - Math.hypot(x - 20, y - 20);
    const lines = contours(grid, 0);
    expect(lines).toHaveLength(1);
    const line = lines[0]!;
    const area = Math.abs(line.reduce((sum, p, i) => sum + p.x * line[(i + 1) % line.length]!.y - line[(i + 1) % line.length]!.x * p.y, 0)) / 2;
    expect(area).toBeGreaterThan(Math.PI * 100 * 0.97);
    expect(area).toBeLessThan(Math.PI * 100 * 1.03);
  });

  it('find holes and islands, also where corners touch', () => {
    const grid = makeGrid(0, 0, 30, 30, 1);
    grid.values.fill(-1);
    for (const [x, y] of [[5, 5], [6, 6], [20, 20]]) grid.values[y! * grid.width + x!] = 1;
    expect(contours(grid, 0).length).toBeGreaterThanOrEqual(1);
    expect(contours({ ...grid, values: grid.values.fill(-1) }, 0)).toEqual([]);
  });
});

it('distances grow by the cell', () => {
  const grid = makeGrid(0, 0, 20, 20, 2);
  grid.values[0] = 1;
  const d = distances(grid);
  expect(d.values[0]).toBe(0);
  expect(d.values[3]).toBeCloseTo(6);
  expect(d.values[grid.width + 1]).toBeCloseTo(2 * Math.SQRT2);
});

describe('labels', () => {
  const wish = (id: string, x: number, y: number) => ({ id, x, y, width: 60, height: 14, radius: 10, weight: 1 });

  it('do not cover each other where there is room', () => {
    const spots = placeLabels([wish('a', 100, 100), wish('b', 140, 100)], [], { x: 0, y: 0, w: 300, h: 200 });
    expect(spots).toHaveLength(2);
    expect(spots.every((s) => s.clash === 0)).toBe(true);
  });

  it('are left out where there is none', () => {
    const many = Array.from({ length: 60 }, (_, i) => wish(`p${i}`, 100 + (i % 3), 100));
    const spots = placeLabels(many, [], { x: 0, y: 0, w: 300, h: 200 });
    expect(spots.length).toBeGreaterThan(3);
    expect(spots.length).toBeLessThan(40);
  });
});

it('names can be read at every minute, in every weather', () => {
  for (let minute = 0; minute < 1440; minute += 5) {
    for (const [grey, white] of [[0, 0], [1, 0], [0.5, 1], [0, 0.35]]) {
      const c = coloursAt(minute / 60, grey!, white!);
      expect(contrast(c.ink, c.halo), `at ${minute / 60} grey ${grey} white ${white}`).toBeGreaterThan(3);
    }
  }
});

describe('terrain', () => {
  const place = (id: string, kind: string, x: number, y: number, neighbours: string[]): Place =>
    ({ id, name: id, kind, region: 'r', x, y, indoors: false, neighbours, text: '' });
  const places = [place('quay', 'harbour', 200, 0, ['square']), place('mole', 'pier', 60, -30, ['quay']), place('square', 'square', 200, 120, ['hall']),
    place('hall', 'office', 320, 130, []), place('heath', 'moor', 300, 380, ['square'])];

  it('is the same on each visit', () => {
    expect(makeTerrain(makeTown(places), 7)).toEqual(makeTerrain(makeTown(places), 7));
    expect(makeTerrain(makeTown(places), 8).land).not.toBe(makeTerrain(makeTown(places), 7).land);
  });

  it('has a sea where there is a shore, houses along the streets, and paths without holes in the numbers', () => {
    const t = makeTerrain(makeTown(places), 7);
    expect(t.sea).toBe(true);
    expect(t.houses.length).toBeGreaterThan(100);
    expect(t.land + t.houses + t.tufts + t.waterlines.join('')).not.toMatch(/NaN|Infinity|undefined/);
    expect(makeTerrain(makeTown(places.slice(2)), 7).sea).toBe(false);
  });

  it('takes a world with one place', () => {
    expect(makeTerrain(makeTown([places[2]!]), 1).land).not.toMatch(/NaN/);
  });
});
