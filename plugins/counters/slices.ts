import type { Clock } from '../ports/clock.ts';
import type { Ask, Claim, Count, CounterStore, Hold, Reserved, Settled } from '../ports/counter-store.ts';
import type { Random } from '../ports/random.ts';
import { amountFor, checkAmounts, checkAsk, countName, outputWithin } from './claims.ts';
import { Leases } from './leases.ts';
import { Pool, type Return, type Slice } from './pool.ts';

export interface SlicesOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Who holds slices, for people: host and worker. */
  readonly owner: string;
  /** Most that may lie unused here of one limit: a share of what was left of it at the store. The default is 0.05. */
  readonly share?: number;
  /** How long slices stand without a word. The default is 30 s. */
  readonly leaseMs?: number;
}

export interface SlicedCounters extends CounterStore {
  /** Gives all slices back. What is open by then is charged as reserved. */
  close(): Promise<void>;
}

/** Ids of slices begin so, in lists of what is held. */
export const slicePrefix = 'slice:';

const defaultShare = 0.05;
const defaultLeaseMs = 30_000;
const secondMs = 1000;
/** A count that nobody asked for in this time gives its slices back. */
const idleMs = 5000;
/** How long none is drawn after there was none to be had. */
const coldMs = 1000;
/**
 * A store that answered this long ago counts as reachable: within it, calls that must be refused while it is lost may
 * take of slices. It is asked in the background once half of that is over, so that few calls have to wait for it.
 */
const freshMs = 250;
/** Ids that are remembered, as in `memoryCounters`. */
const maxIds = 100_000;

/**
 * Draws slices of counts that are asked for often, ahead of need, and lets calls take of them without asking the store;
 * all other calls ask it directly. So most calls need no round trip. When the store is lost, calls that say so (`onLoss:
 * 'slice'`) are granted until the slices are used up; then they are `lost`, as all others are from a quarter of a second
 * after its last answer.
 *
 * A slice is a reservation like any other, so at the store used + open ≤ limit holds as ever; a call takes no more of
 * slices than there is. Near a limit slices are too small for a call, and the store decides. The price:
 * - what lies unused in slices, at most `share` of what was left of a limit for each host, is not there for others.
 *   A host that meets the limit gives its own back first;
 * - slices of a host that was killed are charged as reserved, unconfirmed, when their leases end;
 * - the store hears of what was used about a second later, and in lists of other hosts it shows as held by a slice;
 * - a settlement that is later than the lease of its reservation refunds only as long as the count is in use here.
 *
 * Claims on parallel calls are sliced too. A slice of them counts no longer than its lease, since the store then gives
 * it to others. A call with a claim on a smooth rate always asks the store: a slice of a rate could be saved up.
 */
export const slices = (store: CounterStore, options: SlicesOptions): SlicedCounters =>
  new Slices(store, options);

/** What a call took of slices. */
interface Local {
  readonly id: string;
  readonly owner: string;
  readonly atMs: number;
  readonly output: number;
  readonly parts: readonly Part[];
  leaseEndMs: number;
}

interface Part {
  readonly pool: Pool;
  readonly amount: number;
}

/** `direct` is open at the store, or was. */
type Known = 'direct' | 'settled' | { readonly expired: Local };

class Slices implements SlicedCounters {
  readonly #store: CounterStore;
  readonly #options: SlicesOptions;
  readonly #clock: Clock;
  readonly #pools = new Map<string, Pool>();
  /** Of windows that are over, or of terms that have changed, until nothing of them is open. */
  readonly #retired = new Set<Pool>();
  readonly #open = new Map<string, Local>();
  readonly #leases = new Leases<Local>();
  /** The oldest first. */
  readonly #known = new Map<string, Known>();
  readonly #tending = new Set<Promise<void>>();
  readonly #share: number;
  readonly #leaseMs: number;
  /** When what the store has answered last was sent. */
  #heardMs = Number.NEGATIVE_INFINITY;
  #isListening = false;
  #stop: () => void = () => {};

  constructor(store: CounterStore, options: SlicesOptions) {
    this.#share = options.share ?? defaultShare;
    this.#leaseMs = options.leaseMs ?? defaultLeaseMs;
    this.#store = store;
    this.#options = options;
    this.#clock = options.clock;
    this.#eachSecond();
  }

