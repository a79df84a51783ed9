import type { Clock } from '../ports/clock.ts';
import type {
  Ask,
  Claim,
  ClaimState,
  Count,
  CounterStore,
  Hold,
  Reserved,
  Settled,
} from '../ports/counter-store.ts';
import { amountFor, checkAmounts, checkAsk, countName, outputWithin } from './claims.ts';
import { Leases } from './leases.ts';
import {
  CalendarTally,
  type Held,
  newTally,
  OpenTally,
  presentTally,
  restoreTally,
  type SavedTally,
  type Tally,
} from './tally.ts';

export interface MemoryOptions {
  /** Windows follow its wall clock, leases and rates the one that never steps back. */
  readonly clock: Clock;
  /** How many ended reservations are remembered. The default is 100,000 (about 30 MB). */
  readonly maxEnded?: number;
}

/**
 * Counts in this process. A reservation is charged to the window in which it was made, whenever it is settled.
 *
 * Bounded: a count goes when the window after its own is over, a rate when its bucket is empty. Of reservations that
 * ended the last `maxEnded` are remembered, so that a retry of their id holds nothing and a late settlement refunds.
 * A retry comes within seconds of the first try; one that was forgotten counts as a new reservation, which its lease
 * charges: too much is charged then, never too little.
 */
export const memoryCounters = (options: MemoryOptions): CounterStore => {
  const counters = new MemoryCounters(options);
  return {
    reserve: async (ask) => counters.reserve(ask),
    settle: async (id, amounts) => counters.settle(id, amounts),
    renew: async (id, leaseMs) => counters.renew(id, leaseMs),
    read: async (claims) => counters.read(claims),
    holds: async () => counters.holds(),
    adjust: async (claim, amount) => counters.adjust(claim, amount),
  };
};

interface Reservation {
  readonly id: string;
  readonly owner: string;
  readonly atMs: number;
  readonly output: number;
  readonly claims: readonly Claim[];
  readonly held: readonly Held[];
  leaseEndMs: number;
}

/** How a reservation ended; `void` was settled without ever being made. */
type Ended = 'settled' | 'void' | Reservation;

/** All counts as JSON, for `MemoryCounters.restore`. */
export interface SavedCounts {
  /** By their names. */
  readonly tallies: readonly {
    readonly name: string;
    readonly now: SavedTally;
    readonly before?: SavedTally;
  }[];
  readonly open: readonly SavedReservation[];
  /** Ids that ended, the oldest first; with the reservation where a late settlement may still refund. */
  readonly ended: readonly (readonly [id: string, how: 'settled' | 'void' | SavedReservation])[];
}

interface SavedReservation extends Omit<Reservation, 'held' | 'leaseEndMs'> {
  /** Null: over. */
  readonly leaseEndMs: number | null;
  /** Without a place: a window that nothing depends on any more. */
  readonly held: readonly (Omit<Held, 'tally'> & { readonly in?: TallyPlace })[];
}

/** Its name, and how many windows before the present one it stands for. */
type TallyPlace = readonly [name: string, back: number];

/** Counts in this process; each step is whole when it returns. `memoryCounters` makes a `CounterStore` of it. */
export class MemoryCounters {
  readonly #clock: Clock;
  readonly #maxEnded: number;
  readonly #tallies = new Map<string, Tally>();
  #inspected = this.#tallies.entries();
  readonly #open = new Map<string, Reservation>();
  readonly #leases = new Leases<Reservation>();
  /** The oldest first. One whose lease ended is there as it was. */
  readonly #ended = new Map<string, Ended>();

  constructor({ clock, maxEnded = 100_000 }: MemoryOptions) {
    this.#clock = clock;
    this.#maxEnded = maxEnded;
  }

  isOpen(id: string): boolean {
    return this.#open.has(id);
  }

