// Points, polylines and curves on the map.

export interface Point { x: number; y: number }

export function distance(a: Point, b: Point): number {
  const dx = a.x - b.x;
  const dy = a.y - b.y;
  return Math.sqrt(dx * dx + dy * dy); // many times faster than Math.hypot
}

export function toSegment(p: Point, a: Point, b: Point): number {
  const dx = b.x - a.x;
  const dy = b.y - a.y;
  const length = dx * dx + dy * dy;
  const t = length === 0 ? 0 : Math.max(0, Math.min(1, ((p.x - a.x) * dx + (p.y - a.y) * dy) / length));
  const x = p.x - a.x - t * dx;
  const y = p.y - a.y - t * dy;
  return Math.sqrt(x * x + y * y);
}

export function toPolyline(p: Point, line: Point[]): number {
  let best = Infinity;
  for (let i = 1; i < line.length; ++i) best = Math.min(best, toSegment(p, line[i - 1]!, line[i]!));
  return best;
}

export function lengthOf(line: Point[]): number {
  let sum = 0;
  for (let i = 1; i < line.length; ++i) sum += distance(line[i - 1]!, line[i]!);
  return sum;
}

// The point at a fraction of the line's length; the ends outside 0 to 1.
export function along(line: Point[], fraction: number): Point {
  const first = line[0] ?? { x: 0, y: 0 };
  if (line.length < 2 || !(fraction > 0)) return first;
  let left = Math.min(1, fraction) * lengthOf(line);
  for (let i = 1; i < line.length; ++i) {
    const a = line[i - 1]!;
    const b = line[i]!;
    const step = distance(a, b);
    if (left <= step && step > 0) {
      const t = left / step;
      return { x: a.x + (b.x - a.x) * t, y: a.y + (b.y - a.y) * t };
    }
    left -= step;
  }
  return line[line.length - 1]!;
}

// What is left of the line from a fraction on.
export function rest(line: Point[], fraction: number): Point[] {
  if (fraction <= 0) return line;
  let left = Math.min(1, fraction) * lengthOf(line);
  for (let i = 1; i < line.length; ++i) {
    const step = distance(line[i - 1]!, line[i]!);
    if (left <= step) return [along(line, fraction), ...line.slice(i)];
    left -= step;
  }
  return [];
}

// Points of a quadratic curve from a to b that swings out sideways by `bend` times the distance.
export function curve(a: Point, b: Point, bend: number, pieces = 8): Point[] {
  const c = { x: (a.x + b.x) / 2 - (b.y - a.y) * bend, y: (a.y + b.y) / 2 + (b.x - a.x) * bend };
  const out: Point[] = [];
  for (let i = 0; i <= pieces; ++i) {
    const t = i / pieces;
    const s = 1 - t;
    out.push({ x: s * s * a.x + 2 * s * t * c.x + t * t * b.x, y: s * s * a.y + 2 * s * t * c.y + t * t * b.y });
  }
  return out;
}

const short = (n: number) => String(Math.round(n * 10) / 10);

export function toPath(line: Point[], closed = false): string {
  return line.map((p, i) => `${i === 0 ? 'M' : 'L'}${short(p.x)} ${short(p.y)}`).join('') + (closed ? 'Z' : '');
}

// One round of corner cutting.
export function soften(line: Point[], closed: boolean): Point[] {
  if (line.length < 3) return line;
  const out: Point[] = closed ? [] : [line[0]!];
  const n = line.length;
  for (let i = 0; i < (closed ? n : n - 1); ++i) {
    const a = line[i]!;
    const b = line[(i + 1) % n]!;
    out.push({ x: a.x * 0.75 + b.x * 0.25, y: a.y * 0.75 + b.y * 0.25 });
    out.push({ x: a.x * 0.25 + b.x * 0.75, y: a.y * 0.25 + b.y * 0.75 });
  }
  if (!closed) out.push(line[n - 1]!);
  return out;
}
