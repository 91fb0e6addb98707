// Which part of the map is seen, and how large. Screen positions are CSS pixels from the stage's upper left corner.
import { signal } from '@preact/signals';
import type { Point } from './geometry';
import type { Town } from './town';

export interface View { x: number; y: number; k: number; w: number; h: number; fit: boolean } // centre, pixels per unit

export const view = signal<View>({ x: 240, y: 185, k: 1, w: 0, h: 0, fit: true });

const kZoomMax = 7;

export const toScreen = (v: View, p: Point): Point => ({ x: (p.x - v.x) * v.k + v.w / 2, y: (p.y - v.y) * v.k + v.h / 2 });
export const fromScreen = (v: View, p: Point): Point => ({ x: (p.x - v.w / 2) / v.k + v.x, y: (p.y - v.h / 2) / v.k + v.y });
export const viewBox = (v: View) => `${v.x - v.w / 2 / v.k} ${v.y - v.h / 2 / v.k} ${v.w / v.k} ${v.h / v.k}`;

function fitted(town: Town, w: number, h: number): View {
  const b = town.bounds;
  const side = w < 520 ? 34 : 52;
  const above = 34;
  const below = 62;
  const k = Math.max(0.1, Math.min(w / (b.w + 2 * side), h / (b.h + above + below)));
  const whole = { x: b.x + b.w / 2, y: b.y + (b.h + below - above) / 2, k, w, h, fit: true };
  if (w >= 520) return whole;
  // On a phone the middle of the town, large enough to read; the rest is a finger's move away.
  const xs = [...town.at.values()].map((p) => p.x).sort((p, q) => p - q);
  return { ...whole, k: Math.min(k * 1.45, h / (b.h + above)), x: xs[xs.length >> 1] ?? whole.x, y: b.y + b.h / 2 + 12 };
}

export function resize(town: Town, w: number, h: number): void {
  const v = view.value;
  view.value = v.fit || v.w === 0 ? fitted(town, w, h) : clamp(town, { ...v, w, h });
}

export function fit(town: Town): void {
  view.value = fitted(town, view.value.w, view.value.h);
}

// Larger or smaller around a point of the screen, which stays where it is.
export function zoom(town: Town, by: number, around?: Point): void {
  const v = view.value;
  const least = fitted(town, v.w, v.h).k * (v.w < 520 ? 0.65 : 0.9);
  const k = Math.max(least, Math.min(kZoomMax, v.k * by));
  const screen = around ?? { x: v.w / 2, y: v.h / 2 };
  const held = fromScreen(v, screen);
  const next = { ...v, k, x: held.x - (screen.x - v.w / 2) / k, y: held.y - (screen.y - v.h / 2) / k, fit: false };
  view.value = clamp(town, next);
}

export function pan(town: Town, dx: number, dy: number): void {
  const v = view.value;
  view.value = clamp(town, { ...v, x: v.x - dx / v.k, y: v.y - dy / v.k, fit: false });
}

function clamp(town: Town, v: View): View {
  const b = town.bounds;
  return {
    ...v,
    x: Math.max(b.x - 80, Math.min(b.x + b.w + 80, v.x)),
    y: Math.max(b.y - 80, Math.min(b.y + b.h + 80, v.y)),
  };
}