  async reserve(ask: Ask): Promise<Reserved> {
    checkAsk(ask);
    this.#endLate();
    const open = this.#open.get(ask.id);
    if (open) return this.#granted(open);
    const known = this.#known.get(ask.id);
    if (known) return known === 'direct' ? this.#store.reserve(ask) : { kind: 'lost' };
    const pools = this.#poolsOf(ask);
    if (pools && this.#mayTake(ask)) {
      const output = outputIn(pools, ask);
      if (output === ask.output.most) return this.#granted(this.#hold(ask, output, pools));
    }
    return this.#reserveDirectly(ask, pools);
  }

  async settle(id: string, amounts: readonly number[]): Promise<Settled> {
    checkAmounts(amounts);
    this.#endLate();
    const open = this.#open.get(id);
    if (open) {
      this.#end(open, 'settled');
      for (const [index, { pool, amount }] of open.parts.entries()) {
        pool.open -= amount;
        if (pool.claim.window.kind !== 'open') pool.spent += amounts[index] ?? 0;
      }
      return 'settled';
    }
    const known = this.#known.get(id);
    if (known === 'settled') return 'already';
    this.#remember(id, 'settled');
    if (typeof known === 'object') return this.#refund(known.expired, amounts);
    const settled = await this.#store.settle(id, amounts);
    if (settled === 'unknown') this.#known.delete(id); // the store remembers that it holds nothing
    return settled;
  }

  async renew(id: string, leaseMs: number): Promise<boolean | undefined> {
    this.#endLate();
    const open = this.#open.get(id);
    const known = this.#known.get(id);
    if (!open) return known === undefined || known === 'direct' ? this.#store.renew(id, leaseMs) : false;
    const leaseEndMs = this.#clock.nowMs() + leaseMs;
    const isSooner = leaseEndMs < open.leaseEndMs;
    open.leaseEndMs = leaseEndMs;
    if (isSooner) this.#leases.add(open);
    return true;
  }

  async read(claims: readonly Claim[]): Promise<readonly Count[] | undefined> {
    this.#endLate();
    return (await this.#store.read(claims))?.map((count, index) => this.#ours(count, claims[index]));
  }

  /** Ours as they are, those of others as the store has them: calls of other hosts that took of slices are not among them. */
  async holds(): Promise<readonly Hold[] | undefined> {
    this.#endLate();
    const holds = await this.#store.holds();
    if (!holds) return undefined;
    const free = this.#freeBySlice();
    const atStore = holds.flatMap((hold) => {
      const amount = free.get(hold.id);
      if (amount === undefined) return [hold];
      return amount === 0 ? [] : [{ ...hold, amounts: hold.amounts.map((of) => ({ ...of, amount })) }];
    });
    const now = this.#clock.nowMs();
    return [...atStore, ...[...this.#open.values()].map((local) => holdOf(local, now))].toSorted(
      (a, b) => b.ageMs - a.ageMs,
    );
  }

  async adjust(claim: Claim, amount: number): Promise<Count | undefined> {
    const count = await this.#store.adjust(claim, amount);
    return count && this.#ours(count, claim);
  }

  async close(): Promise<void> {
    this.#stop();
    await Promise.all(this.#tending);
    for (const { parts } of this.#open.values()) {
      for (const { pool, amount } of parts) {
        pool.open -= amount;
        if (pool.claim.window.kind !== 'open') pool.spent += amount;
      }
    }
    this.#open.clear();
    await Promise.all([...this.#allPools()].map((pool) => this.#giveBack(pool.takeAll())));
  }

  // What a call does ------------------------------------------------------------------------------------------------

  #mayTake({ onLoss }: Ask): boolean {
    if (onLoss === 'slice') return true;
    const silentMs = this.#clock.nowMs() - this.#heardMs;
    if (silentMs >= freshMs) return false;
    if (silentMs >= freshMs / 2) void this.#listen();
    return true;
  }

  /** Asks the store for a sign of life. */
  async #listen(): Promise<void> {
    if (this.#isListening) return;
    this.#isListening = true;
    const sentMs = this.#clock.nowMs();
    const answer = await this.#store.read([]).catch(() => undefined);
    this.#isListening = false;
    this.#heard(sentMs, answer !== undefined);
  }

  #heard(sentMs: number, hasAnswered: boolean): void {
    this.#heardMs = hasAnswered ? Math.max(this.#heardMs, sentMs) : Number.NEGATIVE_INFINITY;
  }

  /** The pool of each claim, and the demand noted in it; undefined when the call has to ask the store. */
  #poolsOf({ claims, output }: Ask): readonly Pool[] | undefined {
    if (claims.length === 0 || claims.some(({ window }) => window.kind === 'smooth')) return undefined;
    const now = this.#clock.nowMs();
    const pools = claims.map((claim) => {
      const pool = this.#pool(claim, now);
      pool.note(amountFor(claim, output.most), now);
      return pool;
    });
    if (new Set(pools).size < pools.length) throw new RangeError('two claims on one count');
    return pools;
  }

  #pool(claim: Claim, now: number): Pool {
    const name = countName(claim);
    const known = this.#pools.get(name);
    if (known?.suits(claim, now)) {
      known.dropEnded(now);
      return known;
    }
    if (known) this.#retired.add(known);
    const pool = new Pool(claim, now);
    this.#pools.set(name, pool);
    return pool;
  }

  #hold({ id, owner, claims, leaseMs }: Ask, output: number, pools: readonly Pool[]): Local {
    const atMs = this.#clock.nowMs();
    const parts = pools.map((pool, index): Part => {
      const claim = claims[index] ?? pool.claim;
      const amount = amountFor(claim, output);
      pool.open += amount;
      if (pool.drawable(this.#share, atMs) > 0) this.#tend(pool);
      return { pool, amount };
    });
    const local = { id, owner, atMs, output, parts, leaseEndMs: atMs + leaseMs };
    this.#open.set(id, local);
    this.#leases.add(local);
    return local;
  }

  #granted({ output, parts }: Local): Reserved {
    const now = this.#clock.nowMs();
    return { kind: 'granted', output, states: parts.map(({ pool }) => pool.state(now)) };
  }

  async #reserveDirectly(ask: Ask, pools: readonly Pool[] | undefined): Promise<Reserved> {
    this.#remember(ask.id, 'direct');
    const answer = await this.#askStore(ask, pools);
    if (answer.kind === 'lost') return this.#reserveFromRest(ask, pools);
    if (answer.kind === 'granted') {
      for (const pool of pools ?? []) this.#tend(pool);
      return answer;
    }
    const full = pools?.[answer.refusedBy];
    if (full) full.coldUntilMs = this.#clock.nowMs() + coldMs;
    const returns = pools?.flatMap((pool) => pool.takeAll()) ?? [];
    if (returns.length === 0) return answer;
    await this.#giveBack(returns);
    return this.#askStore(ask, pools);
  }

