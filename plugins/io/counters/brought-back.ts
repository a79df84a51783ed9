import { countName } from '../../counters/claims.ts';
import { windowAt } from '../../counters/windows.ts';
import type { Claim, CounterStore } from '../../ports/counter-store.ts';

/** Puts counts of a store back to what others saw of them before it forgot: see `bringBack` of a `RemoteStore`. */
export class BroughtBack {
  readonly #store: CounterStore;
  /** By count and window: what it was brought back to, or had when it was first asked for. */
  readonly #floors = new Map<string, number>();
  #last: Promise<unknown> = Promise.resolve();

  constructor(store: CounterStore) {
    this.#store = store;
  }

  /** One after the other: each builds on what the one before brought back. False: the store is lost. */
  raise(claims: readonly Claim[], epochMs: number): Promise<boolean> {
    const raised = this.#last.then(() => this.#raiseAll(claims, epochMs));
    this.#last = raised.catch(() => {});
    return raised;
  }

  async #raiseAll(claims: readonly Claim[], epochMs: number): Promise<boolean> {
    const counts = await this.#store.read(claims);
    for (const [index, { used, open }] of counts?.entries() ?? []) {
      const claim = claims[index];
      if (claim?.window.kind !== 'calendar') continue;
      const { per, zone } = claim.window;
      const name = `${countName(claim)}:${windowAt(per, zone, epochMs).key}`;
      const floor = this.#floors.get(name) ?? used + open;
      const missing = Math.max(0, claim.base - floor);
      if (missing > 0 && !(await this.#store.adjust(claim, missing))) return false;
      this.#floors.set(name, floor + missing);
    }
    return counts !== undefined;
  }
}
