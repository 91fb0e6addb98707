import { expect, it } from 'vitest';
import { hello, input, parseFrame } from './frames';
import { waitFor } from './socket';

it('waits longer each time, up to a bound', () => {
  const waits = Array.from({ length: 40 }, (_, i) => waitFor(i, () => 0.5));
  expect(waits.slice(0, 4)).toEqual([500, 1000, 2000, 4000]);
  expect(Math.max(...waits)).toBe(8000);
  expect(waitFor(0, () => 0)).toBeLessThan(waitFor(0, () => 1));
});

it('says hello as a designer in local mode, with a token otherwise', () => {
  expect(JSON.parse(hello({ player: 'anna', role: 'designer', token: '', cursor: 0 })).hello).toMatchObject({ player: 'anna', role: 'designer' });
  expect(JSON.parse(hello({ player: 'anna', role: 'designer', token: '', cursor: 0, world: 'moor' })).hello.world).toBe('moor');
  const known = JSON.parse(hello({ player: 'anna', role: 'designer', token: 't', cursor: 12 })).hello;
  expect(known).toMatchObject({ token: 't', cursor: '12' });
  expect(known.role).toBeUndefined();
});

it('reads frames, and survives what it does not know', () => {
  expect(parseFrame('{"welcome":{"player":"anna","role":"designer","cursor":"7","resumed":true}}')).toMatchObject({ kind: 'welcome', player: 'anna', cursor: 7, resumed: true });
  expect(parseFrame('{"event":{"envelope":{"world":"w","sequence":"3","type":"X"},"json":{"a":1}}}')).toMatchObject({ kind: 'event', event: { id: 'w-3', payload: { a: 1 } } });
  expect(parseFrame('{"goaway":{"reason":"slow","message":"too slow"}}')).toEqual({ kind: 'goaway', reason: 'slow', message: 'too slow' });
  expect(parseFrame('{"response":{"id":"0","error":{"code":"not_found","message":"no"}}}')).toEqual({ kind: 'problem', message: 'no' });
  for (const bad of ['', 'null', '[]', '{', '7', '{"new":{}}', '{"event":5}']) expect(() => parseFrame(bad)).not.toThrow();
  expect(JSON.parse(input(1, 2, 'marta', ''))).toEqual({ input: { position: { x: 1, y: 2 }, looked_at: 'marta', typing_to: '' } });
});
