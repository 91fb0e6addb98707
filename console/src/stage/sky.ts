// The weather over the map, on a canvas: fog, rain, snow, wind, lightning, cloud shadows, and the beam of a lighthouse.
// Each region of the world has its own weather; a drop falls where its region has rain.
import type { WeatherNow } from '../types';
import type { Point } from './geometry';
import { nearestPlace, type Town } from './town';
import { fromScreen, toScreen, type View } from './view';

interface Amounts { fog: number; rain: number; snow: number; cloud: number; wind: number; storm: boolean; heat: number; cold: number }

const kStates: Record<string, Partial<Amounts>> = {
  partly_cloudy: { cloud: 0.35 }, cloudy: { cloud: 0.8 }, rain: { rain: 0.5, cloud: 0.8, fog: 0.1 },
  heavy_rain: { rain: 0.95, cloud: 1, fog: 0.2 }, storm: { rain: 1, cloud: 1, storm: true, wind: 0.8 }, fog: { fog: 1 },
  mist: { fog: 0.5 }, snow: { snow: 0.5, cloud: 0.6 }, heavy_snow: { snow: 0.9, cloud: 0.8, fog: 0.25 },
  blizzard: { snow: 1, cloud: 1, fog: 0.6, wind: 1 }, windy: { wind: 0.9, cloud: 0.3 }, extreme_heat: { heat: 1 }, extreme_cold: { cold: 1 },
};

export function amountsOf(w: WeatherNow | undefined): Amounts {
  const s = (w && kStates[w.state]) || {};
  const strength = w ? 0.65 + 0.35 * Math.max(0, Math.min(1, w.intensity)) : 1;
  const part = (n = 0) => n * strength;
  return { fog: part(s.fog), rain: part(s.rain), snow: part(s.snow), cloud: part(s.cloud), wind: part(s.wind), storm: s.storm ?? false, heat: part(s.heat), cold: part(s.cold) };
}

const kSoft = 4;
const kColumns = 36;
const kRows = 30;

// Which region lies where, softly: for each cell a share per region.
export class RegionMap {
  readonly regions: string[];
  private readonly shares: Float32Array[];
  private readonly x: number;
  private readonly y: number;
  private readonly w: number;
  private readonly h: number;

  constructor(town: Town) {
    this.regions = [...new Set([...town.places.values()].map((p) => p.region))];
    this.x = town.bounds.x - 260;
    this.y = town.bounds.y - 260;
    this.w = town.bounds.w + 520;
    this.h = town.bounds.h + 520;
    const raw = this.regions.map(() => new Float32Array(kColumns * kRows));
    for (let j = 0; j < kRows; ++j) {
      for (let i = 0; i < kColumns; ++i) {
        const p = { x: this.x + (i / (kColumns - 1)) * this.w, y: this.y + (j / (kRows - 1)) * this.h };
        raw[Math.max(0, this.regions.indexOf(town.places.get(nearestPlace(town, p))!.region))]![j * kColumns + i] = 1;
      }
    }
    this.shares = raw.map((grid) => grid.map((_, n) => {
      const i = n % kColumns;
      const j = (n - i) / kColumns;
      let sum = 0;
      for (let dj = -2; dj <= 2; ++dj) for (let di = -2; di <= 2; ++di) {
        sum += grid[Math.max(0, Math.min(kRows - 1, j + dj)) * kColumns + Math.max(0, Math.min(kColumns - 1, i + di))]!;
      }
      return sum / 25;
    }));
  }

  at(p: Point, values: number[]): number {
    const i = Math.max(0, Math.min(kColumns - 1, Math.round(((p.x - this.x) / this.w) * (kColumns - 1))));
    const j = Math.max(0, Math.min(kRows - 1, Math.round(((p.y - this.y) / this.h) * (kRows - 1))));
    let sum = 0;
    for (let r = 0; r < values.length; ++r) sum += values[r]! * this.shares[r]![j * kColumns + i]!;
    return sum;
  }
}

