import { randomUUID } from 'node:crypto';
import { type Entry, journalLine, readJournal, replay, StepClock } from '../../counters/journal.ts';
import { MemoryCounters } from '../../counters/memory.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Ask, Claim, Count, Hold, Reserved, Settled } from '../../ports/counter-store.ts';
import type { StoreState } from './breaker.ts';
import type { FaultReason } from './remote.ts';
import type { ServedCounters } from './serve.ts';

/** Where a journal is kept. All that writes throws what the system throws. */
export interface JournalPlace {
  /** What was there at the start; undefined: nothing yet. */
  readonly found: Uint8Array | undefined;
  /** Of what is there now. */
  readonly bytes: number;
  /** Adds to it. When it throws, a part may have been added; only `replace` mends that. */
  append(text: string): void;
  /** Puts a new one into its place, in one step, and on the disk. */
  replace(text: string): void;
  /** Resolves when all is on the disk. */
  sync(): Promise<void>;
  close(): void;
}

export interface JournaledOptions {
  readonly clock: Clock;
  readonly place: JournalPlace;
  /** Once for each change: when the journal cannot be written, and when it can again. */
  readonly onState?: (state: StoreState) => void;
}

/** Counts of this process that outlive it. */
export interface JournaledCounters extends ServedCounters {
  /** Of a line that was not finished when the process before ended: promised to nobody, and left out. */
  readonly tornBytes: number;
  close(): Promise<void>;
}

const syncEveryMs = 1000;
const retryMs = 500;
/** A journal is begun anew, with what is counted then, when it is longer than this and than four times what it began with. */
const longBytes = 16 * 1024 * 1024;

/**
 * Counts in this process with a journal: nothing is answered before it is written, many changes at once in one write. So
 * what was granted or settled is still counted when this process was killed and another reads its journal. The disk is
 * told to keep it once a second: a machine that loses power forgets at most that.
 *
 * A journal that cannot be written makes the store `lost`, not silent: nothing is granted until a new one, with what is
 * counted by then, could be put in its place. Throws a `JournalError` for one that cannot be read.
 */
export const journaledCounters = (options: JournaledOptions): JournaledCounters => new Journaled(options);

/** Changes that are answered together. */
interface Batch {
  text: string;
  /** Takes back what was granted. */
  readonly undo: (() => void)[];
  readonly written: Promise<boolean>;
  readonly resolve: (isWritten: boolean) => void;
}

class Journaled implements JournaledCounters {
  readonly tornBytes: number;
  readonly #place: JournalPlace;
  readonly #clock: Clock;
  readonly #time = new StepClock();
  readonly #counters = new MemoryCounters({ clock: this.#time });
  readonly #name: string;
  readonly #onState: (state: StoreState) => void;
  /** What the clock of the counts shows beyond that of the machine. */
  readonly #aheadMs: number;
  #batch: Batch | undefined;
  #isLost = false;
  #isUnsynced = false;
  #begunWithBytes = 0;
  #stopTimer: () => void = () => {};
  #stopRetry: () => void = () => {};

  constructor({ clock, place, onState }: JournaledOptions) {
    this.#clock = clock;
    this.#place = place;
    this.#onState = onState ?? (() => {});
    const journal = place.found && readJournal(place.found);
    this.tornBytes = journal?.tornBytes ?? 0;
    this.#name = (journal && replay(journal, this.#counters, this.#time)) ?? randomUUID();
    const [lastMs] = this.#time.moment;
    this.#aheadMs = Math.max(lastMs, clock.epochMs()) - clock.nowMs();
    this.#beginAnew();
    this.#syncLater();
  }

  async probe(): Promise<string | undefined> {
    return this.#isLost ? undefined : this.#name;
  }

