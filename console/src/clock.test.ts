import { describe, expect, it } from 'vitest';
import { clockText, kDay, kHour, kMinute, nowAt, resync, whenText } from './clock';

describe('clock', () => {
  const anchor = { gameMs: 7 * kHour, wallMs: 1000, scale: 60, paused: false };

  it('runs at its scale, and not when paused', () => {
    expect(nowAt(anchor, 2000)).toBe(7 * kHour + kMinute);
    expect(nowAt({ ...anchor, paused: true }, 2000)).toBe(7 * kHour);
    expect(nowAt(anchor, 0)).toBe(7 * kHour);
  });

  it('is nudged by a tick that nearly agrees and set by one that does not', () => {
    const near = resync(anchor, 7 * kHour + kMinute + 10_000, 2000);
    expect(near.gameMs).toBe(7 * kHour + kMinute + 2_000);
    expect(resync(anchor, 9 * kHour, 2000).gameMs).toBe(9 * kHour);
  });

  it('is read by people', () => {
    expect(clockText(kDay + 13 * kHour + 5 * kMinute)).toBe('13:05');
    const now = 3 * kDay + 8 * kHour;
    expect(whenText(3 * kDay + kHour, now)).toBe('01:00');
    expect(whenText(2 * kDay + kHour, now)).toBe('yesterday 01:00');
    expect(whenText(kHour, now)).toBe('day 1, 01:00');
    expect(whenText(-5 * kDay, now)).toBe('8 days ago');
  });
});
