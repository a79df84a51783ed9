import { crc32 } from 'node:zlib';
import type { Clock } from '../ports/clock.ts';
import type { Ask, Claim } from '../ports/counter-store.ts';
import type { MemoryCounters, SavedCounts } from './memory.ts';

/** What was done to counts, as it stands in a journal. */
export type Entry =
  /** The first of each journal: by what name the set of counts is known, and what they were when it was begun. */
  | { readonly format: 1; readonly name: string; readonly counts: SavedCounts }
  /** A reservation, for this much output. */
  | { readonly hold: Omit<Ask, 'output'>; readonly output: number }
  | { readonly settle: readonly [id: string, amounts: readonly number[]] }
  | { readonly renew: readonly [id: string, leaseMs: number] }
  | { readonly adjust: readonly [claim: Claim, amount: number] };

/** When it was done, on both clocks. */
export type Moment = readonly [nowMs: number, epochMs: number];

/**
 * Time as the counts of a journal see it: it stands still within one step, in whole milliseconds, so that a replay sees
 * the same; and it never steps back, also over a restart.
 */
export class StepClock implements Clock {
  #moment: Moment = [0, 0];

  get moment(): Moment {
    return this.#moment;
  }

  set(moment: Moment): void {
    this.#moment = moment;
  }

  nowMs(): number {
    return this.#moment[0];
  }

  epochMs(): number {
    return this.#moment[1];
  }

  after(): never {
    throw new Error('counts call nobody back');
  }
}

/** A journal that was changed by something else than its writer's end: parts in the middle cannot be read. */
export class JournalError extends Error {
  override readonly name = 'JournalError';
}

/** One line: a checksum (CRC-32, hexadecimal) and JSON. */
export const journalLine = (moment: Moment, entry: Entry): string => {
  const text = JSON.stringify([moment, entry]);
  return `${checksum(text)} ${text}\n`;
};

const checksum = (text: string | Uint8Array): string => crc32(text).toString(16).padStart(8, '0');

const checksumBytes = 9;
const newline = 0x0a;

export interface ReadJournal {
  readonly entries: readonly (readonly [Moment, Entry])[];
  /** At the end, of a line that was not finished when its writer ended. What it says was promised to nobody. */
  readonly tornBytes: number;
}

/** Reads the lines of a journal. Throws a `JournalError` unless all but the end can be read. */
export const readJournal = (bytes: Uint8Array): ReadJournal => {
  const entries: [Moment, Entry][] = [];
  let tornFrom: number | undefined;
  for (let from = 0; from < bytes.length; ) {
    const end = bytes.indexOf(newline, from);
    const line = end === -1 ? undefined : entryIn(bytes.subarray(from, end));
    if (line && tornFrom !== undefined) throw new JournalError(`cannot be read from byte ${tornFrom} on`);
    if (line) entries.push(line);
    else tornFrom ??= from;
    from = end === -1 ? bytes.length : end + 1;
  }
  return { entries, tornBytes: bytes.length - (tornFrom ?? bytes.length) };
};

const entryIn = (line: Uint8Array): [Moment, Entry] | undefined => {
  const text = line.subarray(checksumBytes);
  const isWhole = Buffer.from(line.subarray(0, checksumBytes)).toString('latin1') === `${checksum(text)} `;
  return isWhole ? JSON.parse(Buffer.from(text).toString('utf8')) : undefined; // what `journalLine` wrote
};

/** Does to `counters`, which are new, what the entries say. Returns the name of the set of counts. Throws a `JournalError`. */
export const replay = ({ entries }: ReadJournal, counters: MemoryCounters, clock: StepClock): string => {
  let name: string | undefined;
  for (const [moment, entry] of entries) {
    clock.set(moment);
    if ('format' in entry) {
      if (name !== undefined || entry.format !== 1) throw new JournalError('is of another version');
      name = entry.name;
      counters.restore(entry.counts);
    } else if (name === undefined) throw new JournalError('has no beginning');
    else apply(entry, counters);
  }
  if (name === undefined) throw new JournalError('has no beginning');
  return name;
};

const apply = (entry: Exclude<Entry, { format: 1 }>, counters: MemoryCounters): void => {
  if ('hold' in entry) {
    const { hold, output } = entry;
    counters.hold({ ...hold, output: { least: output, most: output } }, output);
  } else if ('settle' in entry) counters.settle(...entry.settle);
  else if ('renew' in entry) counters.renew(...entry.renew);
  else counters.adjust(...entry.adjust);
};
