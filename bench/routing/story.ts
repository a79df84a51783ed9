import type { SimulatedUpstream } from './simulation.ts';

/** Something that happens to an upstream, in seconds of the story. */
export interface Incident {
  readonly upstream: string;
  readonly from: number;
  readonly to: number;
  readonly what: string;
}

/** Ten minutes in which everything happens that routing is for. */
export const storySeconds = 600;

export const incidents: readonly Incident[] = [
  { upstream: 'A', from: 120, to: 240, what: 'A is ten times slower' },
  { upstream: 'B', from: 180, to: 210, what: 'B fails' },
  { upstream: 'A', from: 330, to: 450, what: 'A is down' },
  { upstream: 'C', from: 480, to: 600, what: 'C is as fast as A' },
];

const during = (at: number, atMs: number): boolean => {
  const incident = incidents[at];
  return incident !== undefined && atMs >= incident.from * 1000 && atMs < incident.to * 1000;
};

/** A is fast and has bad times, B is steady, C is slow until it is not. */
export const storyUpstreams: readonly SimulatedUpstream[] = [
  {
    name: 'A',
    price: { input: 3e6, output: 15e6 },
    behaviour: (atMs) => ({
      firstChunkMs: during(0, atMs) ? 4000 : 400,
      perTokenMs: 4,
      failing: during(2, atMs) ? 1 : 0,
    }),
  },
  {
    name: 'B',
    price: { input: 1e6, output: 5e6 },
    behaviour: (atMs) => ({ firstChunkMs: 700, perTokenMs: 5, failing: during(1, atMs) ? 1 : 0 }),
  },
  {
    name: 'C',
    price: { input: 0.5e6, output: 1.5e6 },
    behaviour: (atMs) => ({
      firstChunkMs: during(3, atMs) ? 400 : 1100,
      perTokenMs: during(3, atMs) ? 4 : 8,
    }),
  },
];
