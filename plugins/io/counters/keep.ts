import { memoryCounters } from '../../counters/memory.ts';
import type { CounterStore } from '../../ports/counter-store.ts';
import { systemClock } from '../clock.ts';
import type { StoreState } from './breaker.ts';
import { openJournalPlace } from './journal-place.ts';
import { journaledCounters } from './journaled.ts';
import type { ServedCounters } from './serve.ts';

/** Counts, wherever they are kept. */
export interface OpenedCounters extends ServedCounters {
  /** Whether the store answers, at the latest after `withinMs`. Before that, calls are `lost`. */
  ready(withinMs: number): Promise<boolean>;
  /** Gives back what was drawn ahead. What is open is left to its leases. */
  close(): Promise<void>;
}

export interface KeptCounters {
  /** Where a journal of them is kept, closed to other users; absent: they are gone with this process. */
  readonly directory?: string | undefined;
  /** Told when the journal cannot be written, and when it can again. */
  readonly onState?: (state: StoreState) => void;
  /** Told, in words, what was found in the directory. */
  readonly onFound?: (text: string) => void;
}

/**
 * Counts that this process keeps. Throws when the directory cannot be used: a `LockedError` when another process does, a
 * `JournalError` when its journal was changed by somebody else, or what the file system throws.
 */
export const keepCounters = ({ directory, onState, onFound }: KeptCounters): OpenedCounters => {
  if (directory === undefined) {
    return { ...memoryCounters({ clock: systemClock }), ready: async () => true, close: async () => {} };
  }
  const place = openJournalPlace(directory);
  const told = onState ? { onState } : {};
  const store = journaledCounters({ clock: systemClock, place, ...told });
  if (store.tornBytes > 0) {
    onFound?.(`${store.tornBytes} bytes at the end of the journal of counts were never finished: left out`);
  }
  const isReady = async () => (await store.probe?.()) !== undefined;
  return {
    ...callsOf(store),
    probe: async () => store.probe?.(),
    ready: isReady,
    close: () => store.close(),
  };
};

/** Its calls as properties of their own. */
export const callsOf = (store: CounterStore): CounterStore => ({
  reserve: (ask) => store.reserve(ask),
  settle: (id, amounts) => store.settle(id, amounts),
  renew: (id, leaseMs) => store.renew(id, leaseMs),
  read: (claims) => store.read(claims),
  holds: () => store.holds(),
  adjust: (claim, amount) => store.adjust(claim, amount),
});
