import { describe, expect, it } from 'vitest';
import { SseParser, type Sse } from './sse';

const all = (...pieces: string[]): Sse[] => {
  const parser = new SseParser();
  return pieces.flatMap((p) => parser.feed(p));
};

describe('SseParser', () => {
  it('reads deltas and the end', () => {
    expect(all('event: delta\ndata: {"text":"Mind "}\n\nevent: done\ndata: {}\n\n')).toEqual([
      { event: 'delta', data: '{"text":"Mind "}', id: '' }, { event: 'done', data: '{}', id: '' },
    ]);
  });

  it('gives the same whatever the pieces', () => {
    const text = ': hello\nid: 7\nevent: delta\ndata: one\ndata: two\n\ndata:three\n\n';
    const whole = all(text);
    expect(whole).toEqual([{ event: 'delta', data: 'one\ntwo', id: '7' }, { event: 'message', data: 'three', id: '7' }]);
    for (let size = 1; size < text.length; ++size) {
      const pieces = Array.from({ length: Math.ceil(text.length / size) }, (_, i) => text.slice(i * size, (i + 1) * size));
      expect(all(...pieces)).toEqual(whole);
      const crlf = text.replace(/\n/g, '\r\n');
      const others = Array.from({ length: Math.ceil(crlf.length / size) }, (_, i) => crlf.slice(i * size, (i + 1) * size));
      expect(all(...others)).toEqual(whole);
    }
  });

  it.each([
    ['an unfinished event', 'data: x\n', []],
    ['an event without data', 'event: ping\n\n', []],
    ['a field without a value', 'data\n\n', [{ event: 'message', data: '', id: '' }]],
    ['one space is cut, not two', 'data:  x\n\n', [{ event: 'message', data: ' x', id: '' }]],
    ['unknown fields', 'retry: 5\nfoo: 1\ndata: x\n\n', [{ event: 'message', data: 'x', id: '' }]],
    ['line ends of old', 'data: x\r\rdata: y\r\r', [{ event: 'message', data: 'x', id: '' }, { event: 'message', data: 'y', id: '' }]],
  ])('%s', (_, text, expected) => expect(all(text)).toEqual(expected));
});