  /** Holds for this much output what was granted before, whether or not it fits today. */
  hold(ask: Ask, output: number): void {
    this.#tidy();
    if (this.#open.has(ask.id) || this.#ended.has(ask.id)) return;
    this.#hold(
      ask,
      output,
      ask.claims.map((claim) => this.#tally(claim)),
    );
  }

  save(): SavedCounts {
    this.#tidy();
    const places = new Map<Tally, TallyPlace>();
    const tallies = [...this.#tallies].map(([name, tally]) => {
      places.set(tally, [name, 0]);
      const before = tally instanceof CalendarTally ? tally.before : undefined;
      if (before) places.set(before, [name, 1]);
      return { name, now: tally.save(), ...(before && { before: before.save() }) };
    });
    return {
      tallies,
      open: [...this.#open.values()].map((it) => savedReservation(it, places)),
      ended: [...this.#ended].map(([id, how]) => [
        id,
        typeof how === 'string' ? how : savedReservation(how, places),
      ]),
    };
  }

  /** Puts back what `save` gave, into counters that are new. */
  restore({ tallies, open, ended }: SavedCounts): void {
    for (const { name, now, before } of tallies) {
      const tallyBefore = before && restoreTally(before, undefined, this.#clock);
      this.#tallies.set(name, restoreTally(now, tallyBefore, this.#clock));
    }
    for (const saved of open) {
      const reservation = this.#restored(saved);
      this.#open.set(saved.id, reservation);
      this.#leases.add(reservation);
    }
    for (const [id, how] of ended) {
      this.#ended.set(id, typeof how === 'string' ? how : this.#restored(how));
    }
  }

  #restored({ held, leaseEndMs, ...saved }: SavedReservation): Reservation {
    return {
      ...saved,
      leaseEndMs: leaseEndMs ?? Number.POSITIVE_INFINITY,
      held: held.map(({ in: place, ...rest }) => ({ ...rest, tally: this.#tallyAt(place) })),
    };
  }

  /** Where nothing is to be found any more, what becomes of it is of no interest. */
  #tallyAt(place: TallyPlace | undefined): Tally {
    if (!place) return new OpenTally();
    const [name, back] = place;
    const tally = this.#tallies.get(name);
    const found = back === 1 && tally instanceof CalendarTally ? tally.before : tally;
    return found ?? new OpenTally();
  }

  reserve(ask: Ask): Reserved {
    checkAsk(ask);
    this.#tidy();
    const known = this.#open.get(ask.id);
    if (known) return granted(known);
    if (this.#ended.has(ask.id)) return { kind: 'lost' };
    const tallies = ask.claims.map((claim) => this.#tally(claim));
    if (new Set(tallies).size < tallies.length) throw new RangeError('two claims on one count');
    let output = ask.output.most;
    for (const [index, claim] of ask.claims.entries()) {
      if (!claim.enforced) continue;
      const room = tallies[index]?.room(claim) ?? 0;
      output = Math.min(output, outputWithin(claim, Math.max(0, room), output));
      if (output < ask.output.least) return refused(ask, index, tallies);
    }
    return granted(this.#hold(ask, output, tallies));
  }

  settle(id: string, amounts: readonly number[]): Settled {
    checkAmounts(amounts);
    this.#tidy();
    const reservation = this.#open.get(id);
    if (!reservation) return this.#settleEnded(id, amounts);
    this.#end(reservation, 'settled');
    for (const [index, held] of reservation.held.entries()) held.tally.settle(held, amounts[index] ?? 0);
    return 'settled';
  }

  renew(id: string, leaseMs: number): boolean {
    this.#tidy();
    const reservation = this.#open.get(id);
    if (!reservation) return false;
    const leaseEndMs = this.#clock.nowMs() + leaseMs;
    const isSooner = leaseEndMs < reservation.leaseEndMs;
    reservation.leaseEndMs = leaseEndMs;
    if (isSooner) this.#leases.add(reservation);
    return true;
  }

  read(claims: readonly Claim[]): Count[] {
    this.#tidy();
    return claims.map((claim) => this.#tally(claim).count(claim));
  }

  holds(): Hold[] {
    this.#tidy();
    const now = this.#clock.nowMs();
    return [...this.#open.values()].map(({ id, owner, atMs, leaseEndMs, claims, held }) => ({
      id,
      owner,
      ageMs: now - atMs,
      leaseMs: leaseEndMs - now,
      amounts: claims.map(({ budget, scope, unit }, index) => {
        return { budget, scope, unit, amount: held[index]?.amount ?? 0 };
      }),
    }));
  }

  adjust(claim: Claim, amount: number): Count {
    if (!Number.isSafeInteger(amount)) throw new RangeError(`adjusted by ${amount}`);
    this.#tidy();
    const tally = this.#tally(claim);
    tally.adjust(amount);
    return tally.count(claim);
  }

  #tally(claim: Claim): Tally {
    const name = countName(claim);
    const last = this.#tallies.get(name);
    const present = presentTally(last, this.#clock);
    if (present) return present;
    const tally = newTally(claim, last, this.#clock);
    this.#tallies.set(name, tally);
    return tally;
  }

  #hold({ id, owner, claims, leaseMs }: Ask, output: number, tallies: readonly Tally[]): Reservation {
    const atMs = this.#clock.nowMs();
    const held = tallies.map((tally, index): Held => {
      const claim = claims[index];
      if (!claim) throw new Error('a tally without its claim');
      const amount = amountFor(claim, output);
      return { tally, amount, mark: tally.take(amount, claim) };
    });
    const reservation = { id, owner, atMs, output, claims, held, leaseEndMs: atMs + leaseMs };
    this.#open.set(id, reservation);
    this.#leases.add(reservation);
    return reservation;
  }

  #settleEnded(id: string, amounts: readonly number[]): Settled {
    const ended = this.#ended.get(id);
    if (!ended) this.#remember(id, 'void');
    if (!ended || ended === 'void') return 'unknown';
    if (ended === 'settled') return 'already';
    this.#ended.set(id, 'settled');
    for (const [index, held] of ended.held.entries()) held.tally.correct(held, amounts[index] ?? 0);
    return 'late-refund';
  }

  #end(reservation: Reservation, how: Ended): void {
    this.#open.delete(reservation.id);
    reservation.leaseEndMs = Number.POSITIVE_INFINITY; // its entry among the leases goes when its time comes
    this.#remember(reservation.id, how);
  }

  #remember(id: string, how: Ended): void {
    this.#ended.set(id, how);
    if (this.#ended.size <= this.#maxEnded) return;
    for (const oldest of this.#ended.keys()) {
      this.#ended.delete(oldest);
      return;
    }
  }

  /** Ends what has outlived its lease, and looks at two counts whether they can go. */
  #tidy(): void {
    const now = this.#clock.nowMs();
    for (let late = this.#leases.takeEnded(now); late; late = this.#leases.takeEnded(now)) {
      this.#end(late, late);
      for (const held of late.held) held.tally.expire(held);
    }
    this.#inspectNext();
    this.#inspectNext();
  }

  #inspectNext(): void {
    const next = this.#inspected.next();
    if (next.done) this.#inspected = this.#tallies.entries();
    else if (next.value[1].isForgettable()) this.#tallies.delete(next.value[0]);
  }
}

const savedReservation = (
  { held, leaseEndMs, ...rest }: Reservation,
  places: ReadonlyMap<Tally, TallyPlace>,
): SavedReservation => ({
  ...rest,
  leaseEndMs: Number.isFinite(leaseEndMs) ? leaseEndMs : null,
  held: held.map(({ tally, ...of }) => {
    const place = places.get(tally);
    return place ? { ...of, in: place } : of;
  }),
});

const granted = ({ output, claims, held }: Reservation): Reserved => ({
  kind: 'granted',
  output,
  states: claims.flatMap((claim, index) => held[index]?.tally.state(claim, 0) ?? []),
});

const refused = (ask: Ask, refusedBy: number, tallies: readonly Tally[]): Reserved => {
  const stateOf = (claim: Claim, index: number): ClaimState[] => {
    const needed = index === refusedBy ? amountFor(claim, ask.output.least) : 0;
    return tallies[index] ? [tallies[index].state(claim, needed)] : [];
  };
  return { kind: 'refused', refusedBy, states: ask.claims.flatMap(stateOf) };
};
