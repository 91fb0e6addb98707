// Contours of a grid of heights (marching squares), and distances from a shore.
import type { Point } from './geometry';

export interface Grid { width: number; height: number; cell: number; x: number; y: number; values: Float32Array }

export function makeGrid(x: number, y: number, w: number, h: number, cell: number): Grid {
  const width = Math.ceil(w / cell) + 1;
  const height = Math.ceil(h / cell) + 1;
  return { width, height, cell, x, y, values: new Float32Array(width * height) };
}

export function sample(grid: Grid, p: Point): number {
  const x = Math.max(0, Math.min(grid.width - 1, Math.round((p.x - grid.x) / grid.cell)));
  const y = Math.max(0, Math.min(grid.height - 1, Math.round((p.y - grid.y) / grid.cell)));
  return grid.values[y * grid.width + x]!;
}

// Closed lines around everything above `level`. The rim of the grid counts as below, so every line closes.
export function contours(grid: Grid, level: number): Point[][] {
  const { width, height } = grid;
  const value = (x: number, y: number) =>
    x <= 0 || y <= 0 || x >= width - 1 || y >= height - 1 ? level - 1e3 : grid.values[y * width + x]! - 0;
  // An edge of the lattice is named by its left or upper end: even = towards x, odd = towards y.
  const next = new Map<number, number>();
  const cut = (edge: number): Point => {
    const node = edge >> 1;
    const x = node % width;
    const y = (node - x) / width;
    const dx = edge & 1 ? 0 : 1;
    const dy = 1 - dx;
    const a = value(x, y);
    const b = value(x + dx, y + dy);
    const t = Math.max(0.02, Math.min(0.98, Math.abs(b - a) > 500 ? 0.5 : (level - a) / (b - a)));
    return { x: grid.x + (x + dx * t) * grid.cell, y: grid.y + (y + dy * t) * grid.cell };
  };
  for (let y = 0; y < height - 1; ++y) {
    for (let x = 0; x < width - 1; ++x) {
      const top = (y * width + x) * 2;
      const left = top + 1;
      const right = left + 2;
      const bottom = top + width * 2;
      const a = value(x, y) > level ? 1 : 0;
      const b = value(x + 1, y) > level ? 2 : 0;
      const c = value(x + 1, y + 1) > level ? 4 : 0;
      const d = value(x, y + 1) > level ? 8 : 0;
      switch (a | b | c | d) { // the land stays on the right hand
        case 1: next.set(left, top); break;
        case 2: next.set(top, right); break;
        case 3: next.set(left, right); break;
        case 4: next.set(right, bottom); break;
        case 5: next.set(left, top); next.set(right, bottom); break;
        case 6: next.set(top, bottom); break;
        case 7: next.set(left, bottom); break;
        case 8: next.set(bottom, left); break;
        case 9: next.set(bottom, top); break;
        case 10: next.set(top, right); next.set(bottom, left); break;
        case 11: next.set(bottom, right); break;
        case 12: next.set(right, left); break;
        case 13: next.set(right, top); break;
        case 14: next.set(top, left); break;
      }
    }
  }
  const out: Point[][] = [];
  while (next.size > 0) {
    const start = next.keys().next().value as number;
    const line: Point[] = [];
    let edge: number | undefined = start;
    while (edge !== undefined && next.has(edge)) {
      line.push(cut(edge));
      const following: number = next.get(edge)!;
      next.delete(edge);
      edge = following;
    }
    if (line.length > 3) out.push(line);
  }
  return out;
}

// For each cell its distance from the nearest one above zero, 0 inside (chamfer: within a few per cent).
export function distances(grid: Grid): Grid {
  const { width, height, cell } = grid;
  const d = new Float32Array(width * height).fill(1e6);
  for (let i = 0; i < d.length; ++i) if (grid.values[i]! > 0) d[i] = 0;
  const diagonal = Math.SQRT2;
  const relax = (i: number, j: number, step: number) => {
    if (d[j]! + step < d[i]!) d[i] = d[j]! + step;
  };
  for (let y = 0; y < height; ++y) {
    for (let x = 0; x < width; ++x) {
      const i = y * width + x;
      if (x > 0) relax(i, i - 1, 1);
      if (y > 0) relax(i, i - width, 1);
      if (x > 0 && y > 0) relax(i, i - width - 1, diagonal);
      if (x < width - 1 && y > 0) relax(i, i - width + 1, diagonal);
    }
  }
  for (let y = height - 1; y >= 0; --y) {
    for (let x = width - 1; x >= 0; --x) {
      const i = y * width + x;
      if (x < width - 1) relax(i, i + 1, 1);
      if (y < height - 1) relax(i, i + width, 1);
      if (x < width - 1 && y < height - 1) relax(i, i + width + 1, diagonal);
      if (x > 0 && y < height - 1) relax(i, i + width - 1, diagonal);
    }
  }
  for (let i = 0; i < d.length; ++i) d[i] = d[i]! * cell;
  return { ...grid, values: d };
}
