import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fakeClock } from '../../test/fakes/clock.ts';
import { askOf, claimOf, conformanceStartMs, type Place } from '../../test/redis/conformance.ts';
import { behavesLikeModel, keepsTheRate, rateCalls, steps } from '../../test/redis/model.ts';
import type { Clock } from '../ports/clock.ts';
import type { Claim, CounterStore } from '../ports/counter-store.ts';
import { memoryCounters } from './memory.ts';
import { type SlicedCounters, slices } from './slices.ts';

const memory = (): Place => {
  const clock = fakeClock(conformanceStartMs);
  return { store: memoryCounters({ clock }), advance: async (byMs) => clock.advance(byMs) };
};

test('memoryCounters count what a list of all reservations adds up to', async () => {
  const property = fc.asyncProperty(steps, (run) => behavesLikeModel(memory(), run));
  await fc.assert(property, { numRuns: 300 });
});

test('memoryCounters never let a rate be exceeded, whatever is given back', async () => {
  const property = fc.asyncProperty(rateCalls, (calls) => keepsTheRate(memory(), calls));
  await fc.assert(property, { numRuns: 300 });
});

type HostStep =
  | {
      readonly kind: 'reserve';
      readonly host: number;
      readonly base: number;
      readonly isParallel: boolean;
      readonly onLoss: 'refuse' | 'slice';
    }
  /** Of the calls that are open; `part`: how much of what is held was used. */
  | { readonly kind: 'settle'; readonly of: number; readonly part: number }
  | { readonly kind: 'retry'; readonly of: number }
  | { readonly kind: 'kill' | 'close'; readonly host: number }
  | { readonly kind: 'lose' | 'find' }
  | { readonly kind: 'advance'; readonly byMs: number };

const host = fc.nat(2);
const of = fc.nat(30);
const step = (weight: number, arbitrary: fc.Arbitrary<HostStep>) => ({ weight, arbitrary });
const hostSteps: fc.Arbitrary<HostStep[]> = fc.array(
  fc.oneof(
    step(
      14,
      fc.record({
        kind: fc.constant('reserve'),
        host,
        base: fc.nat(12),
        isParallel: fc.boolean(),
        onLoss: fc.constantFrom('refuse', 'slice'),
      }),
    ),
    step(6, fc.record({ kind: fc.constant('settle'), of, part: fc.constantFrom(0, 0.3, 1) })),
    step(1, fc.record({ kind: fc.constant('retry'), of })),
    step(4, fc.record({ kind: fc.constant('advance'), byMs: fc.constantFrom(1, 700, 1500, 11_000, 40_000) })),
    step(1, fc.record({ kind: fc.constantFrom('kill', 'close'), host: fc.constantFrom(1, 2) })),
    step(1, fc.record({ kind: fc.constantFrom('lose', 'find') })),
  ),
  { maxLength: 200, size: 'max' },
);

const perMonth = { kind: 'calendar', per: 'month', zone: 'Asia/Tokyo' } as const;
const tokens = claimOf({ window: perMonth, limit: 250 });
const slots = claimOf({ budget: 'slots', unit: 'concurrent', window: { kind: 'open' }, limit: 12, base: 1 });

const leaseMs = 20_000;

/** Macrotasks are not needed: nothing here waits for anything but promises. */
const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 60; turn++) await undefined;
};

/** A call that was granted and not settled. */
interface Call {
  readonly id: string;
  readonly host: number;
  readonly claims: readonly Claim[];
  readonly leaseEndMs: number;
}

/** Three hosts over one store, and what calls in truth hold and used. */
class Fleet {
  readonly #clock = fakeClock(conformanceStartMs);
  readonly #memory = memoryCounters({ clock: this.#clock });
  readonly #hosts: { readonly store: SlicedCounters; readonly kill: () => void }[];
  readonly #calls = new Map<string, Call>();
  readonly #gone = new Set<number>();
  #isLost = false;
  readonly #owed: (readonly [string, readonly number[]])[] = [];
  #used = 0;
  #ids = 0;

  constructor() {
    this.#hosts = [0, 1, 2].map((index) => this.#host(String(index)));
  }

  async take(step: HostStep): Promise<void> {
    if (step.kind === 'advance') await this.advance(step.byMs);
    else if (step.kind === 'reserve') await this.#reserve(step);
    else if (step.kind === 'retry') await this.#retry(this.#call(step.of));
    else if (step.kind === 'settle') await this.#settle(this.#call(step.of), step.part);
    else if ('host' in step) await this.#stop(step);
    else if (step.kind === 'find') this.#find();
    else this.#isLost = true;
    await turns();
    await this.#check();
  }

