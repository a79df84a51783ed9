import type { Clock } from '../../plugins/ports/clock.ts';

/** A clock that stands still between events. */
export class EventQueue {
  readonly #heap: Event[] = [];
  #nowMs = 0;
  #order = 0;

  readonly clock: Clock = {
    nowMs: () => this.#nowMs,
    epochMs: () => 1_800_000_000_000 + Math.floor(this.#nowMs),
    after: (delayMs, callback) => {
      this.after(delayMs, callback);
      return () => {};
    },
  };

  after(delayMs: number, run: () => void): void {
    this.#push({ atMs: this.#nowMs + delayMs, order: this.#order++, run });
  }

  /** Runs everything due until then, and lets it be then. */
  runUntil(atMs: number): void {
    for (let next = this.#heap[0]; next && next.atMs <= atMs; next = this.#heap[0]) {
      this.#pop();
      this.#nowMs = next.atMs;
      next.run();
    }
    if (Number.isFinite(atMs)) this.#nowMs = atMs;
  }

  #push(event: Event): void {
    const heap = this.#heap;
    let at = heap.push(event) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(heap[at], heap[parent])) return;
      swap(heap, at, parent);
      at = parent;
    }
  }

  /** Takes the first one away (a binary heap). */
  #pop(): void {
    const heap = this.#heap;
    swap(heap, 0, heap.length - 1);
    heap.pop();
    for (let at = 0; ; ) {
      const [left, right] = [2 * at + 1, 2 * at + 2];
      let first = at;
      if (isBefore(heap[left], heap[first])) first = left;
      if (isBefore(heap[right], heap[first])) first = right;
      if (first === at) return;
      swap(heap, at, first);
      at = first;
    }
  }
}

interface Event {
  readonly atMs: number;
  /** Of two events at the same time the one that was planned earlier comes first. */
  readonly order: number;
  readonly run: () => void;
}

const isBefore = (a: Event | undefined, b: Event | undefined): boolean =>
  a !== undefined && b !== undefined && (a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order));

const swap = (heap: Event[], a: number, b: number): void => {
  const [first, second] = [heap[a], heap[b]];
  if (!first || !second) return;
  heap[a] = second;
  heap[b] = first;
};

/** Uniform in [0, 1), the same for the same seed (mulberry32, Tommy Ettinger, public domain). */
export const seededRandom = (seed: number): (() => number) => {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let it = Math.imul(state ^ (state >>> 15), 1 | state);
    it = (it + Math.imul(it ^ (it >>> 7), 61 | it)) ^ it;
    return ((it ^ (it >>> 14)) >>> 0) / 4_294_967_296;
  };
};
