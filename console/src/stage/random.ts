// Numbers that look random and are the same on every visit: the map of a world never changes by itself.

export function hashText(text: string, seed = 0): number {
  let h = (0x811c9dc5 ^ seed) >>> 0;
  for (let i = 0; i < text.length; ++i) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return mix(h);
}

function mix(h: number): number {
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

// 0 to 1 for a lattice point.
export function at(ix: number, iy: number, seed: number): number {
  return mix((Math.imul(ix, 0x27d4eb2d) ^ Math.imul(iy, 0x165667b1) ^ seed) >>> 0) / 4294967296;
}

export function stream(seed: number): () => number {
  let n = 0;
  return () => at(++n, n >>> 16, seed);
}

const smooth = (t: number) => t * t * (3 - 2 * t);

function valueNoise(x: number, y: number, seed: number): number {
  const ix = Math.floor(x);
  const iy = Math.floor(y);
  const u = smooth(x - ix);
  const v = smooth(y - iy);
  const top = at(ix, iy, seed) * (1 - u) + at(ix + 1, iy, seed) * u;
  const bottom = at(ix, iy + 1, seed) * (1 - u) + at(ix + 1, iy + 1, seed) * u;
  return top * (1 - v) + bottom * v;
}

// About -1 to 1, four octaves.
export function noise(x: number, y: number, seed: number): number {
  let sum = 0;
  let amplitude = 1;
  let total = 0;
  for (let octave = 0; octave < 4; ++octave) {
    sum += (valueNoise(x, y, seed + octave) * 2 - 1) * amplitude;
    total += amplitude;
    amplitude *= 0.5;
    x *= 2.03;
    y *= 2.03;
  }
  return sum / total;
}
