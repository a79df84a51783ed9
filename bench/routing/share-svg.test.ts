import { expect, test } from 'vitest';
import { shareSvg } from './share-svg.ts';

const request = (second: number, name: string) => ({
  atMs: second * 1000,
  tried: [name],
  served: name,
  durationMs: 1,
});

test('draws shares from the bottom up, over the whole time', () => {
  const svg = shareSvg({
    title: 'Title',
    note: 'Note',
    requests: [request(0, 'A'), request(1, 'A'), request(2, 'A'), request(3, 'B'), request(5, 'B')],
    upstreams: ['A', 'B'],
    seconds: 8,
    incidents: [{ upstream: 'A', from: 4, to: 8, what: 'A is down' }],
  });
  const [a, b] = [...svg.matchAll(/class="area\d" d="([^"]+)"/g)].map(([, path]) => path);
  expect(a).toBe('M56,346 V175.0 H411.0 V346.0 H766.0 V346.0 H411.0 V346.0 H56.0 z');
  expect(b).toBe('M56,346 V118.0 H411.0 V118.0 H766.0 V346.0 H411.0 V175.0 H56.0 z');
  expect(svg).toContain('>A is down</text>');
});