interface Mote { x: number; y: number; z: number; n: number }
const motes = (count: number): Mote[] => Array.from({ length: count }, (_, i) => {
  const f = (k: number) => (Math.sin((i + 1) * k) * 43758.5453) % 1;
  return { x: Math.abs(f(12.9898)), y: Math.abs(f(78.233)), z: Math.abs(f(37.719)), n: (i + 0.5) / count };
});

export interface Scene {
  view: View; weather: ReadonlyMap<string, WeatherNow>; light: number; beam: Point | undefined; still: boolean;
}

export class Sky {
  private readonly fog = motes(34);
  private readonly rain = motes(420);
  private readonly snow = motes(230);
  private readonly gusts = motes(9);
  private flash = 0;
  private time = 0;
  private sprite: HTMLCanvasElement | undefined;
  private spriteLight = -1;
  private low: CanvasRenderingContext2D | undefined;

  constructor(private readonly regions: RegionMap) {}

  draw(canvas: HTMLCanvasElement, scene: Scene, seconds: number): void {
    const context = canvas.getContext('2d');
    if (!context) return;
    const { view: v } = scene;
    const dense = canvas.width / Math.max(1, v.w);
    this.time += scene.still ? 0 : seconds;
    context.setTransform(dense, 0, 0, dense, 0, 0);
    context.clearRect(0, 0, v.w, v.h);
    const all = this.regions.regions.map((r) => amountsOf(scene.weather.get(r)));
    const of = (key: 'fog' | 'rain' | 'snow' | 'cloud' | 'wind' | 'heat' | 'cold') => all.map((a) => a[key]);
    const winds = this.regions.regions.map((r) => Math.min(1, (scene.weather.get(r)?.wind_kmh ?? 5) / 60));
    const wind = Math.max(0.04, ...winds);
    const here = (x: number, y: number, values: number[]) => this.regions.at(fromScreen(v, { x, y }), values);
    this.tint(context, v, of('heat'), of('cold'));
    if (Math.max(...of('cloud'), ...of('fog')) > 0) {
      // Soft things are drawn small and stretched: a sixteenth of the work, and nobody sees it.
      const small = this.small(Math.ceil(v.w / kSoft), Math.ceil(v.h / kSoft));
      small.setTransform(1 / kSoft, 0, 0, 1 / kSoft, 0, 0);
      small.clearRect(0, 0, v.w + kSoft, v.h + kSoft);
      this.clouds(small, v, of('cloud'), here, wind, scene.light);
      this.drawFog(small, v, of('fog'), here, wind, scene.light);
      context.drawImage(small.canvas, 0, 0, small.canvas.width * kSoft, small.canvas.height * kSoft);
    }
    if (scene.beam) this.beam(context, v, scene, here, of('fog'));
    this.gust(context, v, of('wind'), here, scene.light);
    this.drawRain(context, v, of('rain'), here, wind, scene.light);
    this.drawSnow(context, v, of('snow'), here, wind, scene.light);
    if (all.some((a) => a.storm) && !scene.still) this.lightning(context, v, seconds);
  }

  private small(w: number, h: number): CanvasRenderingContext2D {
    this.low ??= document.createElement('canvas').getContext('2d')!;
    const canvas = this.low.canvas;
    if (canvas.width !== w || canvas.height !== h) {
      canvas.width = w;
      canvas.height = h;
    }
    return this.low;
  }

  private tint(c: CanvasRenderingContext2D, v: View, heat: number[], cold: number[]): void {
    const h = Math.max(...heat, 0);
    const k = Math.max(...cold, 0);
    if (h > 0) { c.fillStyle = `rgba(240,150,60,${0.1 * h})`; c.fillRect(0, 0, v.w, v.h); }
    if (k > 0) { c.fillStyle = `rgba(120,170,230,${0.13 * k})`; c.fillRect(0, 0, v.w, v.h); }
  }

