import fc from 'fast-check';
import { expect } from 'vitest';
import { amountFor } from '../../plugins/counters/claims.ts';
import type { Ask, Claim, Reserved, Settled } from '../../plugins/ports/counter-store.ts';
import { askOf, claimOf, conformanceStartMs, type Place } from './conformance.ts';

/** One step of a run; `of` names one of few reservations, so that steps meet. */
export type Step =
  | {
      readonly kind: 'reserve';
      readonly of: number;
      readonly claims: readonly Claim[];
      readonly least: number;
      readonly most: number;
      readonly leaseMs: number;
    }
  /** `part`: how much of what is held was used, 0 to 1. */
  | { readonly kind: 'settle'; readonly of: number; readonly part: number }
  | { readonly kind: 'renew'; readonly of: number; readonly leaseMs: number }
  | { readonly kind: 'advance'; readonly byMs: number };

/** Few counts, so that they fill up: two of a minute (one carries over), one of what is open, one in shadow. */
const kinds: readonly Claim[] = [
  claimOf({ budget: 'plain', limit: 40 }),
  claimOf({ budget: 'carries', limit: 30, carryOver: 15 }),
  claimOf({ budget: 'open', unit: 'concurrent', window: { kind: 'open' }, limit: 3 }),
  claimOf({ budget: 'shadow', limit: 20, enforced: false }),
];

const claims = fc
  .tuple(...kinds.map((kind) => fc.option(costOf(kind))))
  .map((some) => some.filter((claim) => claim !== null));

function costOf(kind: Claim): fc.Arbitrary<Claim> {
  if (kind.window.kind === 'open') return fc.constant({ ...kind, base: 1 });
  const cost = fc.record({ base: fc.nat(15), perMillionOutput: fc.constantFrom(0, 1_000_000, 333_333) });
  return cost.map((of) => ({ ...kind, ...of }));
}

const leaseMs = fc.constantFrom(500, 5000, 50_000);
const of = fc.nat(11);

export const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({ of, claims, output: fc.tuple(fc.nat(10), fc.nat(30)), leaseMs }).map(
        ({ output: [least, more], ...rest }): Step => ({
          kind: 'reserve',
          ...rest,
          least,
          most: least + more,
        }),
      ),
    },
    {
      weight: 4,
      arbitrary: fc
        .record({ of, part: fc.constantFrom(0, 0.3, 1) })
        .map((it): Step => ({ kind: 'settle', ...it })),
    },
    { weight: 1, arbitrary: fc.record({ of, leaseMs }).map((it): Step => ({ kind: 'renew', ...it })) },
    {
      weight: 2,
      arbitrary: fc.constantFrom(100, 1000, 19_000, 61_000).map((byMs): Step => ({ kind: 'advance', byMs })),
    },
  ),
  { maxLength: 80, size: 'max' },
);

interface Kept {
  readonly minute: number;
  readonly claims: readonly Claim[];
  readonly output: number;
  leaseEndMs: number;
  state: 'open' | 'settled' | 'unconfirmed' | 'void';
  used: readonly number[];
}

/** All reservations ever made; what is counted is added up anew each time. Slow, and easy to believe. */
export class Model {
  readonly #all = new Map<string, Kept>();
  #now = conformanceStartMs;