  async reserve(ask: Ask): Promise<Reserved> {
    if (this.#isLost) return { kind: 'lost' };
    this.#step();
    const wasOpen = this.#counters.isOpen(ask.id);
    const answer = this.#counters.reserve(ask);
    if (answer.kind === 'granted' && !wasOpen) {
      const { output, ...hold } = ask;
      this.#note({ hold, output: answer.output }, () => void this.#counters.settle(ask.id, []));
    }
    return (await this.#written()) ? answer : { kind: 'lost' };
  }

  /** While the journal cannot be written it is settled all the same; the next journal begins with it. */
  async settle(id: string, amounts: readonly number[]): Promise<Settled> {
    this.#step();
    const settled = this.#counters.settle(id, amounts);
    if (settled !== 'already') this.#note({ settle: [id, amounts] });
    return (await this.#written()) ? settled : 'lost';
  }

  async renew(id: string, leaseMs: number): Promise<boolean | undefined> {
    this.#step();
    const isOpen = this.#counters.renew(id, leaseMs);
    if (isOpen) this.#note({ renew: [id, leaseMs] });
    return (await this.#written()) ? isOpen : undefined;
  }

  async read(claims: readonly Claim[]): Promise<readonly Count[] | undefined> {
    this.#step();
    return this.#isLost ? undefined : this.#counters.read(claims);
  }

  async holds(): Promise<readonly Hold[] | undefined> {
    this.#step();
    return this.#isLost ? undefined : this.#counters.holds();
  }

  async adjust(claim: Claim, amount: number): Promise<Count | undefined> {
    if (this.#isLost) return undefined;
    this.#step();
    const count = this.#counters.adjust(claim, amount);
    this.#note({ adjust: [claim, amount] });
    return (await this.#written()) ? count : undefined;
  }

  async close(): Promise<void> {
    this.#stopTimer();
    this.#stopRetry();
    this.#write();
    await this.#place.sync().catch(() => {}); // what it could not keep was told when it was written
    this.#place.close();
  }

  #step(): void {
    this.#time.set([Math.floor(this.#clock.nowMs() + this.#aheadMs), Math.floor(this.#clock.epochMs())]);
  }

  #note(entry: Entry, undo?: () => void): void {
    if (this.#isLost) return;
    this.#batch ??= this.#newBatch();
    this.#batch.text += journalLine(this.#time.moment, entry);
    if (undo) this.#batch.undo.push(undo);
  }

  #newBatch(): Batch {
    setImmediate(() => this.#write());
    const { promise, resolve } = Promise.withResolvers<boolean>();
    return { text: '', undo: [], written: promise, resolve };
  }

  /** Whether all that was done until now will outlive this process. */
  async #written(): Promise<boolean> {
    return this.#batch ? this.#batch.written : !this.#isLost;
  }

  #write(): void {
    const batch = this.#batch;
    if (!batch) return;
    this.#batch = undefined;
    try {
      this.#place.append(batch.text);
      this.#isUnsynced = true;
    } catch (cause) {
      for (const undo of batch.undo) undo();
      this.#lose(cause);
      return batch.resolve(false);
    }
    batch.resolve(true);
    if (this.#place.bytes > Math.max(longBytes, 4 * this.#begunWithBytes)) this.#beginAnew();
  }

  /** With a new journal, which holds what is counted now. */
  #beginAnew(): void {
    this.#step();
    const begin = { format: 1, name: this.#name, counts: this.#counters.save() } as const;
    try {
      this.#place.replace(journalLine(this.#time.moment, begin));
    } catch (cause) {
      return this.#lose(cause);
    }
    this.#begunWithBytes = this.#place.bytes;
    this.#isUnsynced = false;
    if (!this.#isLost) return;
    this.#isLost = false;
    this.#onState({ kind: 'ready' });
  }

  #lose(cause: unknown): void {
    this.#stopRetry();
    this.#stopRetry = this.#clock.after(retryMs, () => this.#beginAnew());
    if (this.#isLost) return;
    this.#isLost = true;
    this.#onState({ kind: 'lost', reason: reasonOf(cause) });
  }

  #syncLater(): void {
    this.#stopTimer = this.#clock.after(syncEveryMs, async () => {
      if (this.#isUnsynced && !this.#isLost) {
        this.#isUnsynced = false;
        await this.#place.sync().catch((cause) => this.#lose(cause));
      }
      this.#syncLater();
    });
  }
}

/** `ENOSPC` and `EDQUOT`: no room, or none for this user. */
const reasonOf = (cause: unknown): FaultReason => {
  const code = cause instanceof Error && 'code' in cause ? cause.code : '';
  return code === 'ENOSPC' || code === 'EDQUOT' ? 'full' : 'disk';
};