  private soft(light: number): HTMLCanvasElement {
    const step = Math.round(light * 8) / 8;
    if (this.sprite && this.spriteLight === step) return this.sprite;
    const size = 192;
    const sprite = document.createElement('canvas');
    sprite.width = sprite.height = size;
    const c = sprite.getContext('2d')!;
    const tone = (from: number, to: number) => Math.round(from + (to - from) * step);
    const colour = `${tone(112, 246)},${tone(124, 246)},${tone(148, 244)}`;
    const g = c.createRadialGradient(size / 2, size / 2, 0, size / 2, size / 2, size / 2);
    for (const [at, alpha] of [[0, 0.7], [0.35, 0.47], [0.7, 0.16], [1, 0]]) g.addColorStop(at!, `rgba(${colour},${alpha})`);
    c.fillStyle = g;
    c.fillRect(0, 0, size, size);
    this.sprite = sprite;
    this.spriteLight = step;
    return sprite;
  }

  private drawFog(c: CanvasRenderingContext2D, v: View, fog: number[], here: (x: number, y: number, n: number[]) => number, wind: number, light: number): void {
    if (Math.max(...fog, 0) <= 0) return;
    const sprite = this.soft(light);
    const base = Math.max(v.w, v.h);
    for (const m of this.fog) {
      const size = base * (0.22 + 0.3 * m.z);
      const span = v.w + size;
      const drift = this.time * (4 + 26 * wind) * (0.5 + m.z);
      const x = ((m.x * span + drift) % span) - size / 2;
      const y = m.y * v.h + Math.sin(this.time * 0.08 + m.n * 40) * 14;
      const amount = here(x, y, fog);
      if (amount < 0.02) continue;
      c.globalAlpha = Math.min(1, amount * (0.55 + 0.4 * Math.abs(Math.sin(this.time * 0.05 + m.n * 17))));
      c.drawImage(sprite, x - size / 2, y - size * 0.31, size, size * 0.62);
    }
    c.globalAlpha = 1;
  }

  private clouds(c: CanvasRenderingContext2D, v: View, cloud: number[], here: (x: number, y: number, n: number[]) => number, wind: number, light: number): void {
    if (Math.max(...cloud, 0) <= 0) return;
    for (const m of this.fog.slice(0, 14)) {
      const size = Math.max(v.w, v.h) * (0.3 + 0.35 * m.z);
      const span = v.w + size * 2;
      const x = ((m.y * span + this.time * (6 + 40 * wind)) % span) - size;
      const y = m.x * v.h;
      const amount = here(x, y, cloud) * (0.07 + 0.09 * light);
      if (amount < 0.01) continue;
      const g = c.createRadialGradient(x, y, 0, x, y, size / 2);
      g.addColorStop(0, `rgba(30,36,52,${amount})`);
      g.addColorStop(1, 'rgba(30,36,52,0)');
      c.fillStyle = g;
      c.fillRect(x - size / 2, y - size / 2, size, size);
    }
  }

  private drawRain(c: CanvasRenderingContext2D, v: View, rain: number[], here: (x: number, y: number, n: number[]) => number, wind: number, light: number): void {
    const most = Math.max(...rain, 0);
    if (most <= 0) return;
    c.strokeStyle = light > 0.5 ? 'rgba(48,68,98,.55)' : 'rgba(178,198,228,.42)';
    c.lineWidth = 1;
    c.beginPath();
    const slant = 0.1 + wind * 0.7;
    for (const m of this.rain) {
      if (m.n > most) break;
      const length = 9 + 9 * m.z;
      const fall = (m.y + this.time * (0.9 + 0.5 * m.z)) % 1;
      const y = fall * (v.h + 40) - 20;
      const x = (((m.x * v.w + y * slant) % v.w) + v.w) % v.w;
      if (here(x, y, rain) < m.n) continue;
      c.moveTo(x, y);
      c.lineTo(x - slant * -length, y + length);
    }
    c.stroke();
  }