  advance(byMs: number): void {
    this.#now += byMs;
    for (const kept of this.#all.values()) {
      if (kept.state === 'open' && kept.leaseEndMs <= this.#now) kept.state = 'unconfirmed';
    }
  }

  reserve({ id, claims, output: { least, most }, leaseMs }: Ask): Partial<Reserved> {
    const known = this.#all.get(id);
    if (known) return known.state === 'open' ? { kind: 'granted', output: known.output } : { kind: 'lost' };
    for (let output = most; output >= least; output--) {
      if (!claims.every((claim) => this.#fits(claim, amountFor(claim, output)))) continue;
      const leaseEndMs = this.#now + leaseMs;
      this.#all.set(id, { minute: this.#minute, claims, output, leaseEndMs, state: 'open', used: [] });
      return { kind: 'granted', output };
    }
    return {
      kind: 'refused',
      refusedBy: claims.findIndex((claim) => !this.#fits(claim, amountFor(claim, least))),
    };
  }

  /** What `id` holds of each claim. */
  held(id: string): number[] {
    const kept = this.#all.get(id);
    return kept ? kept.claims.map((claim) => amountFor(claim, kept.output)) : [];
  }

  settle(id: string, used: readonly number[]): Settled {
    const known = this.#all.get(id);
    if (!known) {
      const nothing = { minute: 0, claims: [], output: 0, leaseEndMs: 0, used: [] };
      this.#all.set(id, { ...nothing, state: 'void' });
    }
    if (!known || known.state === 'void') return 'unknown';
    if (known.state === 'settled') return 'already';
    const isLate = known.state === 'unconfirmed';
    known.state = 'settled';
    known.used = used;
    return isLate ? 'late-refund' : 'settled';
  }

  renew(id: string, leaseMs: number): boolean {
    const kept = this.#all.get(id);
    if (kept?.state !== 'open') return false;
    kept.leaseEndMs = this.#now + leaseMs;
    return true;
  }

  count(claim: Claim): { limit: number; used: number; open: number; unconfirmed: number } {
    const limit = this.#limit(claim);
    return { limit, ...this.#taken(claim, this.#minute) };
  }

  get #minute(): number {
    return Math.floor(this.#now / 60_000);
  }

  #fits(claim: Claim, amount: number): boolean {
    const { used, open } = this.#taken(claim, this.#minute);
    return !claim.enforced || amount === 0 || amount <= this.#limit(claim) - used - open;
  }

  #limit(claim: Claim): number {
    const before = this.#taken(claim, this.#minute - 1);
    return claim.limit + Math.min(claim.carryOver, Math.max(0, claim.limit - before.used - before.open));
  }

  #taken(claim: Claim, minute: number) {
    const total = { used: 0, open: 0, unconfirmed: 0 };
    const isOpenOnly = claim.window.kind === 'open';
    for (const kept of this.#all.values()) {
      if (!isOpenOnly && kept.minute !== minute) continue;
      const index = kept.claims.findIndex(({ budget }) => budget === claim.budget);
      const own = kept.claims[index];
      if (!own) continue;
      const amount = amountFor(own, kept.output);
      if (kept.state === 'open') total.open += amount;
      else if (isOpenOnly) continue;
      else if (kept.state === 'settled') total.used += kept.used[index] ?? 0;
      else if (kept.state === 'unconfirmed') {
        total.used += amount;
        total.unconfirmed += amount;
      }
    }
    return total;
  }
}

/** Takes the steps in a store and in the model: both answer and count alike, and no limit is exceeded at any step. */
export const behavesLikeModel = async ({ store, advance }: Place, run: readonly Step[]): Promise<void> => {
  const model = new Model();
  for (const step of run) {
    if (step.kind === 'advance') {
      model.advance(step.byMs);
      await advance(step.byMs);
    } else if (step.kind === 'reserve') {
      const ask = askOf(String(step.of), step.claims, { output: step, leaseMs: step.leaseMs });
      expect(await store.reserve(ask)).toMatchObject(model.reserve(ask));
    } else if (step.kind === 'renew') {
      expect(await store.renew(String(step.of), step.leaseMs)).toBe(
        model.renew(String(step.of), step.leaseMs),
      );
    } else {
      const id = String(step.of);
      const used = model.held(id).map((amount) => Math.floor(amount * step.part));
      expect(await store.settle(id, used)).toBe(model.settle(id, used));
    }
    const counts = (await store.read(kinds)) ?? [];
    expect(counts).toMatchObject(kinds.map((kind) => model.count(kind)));
    for (const [index, { used, open: held, limit }] of counts.entries()) {
      if (kinds[index]?.enforced) expect(used + held).toBeLessThanOrEqual(limit);
    }
  }
};

/** One call on a rate: when, how much it reserved, how much it used and how long it took. */
export interface RateCall {
  readonly afterMs: number;
  readonly amount: number;
  readonly used: number;
  readonly lengthMs: number;
}

export const rateCalls: fc.Arbitrary<RateCall[]> = fc.array(
  fc
    .record({
      afterMs: fc.nat(900),
      amount: fc.integer({ min: 1, max: 10 }),
      part: fc.nat(4),
      lengthMs: fc.nat(4000),
    })
    .map(({ part, ...call }) => ({ ...call, used: Math.floor((call.amount * part) / 4) })),
  { maxLength: 40, size: 'max' },
);

export const smoothClaim = claimOf({ window: { kind: 'smooth', seconds: 5 }, limit: 10, base: 1 });

/** Makes the calls; what those used that were granted never exceeds the rate, between any two moments. */
export const keepsTheRate = async ({ store, advance }: Place, calls: readonly RateCall[]): Promise<void> => {
  const granted: { atMs: number; used: number }[] = [];
  const endings: { atMs: number; id: string; used: number }[] = [];
  let now = 0;
  const passUntil = async (atMs: number): Promise<void> => {
    await advance(atMs - now);
    now = atMs;
  };
  const endUntil = async (atMs: number): Promise<void> => {
    endings.sort((a, b) => a.atMs - b.atMs);
    for (let first = endings[0]; first && first.atMs <= atMs; first = endings[0]) {
      endings.shift();
      await passUntil(first.atMs);
      await store.settle(first.id, [first.used]);
    }
    await passUntil(atMs);
  };
  for (const [index, { afterMs, amount, used, lengthMs }] of calls.entries()) {
    await endUntil(now + afterMs);
    const id = String(index);
    if ((await store.reserve(askOf(id, [{ ...smoothClaim, base: amount }]))).kind !== 'granted') continue;
    granted.push({ atMs: now, used });
    endings.push({ atMs: now + lengthMs, id, used });
  }
  for (const [first, { atMs: fromMs }] of granted.entries()) {
    let total = 0;
    for (const { atMs, used } of granted.slice(first)) {
      total += used;
      expect(total).toBeLessThanOrEqual(10 + ((atMs - fromMs) * 10) / 5000);
    }
  }
};
