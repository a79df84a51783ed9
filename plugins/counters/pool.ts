import type { Claim, ClaimState } from '../ports/counter-store.ts';

/** One slice: a reservation at the store, of which calls of this host take. */
export interface Slice {
  readonly id: string;
  readonly amount: number;
  readonly drawnMs: number;
  /** On our clock, and not after it has ended at the store. */
  leaseEndMs: number;
}

/** What one slice is to be settled with. */
export interface Return {
  readonly slice: Slice;
  readonly amount: number;
}

/** For what never refuses. Far below 2^53, so that sums stay exact. */
const unbounded = 2 ** 50;

/** A slice is settled after this long, so that the store learns what was used. */
const reportAfterMs = 1000;

/**
 * What this host holds of one count in one window. `spent` was used and is not yet reported, `open` is held by calls
 * of this host. As long as calls do not cost more than they reserved, spent + open ≤ what the slices hold.
 */
export class Pool {
  readonly claim: Claim;
  spent = 0;
  open = 0;
  /** Charged because a lease of ours ended; for people. */
  unconfirmed = 0;
  /** The oldest first. */
  slices: Slice[] = [];
  /** On our clock, and not after the store's window ends. Infinite for what has no window. */
  endMs = Number.POSITIVE_INFINITY;
  lastAskMs: number;
  /** No slice is drawn before this: there was none to be had. */
  coldUntilMs = 0;
  /** Somebody talks to the store about it. */
  isBusy = false;
  /** As the store has it, with our slices among what is open. */
  #state: ClaimState | undefined;
  #asked = 0;
  #askedBefore = 0;
  #largest = 0;
  #largestBefore = 0;
  #asks = 0;
  #asksBefore = 0;

  constructor(claim: Claim, nowMs: number) {
    this.claim = claim;
    this.lastAskMs = nowMs;
  }

  get held(): number {
    return this.slices.reduce((sum, { amount }) => sum + amount, 0);
  }

  get room(): number {
    return this.held - this.spent - this.open;
  }

  /** What should be free: what calls asked for within about two seconds. */
  get wantedRoom(): number {
    return 2 * Math.max(this.#asked, this.#askedBefore);
  }

  get #largestLately(): number {
    return Math.max(this.#largest, this.#largestBefore);
  }

  /** Whether the claim of a call counts here, under the same terms. */
  suits({ limit, carryOver, enforced }: Claim, nowMs: number): boolean {
    const { claim } = this;
    if (nowMs >= this.endMs) return false;
    return claim.limit === limit && claim.carryOver === carryOver && claim.enforced === enforced;
  }

  /** A call asked for `amount`, wherever it got it. */
  note(amount: number, nowMs: number): void {
    this.lastAskMs = nowMs;
    this.#asks++;
    this.#asked += amount;
    this.#largest = Math.max(this.#largest, amount);
  }

  /** Once a second: demand is that of this second or the one before, whichever is more. */
  nextSecond(): void {
    [this.#askedBefore, this.#asked] = [this.#asked, 0];
    [this.#largestBefore, this.#largest] = [this.#largest, 0];
    [this.#asksBefore, this.#asks] = [this.#asks, 0];
  }

  /** What the store says of it, in answer to what was sent at `sentMs`. */
  learn(state: ClaimState, sentMs: number): void {
    this.#state = state;
    if (this.claim.window.kind === 'calendar') this.endMs = sentMs + state.resetMs;
  }

  /** As far as is known here. */
  state(nowMs: number): ClaimState {
    const { budget, scope, unit, limit } = this.claim;
    const known = this.#state ?? { limit, used: 0, open: this.held };
    const resetMs = this.endMs === Number.POSITIVE_INFINITY ? 0 : Math.max(0, this.endMs - nowMs);
    return { budget, scope, unit, limit: known.limit, ...this.ours(known), resetMs };
  }

  /** What the store counts, with our slices shown as what was made of them. */
  ours({ used, open }: { readonly used: number; readonly open: number }): { used: number; open: number } {
    return { used: Math.max(0, used + this.spent), open: Math.max(0, open - this.held) + this.open };
  }

  /**
   * What to draw when it runs low or has to report: at most what `share` of what is left at the store allows to lie
   * unused. 0 when nothing is to be drawn, because few ask or the largest call would not fit.
   */
  drawable(share: number, nowMs: number): number {
    const isHot = this.#asks + this.#asksBefore >= 2;
    if (!this.#state || !isHot || nowMs < this.coldUntilMs || nowMs >= this.endMs) return 0;
    const { limit, used, open } = this.#state;
    const bound = this.claim.enforced ? Math.floor(share * (limit - used - open)) : unbounded;
    const target = Math.min(this.wantedRoom, bound);
    const unreported = this.#unreported(nowMs);
    if (target < this.#largestLately || (this.room > target / 2 && unreported === 0)) return 0;
    return Math.max(0, target - this.room + unreported);
  }

  add(slice: Slice): void {
    this.slices.push(slice);
  }

  /**
   * Takes the slices out that may be settled now: those that are used up, those of which the store should hear, and
   * those that are too much. What is left covers what is open.
   */
  takeReturns(nowMs: number): Return[] {
    const returns: Return[] = [];
    for (let slice = this.slices[0]; slice; slice = this.slices[0]) {
      const rest = slice.amount - Math.min(slice.amount, Math.max(0, this.spent));
      const isUsedUp = rest === 0 && this.slices.length > 1;
      const isOld = nowMs - slice.drawnMs >= reportAfterMs;
      const isWorthIt = this.spent > 0 || this.room - rest >= this.wantedRoom;
      if (!isUsedUp && !(isOld && isWorthIt && this.room >= rest)) break;
      returns.push(this.#take(slice));
    }
    return returns;
  }

  /** Takes out what is not needed by what is open; all of it when nothing is. */
  takeAll(): Return[] {
    const returns: Return[] = [];
    for (let slice = this.slices[0]; slice; slice = this.slices[0]) {
      const rest = slice.amount - Math.min(slice.amount, Math.max(0, this.spent));
      if (this.open > 0 && this.room < rest) break;
      returns.push(this.#take(slice));
    }
    return returns;
  }

  /** Gives up slices whose leases ended where the store then holds nothing for them: what only counts while it is open. */
  dropEnded(nowMs: number): void {
    if (this.claim.window.kind !== 'open') return;
    if (!this.slices.some(({ leaseEndMs }) => leaseEndMs <= nowMs)) return;
    this.slices = this.slices.filter(({ leaseEndMs }) => leaseEndMs > nowMs);
  }

  /** What the oldest slice has left when it is time to report it: it has to be replaced first. */
  #unreported(nowMs: number): number {
    const [oldest] = this.slices;
    if (!oldest || this.spent <= 0 || nowMs - oldest.drawnMs < reportAfterMs) return 0;
    return Math.max(0, oldest.amount - this.spent);
  }

  /** The last one bears all that was spent, even if it is more than was held. */
  #take(slice: Slice): Return {
    const isLast = this.slices.length === 1;
    const amount = isLast ? Math.max(0, this.spent) : Math.min(slice.amount, Math.max(0, this.spent));
    this.slices = this.slices.filter((other) => other !== slice);
    this.spent -= amount;
    if (this.#state) {
      const { used, open } = this.#state;
      this.#state = { ...this.#state, used: used + amount, open: Math.max(0, open - slice.amount) };
    }
    return { slice, amount };
  }
}
