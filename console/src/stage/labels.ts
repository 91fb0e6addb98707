// Puts names beside their places so that as few as possible cover each other. In pixels.
export interface Box { x: number; y: number; w: number; h: number } // upper left corner
export interface Wish { id: string; x: number; y: number; width: number; height: number; radius: number; weight: number }
export interface Spot { id: string; x: number; y: number; anchor: 'middle' | 'start' | 'end'; clash: number } // clash: the share that other names cover

const kClashMax = 0.3; // beyond, a name is left out until the map is larger

function overlap(a: Box, b: Box): number {
  const w = Math.min(a.x + a.w, b.x + b.w) - Math.max(a.x, b.x);
  const h = Math.min(a.y + a.h, b.y + b.h) - Math.max(a.y, b.y);
  return w > 0 && h > 0 ? w * h : 0;
}

// x, y of a spot: the anchor of the text, at the middle of its height.
export function placeLabels(wishes: Wish[], obstacles: Box[], frame: Box): Spot[] {
  const named: Box[] = [];
  const out: Spot[] = [];
  for (const wish of [...wishes].sort((a, b) => b.weight - a.weight || a.id.localeCompare(b.id))) {
    const r = wish.radius;
    const half = wish.width / 2;
    const h = wish.height;
    // The first is liked best.
    const tries: [number, number, Spot['anchor'], number][] = [
      [0, -r - h / 2, 'middle', 0], [r + 3, -h * 0.35, 'start', 8], [-r - 3, -h * 0.35, 'end', 8],
      [r * 0.5, -r - h * 0.6, 'start', 10], [-r * 0.5, -r - h * 0.6, 'end', 10],
      [0, -r - h * 1.5, 'middle', 22], [0, r + h / 2, 'middle', 26], [r * 0.6, r + h * 0.4, 'start', 28], [-r * 0.6, r + h * 0.4, 'end', 28],
      [0, r + h * 1.5, 'middle', 40],
    ];
    let best: Spot | undefined;
    let bestBox: Box | undefined;
    let least = Infinity;
    for (const [dx, dy, anchor, dislike] of tries) {
      const x = wish.x + dx;
      const y = wish.y + dy;
      const left = anchor === 'middle' ? x - half : anchor === 'start' ? x : x - wish.width;
      const box = { x: left, y: y - h / 2, w: wish.width, h };
      let clash = 0;
      for (const other of named) clash += overlap(box, other);
      let covered = clash;
      for (const other of obstacles) covered += overlap(box, other);
      const outside = wish.width * h - overlap(box, frame);
      const cost = covered + outside * 2 + dislike;
      if (cost < least) {
        least = cost;
        best = { id: wish.id, x, y, anchor, clash: clash / (wish.width * h) };
        bestBox = box;
      }
    }
    if (best && bestBox && best.clash < kClashMax) {
      out.push(best);
      named.push(bestBox);
    }
  }
  return out;
}
