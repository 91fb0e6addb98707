// How a place looks from above. Drawn around 0, 0 in map units; fills and strokes come from the style sheet.
import type { ComponentChildren } from 'preact';
import type { Place } from '../types';
import type { Point } from './geometry';

const kKinds: [RegExp, string][] = [
  [/church|chapel|temple|shrine|abbey/, 'church'], [/tower|lighthouse|beacon|mill/, 'tower'], [/market|bazaar/, 'market'],
  [/square|plaza|green|court/, 'square'], [/harbou?r|port|dock|quay|wharf|ferry/, 'harbour'], [/gate/, 'gate'],
  [/pier|mole|breakwater|jetty/, 'pier'], [/beach|cove|coast|shore|cave/, 'beach'], [/moor|heath|hill|mountain|ruin/, 'stone'],
  [/forest|wood|grove|garden|park/, 'wood'], [/street|row|lane|road|alley|bridge/, 'street'],
  [/office|hall|palace|castle|keep|manor|library|school/, 'hall'], [/inn|tavern|pub|hotel/, 'inn'],
];

export function shapeOf(place: Place): string {
  for (const [pattern, shape] of kKinds) if (pattern.test(place.kind)) return shape;
  return place.indoors ? 'house' : 'spot';
}

// How far the drawing reaches from its middle, in map units.
export function reach(place: Place): number {
  const shape = shapeOf(place);
  return shape === 'street' || shape === 'pier' ? 6 : shape === 'gate' || shape === 'spot' ? 8 : shape === 'tower' ? 12 : 13;
}

const Roof = ({ d, ridge }: { d: string; ridge: string }) => (
  <>
    <path class="roof" d={d} />
    <path class="ridge" d={ridge} />
  </>
);

const Boat = ({ x, y, turn }: Point & { turn: number }) => (
  <path class="boat" transform={`translate(${x} ${y}) rotate(${turn})`} d="M-5 0Q-3 -2.400 1 -2.200Q4 -1.800 6 0Q4 1.800 1 2.200Q-3 2.400 -5 0ZM-1 -2V2" />
);

// `sea`: the direction of the water, for boats.
export function Symbol({ place, sea }: { place: Place; sea: Point | undefined }): ComponentChildren {
  switch (shapeOf(place)) {
    case 'church':
      return <Roof d="M-13 -5H2V-11H9V-5H14V5H9V11H2V5H-13Z" ridge="M-13 0H14M5.500 -11V11M-9.500 0m0 -2.200v4.400" />;
    case 'tower':
      return (
        <>
          <circle class="rock" r="15" />
          <circle class="roof" r="9" />
          <circle class="ridge" r="5.500" />
          <path class="ridge" d="M0 -9V-5.500M0 9V5.500M-9 0H-5.500M9 0H5.500" />
        </>
      );
    case 'market':
      return (
        <>
          <path class="plaza" d="M-14 -8Q0 -11 13 -8L14 8Q0 11 -13 8Z" />
          <path class="stall" d="M-9 -5h5v3h-5zM-1 -6h5v3h-5zM6 -4h4v3h-4zM-8 2h5v3h-5zM1 2.500h5v3h-5z" />
        </>
      );
    case 'square':
      return (
        <>
          <path class="plaza" d="M-15 -9Q-2 -13 13 -10Q17 0 13 9Q0 13 -13 10Q-18 0 -15 -9Z" />
          <circle class="well" r="3.400" />
          <circle class="dot" r="1.300" />
          <path class="ridge" d="M-10 -4.500h4M6 -5h4M-9 5h4M6 5h4" />
        </>
      );
    case 'harbour': {
      const s = sea ?? { x: 0, y: 1 };
      const side = { x: -s.y, y: s.x };
      const turn = (Math.atan2(s.y, s.x) * 180) / Math.PI;
      const at = (along: number, out: number) => ({ x: side.x * along + s.x * out, y: side.y * along + s.y * out });
      return (
        <>
          <path class="plaza" d="M-16 -7H16L18 6H-18Z" transform={`rotate(${turn - 90})`} />
          <g class="jetty" transform={`rotate(${turn - 90})`}><path d="M-22 7V27M0 7V31M22 7V25" /></g>
          <Boat {...at(-28, 19)} turn={turn + 8} />
          <Boat {...at(-14, 22)} turn={turn - 6} />
          <Boat {...at(7, 25)} turn={turn + 4} />
          <Boat {...at(15, 17)} turn={turn - 10} />
          <Boat {...at(29, 20)} turn={turn + 3} />
        </>
      );
    }
    case 'gate':
      return <path class="roof" d="M-9 -4h5v8h-5zM4 -4h5v8h-5z" />;
    case 'pier':
      return <circle class="roof" r="5" />;
    case 'beach':
      return (
        <>
          <path class="dots" d="M-14 5h.1M-9 8h.1M-3 6h.1M3 9h.1M9 6h.1M13 8h.1M-11 1h.1M-5 2h.1M6 2h.1M12 3h.1" />
          <path class="cave" d="M-6 -3Q-5 -10 1 -10Q7 -9 7 -3Z" />
        </>
      );
    case 'stone':
      return (
        <>
          <path class="roof" d="M-2 5L-3.500 -9L-1 -11L2.500 -8L3 5Z" />
          <path class="tuft" d="M-12 3l3 3l3 -3M-9 2v4M7 1l3 3l3 -3M10 0v4M-6 9l2.500 2.500l2.500 -2.500M-3.500 8v3.500" />
        </>
      );
    case 'wood':
      return (
        <>
          {[[-8, -3], [0, -7], [7, -2], [-3, 4], [6, 6]].map(([x, y]) => <circle key={x} class="tree" cx={x} cy={y} r="5" />)}
        </>
      );
    case 'street':
      return <circle class="node" r="2.600" />;
    case 'hall':
      return <Roof d="M-14 -8H14V4H5V9H-5V4H-14Z" ridge="M-9 -2H9M0 -2V9M-14 -8L-9 -2L-14 4M14 -8L9 -2L14 4" />;
    case 'inn':
      return <Roof d="M-12 -9H3V-1H12V9H-12Z" ridge="M-7.500 -9V9M-7.500 4H12M-3 -5h3" />;
    case 'house':
      return <Roof d="M-11 -7H11V7H-11Z" ridge="M-5.500 0H5.500M-11 -7L-5.500 0L-11 7M11 -7L5.500 0L11 7" />;
    default:
      return <circle class="plaza" r="6" />;
  }
}