  private drawSnow(c: CanvasRenderingContext2D, v: View, snow: number[], here: (x: number, y: number, n: number[]) => number, wind: number, light: number): void {
    const most = Math.max(...snow, 0);
    if (most <= 0) return;
    c.fillStyle = light > 0.5 ? 'rgba(255,255,255,.95)' : 'rgba(214,224,240,.8)';
    c.strokeStyle = 'rgba(80,95,122,.6)';
    c.lineWidth = 0.6;
    for (const m of this.snow) {
      if (m.n > most) break;
      const r = 1.1 + 2 * m.z;
      const y = ((m.y + this.time * (0.05 + 0.06 * m.z)) % 1) * (v.h + 20) - 10;
      const x = (((m.x * v.w + this.time * wind * 120 * (0.5 + m.z) + Math.sin(this.time * 0.7 + m.n * 60) * 12) % v.w) + v.w) % v.w;
      if (here(x, y, snow) < m.n) continue;
      c.beginPath();
      c.arc(x, y, r, 0, 7);
      c.fill();
      if (light > 0.5) c.stroke();
    }
  }

  private gust(c: CanvasRenderingContext2D, v: View, wind: number[], here: (x: number, y: number, n: number[]) => number, light: number): void {
    const most = Math.max(...wind, 0);
    if (most <= 0) return;
    c.lineWidth = 1.2;
    c.lineCap = 'round';
    for (const m of this.gusts) {
      const cycle = (this.time * (0.12 + 0.1 * m.z) + m.n) % 1;
      const length = 90 + 130 * m.z;
      const x = cycle * (v.w + length * 2) - length;
      const y = m.y * v.h;
      const alpha = Math.sin(cycle * Math.PI) * here(x, y, wind) * 0.5;
      if (alpha < 0.02) continue;
      c.strokeStyle = light > 0.5 ? `rgba(90,86,80,${alpha})` : `rgba(200,212,232,${alpha})`;
      c.beginPath();
      c.moveTo(x - length, y);
      c.bezierCurveTo(x - length * 0.6, y - 9, x - length * 0.3, y + 7, x, y - 2);
      c.bezierCurveTo(x + 16, y - 8, x + 12, y - 18, x + 3, y - 14);
      c.stroke();
    }
  }

  // Seldom, short and faint: never more than one in seven seconds.
  private lightning(c: CanvasRenderingContext2D, v: View, seconds: number): void {
    const before = Math.floor((this.time - seconds) / 7);
    if (Math.floor(this.time / 7) !== before) this.flash = 1;
    if (this.flash < 0.02) return;
    c.fillStyle = `rgba(235,240,255,${0.2 * this.flash})`;
    c.fillRect(0, 0, v.w, v.h);
    this.flash *= 0.86;
  }

  private beam(c: CanvasRenderingContext2D, v: View, scene: Scene, here: (x: number, y: number, n: number[]) => number, fog: number[]): void {
    const dark = 1 - scene.light;
    if (dark < 0.25) return;
    const p = toScreen(v, scene.beam!);
    const thick = here(p.x, p.y, fog);
    const reach = 300 * v.k;
    const turn = scene.still ? 0.6 : this.time * 0.42;
    const half = 0.12 + 0.05 * thick;
    for (const way of [0, Math.PI]) {
      const angle = turn + way;
      const g = c.createRadialGradient(p.x, p.y, 4, p.x, p.y, reach);
      const strength = dark * (0.24 + 0.16 * thick);
      g.addColorStop(0, `rgba(255,226,160,${strength})`);
      g.addColorStop(0.35, `rgba(255,226,160,${strength * 0.4})`);
      g.addColorStop(1, 'rgba(255,226,160,0)');
      c.fillStyle = g;
      for (const width of [half, half * 0.72, half * 0.45, half * 0.2]) {
        c.beginPath();
        c.moveTo(p.x, p.y);
        c.arc(p.x, p.y, reach, angle - width, angle + width);
        c.closePath();
        c.fill();
      }
    }
  }
}

// How grey the weather makes the colours, and how much snow lies, over all regions.
export function mood(weather: ReadonlyMap<string, WeatherNow>): { grey: number; white: number } {
  let grey = 0;
  let white = 0;
  for (const w of weather.values()) {
    const a = amountsOf(w);
    grey += Math.min(1, a.cloud * 0.8 + a.fog * 0.7) / weather.size;
    white += a.snow / weather.size;
  }
  return { grey, white };
}
