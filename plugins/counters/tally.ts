import type { Clock } from '../ports/clock.ts';
import type { Claim, ClaimState, Count } from '../ports/counter-store.ts';
import { type CalendarWindow, windowAfter, windowAt } from './windows.ts';

/** A tally as JSON, to be put back by `restoreTally`. */
export type SavedTally =
  | {
      readonly kind: 'calendar';
      readonly per: CalendarSpan;
      readonly span: CalendarWindow;
      readonly used: number;
      readonly open: number;
      readonly unconfirmed: number;
      readonly takenBefore: number;
    }
  | {
      readonly kind: 'smooth';
      readonly windowMs: number;
      readonly level: number;
      readonly leak: number;
      readonly atMs: number;
      readonly taken: number;
      readonly holds: number;
    }
  | { readonly kind: 'open'; readonly open: number };

/** What one reservation holds of one tally. */
export interface Held {
  readonly tally: Tally;
  readonly amount: number;
  /** What `take` gave. */
  readonly mark: number;
}

/** One count in one window. */
export interface Tally {
  /** What still fits; below 0 when more than the limit is taken. */
  room(claim: Claim): number;
  /** Holds an amount for a claim; gives a mark by which it is settled. */
  take(amount: number, claim: Claim): number;
  /** A hold ends: `amount` was used of it. */
  settle(held: Held, amount: number): void;
  /** A hold ends because its lease did: all of it counts as used. */
  expire(held: Held): void;
  /** After `expire`: `amount` was used of it after all. */
  correct(held: Held, amount: number): void;
  /** Adds to what is used; never below 0. */
  adjust(amount: number): void;
  /** `refused`: the amount that did not fit; 0 when none was refused. */
  state(claim: Claim, refused: number): ClaimState;
  count(claim: Claim): Count;
  /** Nothing that may still be asked depends on it. */
  isForgettable(): boolean;
  /** As it is now, without the window before. */
  save(): SavedTally;
}

type CalendarSpan = Extract<Claim['window'], { kind: 'calendar' }>;

/** A window of a calendar. */
export class CalendarTally implements Tally {
  used = 0;
  open = 0;
  unconfirmed = 0;
  readonly span: CalendarWindow;
  readonly #per: CalendarSpan;
  readonly #clock: Clock;
  /** The window before, as long as it can still change; then `#takenBefore` stands for it. */
  #before: CalendarTally | undefined;
  #takenBefore = 0;

  constructor(per: CalendarSpan, span: CalendarWindow, before: CalendarTally | undefined, clock: Clock) {
    this.#per = per;
    this.span = span;
    this.#clock = clock;
    if (before?.span.endMs !== span.startMs) return;
    before.#forgetBefore(); // or else all windows would be kept
    this.#before = before;
  }

  /** The one that `save` gave, with the one before it that is there, too. */
  static restore(saved: Extract<SavedTally, { kind: 'calendar' }>, before: Tally | undefined, clock: Clock) {
    const known = before instanceof CalendarTally ? before : undefined;
    const tally = new CalendarTally(saved.per, saved.span, known, clock);
    tally.used = saved.used;
    tally.open = saved.open;
    tally.unconfirmed = saved.unconfirmed;
    tally.#takenBefore = saved.takenBefore;
    return tally;
  }