  async end(): Promise<void> {
    this.#find();
    for (const { store } of this.#hosts) await store.close();
    await this.advance(100_000);
    expect(await this.#memory.holds()).toEqual([]);
    await this.#check();
  }

  async advance(byMs: number): Promise<void> {
    for (let passed = 0; passed < byMs; passed += 1000) {
      this.#clock.advance(Math.min(1000, byMs - passed));
      await turns();
    }
  }

  async #reserve({ host, base, isParallel, onLoss }: Extract<HostStep, { kind: 'reserve' }>): Promise<void> {
    const store = this.#storeOf(host);
    const id = `call-${++this.#ids}`;
    const claims = [{ ...tokens, base }, ...(isParallel ? [slots] : [])];
    const { kind } = (await store?.reserve(askOf(id, claims, { leaseMs, onLoss }))) ?? {};
    if (kind !== 'granted') return;
    this.#calls.set(id, { id, host, claims, leaseEndMs: this.#clock.nowMs() + leaseMs });
  }

  async #retry({ id, host, claims, leaseEndMs }: Call): Promise<void> {
    const asked = await this.#storeOf(host)?.reserve(askOf(id, claims, { leaseMs }));
    if (asked && !this.#isLost && leaseEndMs > this.#clock.nowMs()) expect(asked.kind).toBe('granted');
  }

  async #settle({ id, host, claims }: Call, part: number): Promise<void> {
    const used = claims.map(({ base }) => Math.floor(base * part));
    const settled = await this.#storeOf(host)?.settle(id, used);
    if (settled === undefined) return;
    this.#calls.delete(id);
    this.#used += used[0] ?? 0;
  }

  async #stop({ kind, host }: Extract<HostStep, { kind: 'kill' | 'close' }>): Promise<void> {
    const store = this.#storeOf(host);
    this.#gone.add(host);
    if (kind === 'kill') this.#hosts[host]?.kill();
    else await store?.close();
  }

  #storeOf(host: number): SlicedCounters | undefined {
    return this.#gone.has(host) ? undefined : this.#hosts[host]?.store;
  }

  /** One of the calls that are open, or one that nobody made. */
  #call(of: number): Call {
    const open = [...this.#calls.values()];
    return open[of % open.length] ?? { id: 'nobody', host: 0, claims: [], leaseEndMs: 0 };
  }

  /** At the store no limit is exceeded, and what calls hold and used in truth is no more than it either. */
  async #check(): Promise<void> {
    for (const { used, open, limit } of (await this.#memory.read([tokens, slots])) ?? []) {
      expect(used + open).toBeLessThanOrEqual(limit);
    }
    const open = [...this.#calls.values()];
    const held = open.reduce((sum, { claims }) => sum + (claims[0]?.base ?? 0), 0);
    expect(this.#used + held).toBeLessThanOrEqual(tokens.limit);
    const now = this.#clock.nowMs();
    const running = open.filter(({ leaseEndMs, host }) => leaseEndMs > now && !this.#gone.has(host));
    expect(running.filter(({ claims }) => claims.length > 1).length).toBeLessThanOrEqual(slots.limit);
  }

  #find(): void {
    this.#isLost = false;
    for (const [id, amounts] of this.#owed.splice(0)) void this.#memory.settle(id, amounts);
  }

  #host(owner: string) {
    let isAlive = true;
    let drawn = 0;
    const after: Clock['after'] = (delayMs, callback) =>
      this.#clock.after(delayMs, () => isAlive && callback());
    const random = { unit: () => 0, id: () => `${owner}-${++drawn}` };
    const clock = { ...this.#clock, after };
    const store = slices(this.#remote(), { clock, random, owner, share: 0.3, leaseMs: 10_000 });
    const kill = () => {
      isAlive = false;
    };
    return { store, kill };
  }

  /** The store, lost at times; then it gets settlements later. */
  #remote(): CounterStore {
    const memory = this.#memory;
    return {
      reserve: async (ask) => (this.#isLost ? { kind: 'lost' } : memory.reserve(ask)),
      settle: async (id, amounts) => {
        if (!this.#isLost) return memory.settle(id, amounts);
        this.#owed.push([id, amounts]);
        return 'lost';
      },
      renew: async (id, leaseMs) => (this.#isLost ? undefined : memory.renew(id, leaseMs)),
      read: async (claims) => (this.#isLost ? undefined : memory.read(claims)),
      holds: async () => (this.#isLost ? undefined : memory.holds()),
      adjust: async (claim, amount) => (this.#isLost ? undefined : memory.adjust(claim, amount)),
    };
  }
}

test('slices of several hosts, killed, closed and cut off, exceed no limit at any step', async () => {
  const property = fc.asyncProperty(hostSteps, async (run) => {
    const fleet = new Fleet();
    for (const step of run) await fleet.take(step);
    await fleet.end();
  });
  await fc.assert(property, { numRuns: 60 });
});
