/** Something that ends unless its end is put off. */
export interface Leased {
  /** On the clock of the caller; infinite once it has been given up. */
  leaseEndMs: number;
}

interface Entry<T> {
  readonly of: T;
  readonly endMs: number;
}

/**
 * Finds leases that have ended, by a binary heap. Putting off an end costs nothing: the entry is placed anew when its
 * old time comes. What was given up stays in the heap until then, so the heap holds what was leased within one lease.
 */
export class Leases<T extends Leased> {
  readonly #heap: Entry<T>[] = [];

  add(of: T): void {
    const heap = this.#heap;
    const entry = { of, endMs: of.leaseEndMs };
    let at = heap.length;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = heap[above];
      if (!parent || parent.endMs <= entry.endMs) break;
      heap[at] = parent;
      at = above;
    }
    heap[at] = entry;
  }

  /** One whose lease ends at `nowMs` or before; it is in here no longer. */
  takeEnded(nowMs: number): T | undefined {
    for (;;) {
      const first = this.#heap[0];
      if (!first || first.endMs > nowMs) return undefined;
      this.#removeFirst();
      if (first.of.leaseEndMs <= nowMs) return first.of;
      if (first.of.leaseEndMs < Number.POSITIVE_INFINITY) this.add(first.of);
    }
  }

  #removeFirst(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (!last || heap.length === 0) return;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      const [left, right] = [heap[below], heap[below + 1]];
      if (left && right && right.endMs < left.endMs) below++;
      const child = heap[below];
      if (!child || child.endMs >= last.endMs) break;
      heap[at] = child;
      at = below;
    }
    heap[at] = last;
  }
}