  save(): SavedTally {
    const { span, used, open, unconfirmed } = this;
    const takenBefore = this.#takenBefore;
    return { kind: 'calendar', per: this.#per, span, used, open, unconfirmed, takenBefore };
  }

  /** The window before, as long as it can still change. */
  get before(): CalendarTally | undefined {
    return this.#before;
  }

  /** This one, or the one before when the clock was set back, if `epochMs` lies in it. */
  at(epochMs: number): CalendarTally | undefined {
    const { startMs, endMs } = this.span;
    if (startMs <= epochMs && epochMs < endMs) return this;
    return epochMs < startMs ? this.#before?.at(epochMs) : undefined;
  }

  limit({ limit, carryOver }: Claim): number {
    if (carryOver === 0) return limit;
    const takenBefore = this.#before ? this.#before.used + this.#before.open : this.#takenBefore;
    return limit + Math.min(carryOver, Math.max(0, limit - takenBefore));
  }

  room(claim: Claim): number {
    return this.limit(claim) - this.used - this.open;
  }

  take(amount: number): number {
    this.open += amount;
    return 0;
  }

  settle(held: Held, amount: number): void {
    this.open -= held.amount;
    this.used += amount;
  }

  expire({ amount }: Held): void {
    this.open -= amount;
    this.used += amount;
    this.unconfirmed += amount;
  }

  correct(held: Held, amount: number): void {
    this.used = Math.max(0, this.used + amount - held.amount);
    this.unconfirmed -= held.amount;
  }

  adjust(amount: number): void {
    this.used = Math.max(0, this.used + amount);
  }

  state(claim: Claim): ClaimState {
    const { budget, scope, unit } = claim;
    const resetMs = this.span.endMs - this.#clock.epochMs();
    return { budget, scope, unit, limit: this.limit(claim), used: this.used, open: this.open, resetMs };
  }

  count(claim: Claim): Count {
    return { ...this.state(claim), unconfirmed: this.unconfirmed, window: claim.window };
  }

  /** When the window after this one is over too: until then it is carried over from, or the clock may step back. */
  isForgettable(): boolean {
    const now = this.#clock.epochMs();
    if (now < this.span.endMs) return false;
    return now >= windowAfter(this.#per.per, this.#per.zone, this.span).endMs;
  }

  #forgetBefore(): void {
    if (!this.#before) return;
    this.#takenBefore = this.#before.used + this.#before.open;
    this.#before = undefined;
  }
}

/**
 * A rate (GCRA, kept as the level of a bucket that leaks `limit` in each `windowMs`). Levels are amounts times
 * `windowMs`, so that all are whole numbers. What is held is in the level from the beginning; there is no `open`.
 */
export class SmoothTally implements Tally {
  readonly #windowMs: number;
  readonly #clock: Clock;
  #level = 0;
  #leak = 0;
  #atMs: number;
  /** All that was ever taken. Tells what came after a reservation. */
  #taken = 0;
  /** Reservations that are open. */
  #holds = 0;

  constructor(windowMs: number, clock: Clock) {
    this.#windowMs = windowMs;
    this.#clock = clock;
    this.#atMs = this.#now();
  }

  static restore(saved: Extract<SavedTally, { kind: 'smooth' }>, clock: Clock): SmoothTally {
    const tally = new SmoothTally(saved.windowMs, clock);
    tally.#level = saved.level;
    tally.#leak = saved.leak;
    tally.#atMs = saved.atMs;
    tally.#taken = saved.taken;
    tally.#holds = saved.holds;
    return tally;
  }

  save(): SavedTally {
    return {
      kind: 'smooth',
      windowMs: this.#windowMs,
      level: this.#level,
      leak: this.#leak,
      atMs: this.#atMs,
      taken: this.#taken,
      holds: this.#holds,
    };
  }

  room({ limit }: Claim): number {
    this.#leakUntilNow();
    this.#leak = limit;
    return limit - Math.ceil(this.#level / this.#windowMs);
  }

  take(amount: number, { limit }: Claim): number {
    this.#leakUntilNow();
    this.#leak = limit; // also where nobody asked for room: of what is not enforced, and in a replay
    this.#holds++;
    return this.#fill(amount);
  }

  settle(held: Held, amount: number): void {
    this.#holds--;
    this.correct(held, amount);
  }

  expire(): void {
    this.#holds--;
  }

  correct(held: Held, amount: number): void {
    if (amount > held.amount) this.#fill(amount - held.amount);
    else this.#giveBack(held.amount - amount, held.mark);
  }

  adjust(amount: number): void {
    if (amount > 0) this.#fill(amount);
    this.#leakUntilNow();
    if (amount < 0) this.#level = Math.max(0, this.#level + amount * this.#windowMs);
  }

  state(claim: Claim, refused: number): ClaimState {
    const { budget, scope, unit, limit } = claim;
    this.#leakUntilNow();
    const used = Math.ceil(this.#level / this.#windowMs);
    const missing = refused === 0 ? this.#level : this.#level + (refused - limit) * this.#windowMs;
    const resetMs = limit === 0 ? this.#windowMs : Math.max(0, Math.ceil(missing / limit));
    return { budget, scope, unit, limit, used, open: 0, resetMs };
  }

  count(claim: Claim): Count {
    return { ...this.state(claim, 0), unconfirmed: 0, window: claim.window };
  }

  isForgettable(): boolean {
    this.#leakUntilNow();
    return this.#level === 0 && this.#holds === 0;
  }

  #fill(amount: number): number {
    this.#leakUntilNow();
    this.#level += amount * this.#windowMs;
    this.#taken += amount;
    return this.#taken;
  }

  /**
   * What was taken after a reservation may stand on its being drained by now; so a refund leaves at least that in the
   * bucket. Otherwise what has leaked already would be given back for a second time, and the rate be exceeded.
   */
  #giveBack(amount: number, mark: number): void {
    this.#leakUntilNow();
    const takenAfter = (this.#taken - mark) * this.#windowMs;
    const least = Math.min(this.#level, takenAfter);
    this.#level = Math.max(this.#level - amount * this.#windowMs, least);
  }

  #leakUntilNow(): void {
    const now = this.#now();
    this.#level = Math.max(0, this.#level - (now - this.#atMs) * this.#leak);
    this.#atMs = now;
  }

  #now(): number {
    return Math.floor(this.#clock.nowMs());
  }
}

/** What is open counts and nothing else does. */
export class OpenTally implements Tally {
  #open: number;

  constructor(open = 0) {
    this.#open = open;
  }

  save(): SavedTally {
    return { kind: 'open', open: this.#open };
  }

  room({ limit }: Claim): number {
    return limit - this.#open;
  }

  take(amount: number): number {
    this.#open += amount;
    return 0;
  }

  settle({ amount }: Held): void {
    this.#open -= amount;
  }

  expire({ amount }: Held): void {
    this.#open -= amount;
  }

  correct(): void {}

  adjust(): void {}

  state({ budget, scope, unit, limit }: Claim): ClaimState {
    return { budget, scope, unit, limit, used: 0, open: this.#open, resetMs: 0 };
  }

  count(claim: Claim): Count {
    return { ...this.state(claim), unconfirmed: 0, window: claim.window };
  }

  isForgettable(): boolean {
    return this.#open === 0;
  }
}

/** `last`, or the one before it when the clock was set back, if that is the one to count in now. */
export const presentTally = (last: Tally | undefined, clock: Clock): Tally | undefined =>
  last instanceof CalendarTally ? last.at(clock.epochMs()) : last;

/** Where `claim` counts now, from 0; `last` is where it counted until now. */
export const newTally = ({ window }: Claim, last: Tally | undefined, clock: Clock): Tally => {
  if (window.kind === 'smooth') return new SmoothTally(window.seconds * 1000, clock);
  if (window.kind === 'open') return new OpenTally();
  const before = last instanceof CalendarTally ? last : undefined;
  return new CalendarTally(window, windowAt(window.per, window.zone, clock.epochMs()), before, clock);
};

/** The tally that `save` gave; `before` is the one of the window before, if it was saved. */
export const restoreTally = (saved: SavedTally, before: Tally | undefined, clock: Clock): Tally => {
  if (saved.kind === 'calendar') return CalendarTally.restore(saved, before, clock);
  return saved.kind === 'smooth' ? SmoothTally.restore(saved, clock) : new OpenTally(saved.open);
};