  async #askStore(ask: Ask, pools: readonly Pool[] = []): Promise<Reserved> {
    const sentMs = this.#clock.nowMs();
    const answer = await this.#store.reserve(ask);
    this.#heard(sentMs, answer.kind !== 'lost');
    if (answer.kind === 'lost') return answer;
    for (const [index, state] of answer.states.entries()) pools[index]?.learn(state, sentMs);
    return answer;
  }

  /** The store is lost: what is left in slices, even if that is less output than was asked for; if the call may have it. */
  #reserveFromRest(ask: Ask, pools: readonly Pool[] | undefined): Reserved {
    const isOver = this.#known.get(ask.id) !== 'direct'; // settled while we asked
    if (!pools || isOver || ask.onLoss !== 'slice') return { kind: 'lost' };
    const output = outputIn(pools, ask);
    if (output < ask.output.least) return { kind: 'lost' };
    this.#known.delete(ask.id);
    return this.#granted(this.#hold(ask, output, pools));
  }

  #refund({ parts }: Local, amounts: readonly number[]): Settled {
    for (const [index, { pool, amount }] of parts.entries()) {
      if (pool.claim.window.kind !== 'open') pool.spent -= amount - (amounts[index] ?? 0);
      pool.unconfirmed -= amount;
    }
    return 'late-refund';
  }

  #end(local: Local, how: Known): void {
    this.#open.delete(local.id);
    local.leaseEndMs = Number.POSITIVE_INFINITY; // its entry among the leases goes when its time comes
    this.#remember(local.id, how);
  }

  #endLate(): void {
    const now = this.#clock.nowMs();
    for (let late = this.#leases.takeEnded(now); late; late = this.#leases.takeEnded(now)) {
      this.#end(late, { expired: late });
      for (const { pool, amount } of late.parts) {
        pool.open -= amount;
        if (pool.claim.window.kind === 'open') continue;
        pool.spent += amount;
        pool.unconfirmed += amount;
      }
    }
  }

  #remember(id: string, known: Known): void {
    this.#known.delete(id);
    this.#known.set(id, known);
    if (this.#known.size <= maxIds) return;
    for (const oldest of this.#known.keys()) {
      this.#known.delete(oldest);
      return;
    }
  }

  // What goes on beside calls ---------------------------------------------------------------------------------------

  #eachSecond(): void {
    this.#stop = this.#clock.after(secondMs, () => {
      this.#eachSecond();
      this.#endLate();
      for (const [name, pool] of this.#pools) this.#retireOrTend(name, pool);
      for (const pool of this.#retired) this.#tend(pool);
    });
  }

  #retireOrTend(name: string, pool: Pool): void {
    const now = this.#clock.nowMs();
    pool.nextSecond();
    if (now < pool.endMs && now - pool.lastAskMs < idleMs) return this.#tend(pool);
    this.#pools.delete(name);
    this.#retired.add(pool);
  }

  /** Looks after a pool, unless somebody does. */
  #tend(pool: Pool): void {
    if (pool.isBusy) return;
    pool.isBusy = true;
    const tending = this.#drawAndReport(pool).finally(() => {
      pool.isBusy = false;
      this.#tending.delete(tending);
    });
    this.#tending.add(tending);
  }

  /** Draws what it lacks, gives back what it has too much, renews what it keeps. */
  async #drawAndReport(pool: Pool): Promise<void> {
    const now = this.#clock.nowMs();
    pool.dropEnded(now);
    const isRetired = this.#retired.has(pool);
    const amount = isRetired ? 0 : pool.drawable(this.#share, now);
    if (amount > 0) await this.#draw(pool, amount);
    await this.#giveBack(isRetired ? pool.takeAll() : pool.takeReturns(now));
    await Promise.all(pool.slices.map((slice) => this.#renew(slice)));
    if (pool.open === 0 && pool.slices.length === 0) this.#retired.delete(pool);
  }

  async #draw(pool: Pool, amount: number): Promise<void> {
    const id = `${slicePrefix}${this.#options.random.id()}`;
    const { owner } = this.#options;
    const leaseMs = this.#leaseMs;
    const claim = { ...pool.claim, base: amount, perMillionOutput: 0 };
    const drawnMs = this.#clock.nowMs();
    const output = { least: 0, most: 0 };
    const answer = await this.#store.reserve({ id, owner, claims: [claim], output, leaseMs });
    this.#heard(drawnMs, answer.kind !== 'lost');
    const state = answer.kind === 'lost' ? undefined : answer.states[0];
    if (state) pool.learn(state, drawnMs);
    if (answer.kind === 'granted') pool.add({ id, amount, drawnMs, leaseEndMs: drawnMs + leaseMs });
    else pool.coldUntilMs = this.#clock.nowMs() + coldMs;
  }

  /** A store that is lost delivers it later. */
  async #giveBack(returns: readonly Return[]): Promise<void> {
    await Promise.all(returns.map(({ slice, amount }) => this.#store.settle(slice.id, [amount])));
  }

  async #renew(slice: Slice): Promise<void> {
    const now = this.#clock.nowMs();
    if (slice.leaseEndMs - now > (2 / 3) * this.#leaseMs) return;
    // One that has ended was charged as reserved, and so may still be used; its settlement refunds the rest.
    if (await this.#store.renew(slice.id, this.#leaseMs)) slice.leaseEndMs = now + this.#leaseMs;
  }

  // What people see -------------------------------------------------------------------------------------------------

  #ours(count: Count, claim: Claim | undefined): Count {
    const pool = claim && this.#pools.get(countName(claim));
    if (!pool || this.#clock.nowMs() >= pool.endMs) return count;
    return { ...count, ...pool.ours(count), unconfirmed: count.unconfirmed + pool.unconfirmed };
  }

  #freeBySlice(): Map<string, number> {
    const free = new Map<string, number>();
    for (const pool of this.#allPools()) {
      let taken = pool.spent + pool.open;
      for (const { id, amount } of pool.slices) {
        free.set(id, Math.max(0, amount - Math.max(0, taken)));
        taken -= amount;
      }
    }
    return free;
  }

  #allPools(): Set<Pool> {
    return new Set([...this.#pools.values(), ...this.#retired]);
  }
}

/** Most output, at most what is asked for, that fits what is free in all pools; below 0 when not even nothing fits. */
const outputIn = (pools: readonly Pool[], { claims, output }: Ask): number =>
  claims.reduce((most, claim, index) => {
    const pool = pools[index];
    if (!pool || pool.slices.length === 0) return -1;
    return claim.enforced ? Math.min(most, outputWithin(claim, pool.room, most)) : most;
  }, output.most);

const holdOf = ({ id, owner, atMs, leaseEndMs, parts }: Local, now: number): Hold => ({
  id,
  owner,
  ageMs: now - atMs,
  leaseMs: leaseEndMs - now,
  amounts: parts.map(({ pool: { claim }, amount }) => {
    return { budget: claim.budget, scope: claim.scope, unit: claim.unit, amount };
  }),
});
