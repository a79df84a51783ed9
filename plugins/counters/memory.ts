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
import { type Held, newTally, presentTally, type Tally } from './tally.ts';

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

class MemoryCounters {
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
      const amount = claim ? amountFor(claim, output) : 0;
      return { tally, amount, mark: tally.take(amount) };
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
