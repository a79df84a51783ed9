import { createHash, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkAmounts, checkAsk, countName } from '../../counters/claims.ts';
import { windowAt, windowBefore } from '../../counters/windows.ts';
import type { Clock } from '../../ports/clock.ts';
import type {
  Ask,
  Claim,
  ClaimState,
  Count,
  CountedUnit,
  Hold,
  Reserved,
  Settled,
} from '../../ports/counter-store.ts';
import { redisFault } from './redis-faults.ts';
import { type RemoteStore, StoreFault } from './remote.ts';

/** What this needs of a Redis client; those of ioredis have it, alone, behind Sentinel or as a cluster. */
export interface RedisClient {
  evalsha(sha: string, keyCount: number, ...args: string[]): Promise<unknown>;
  eval(script: string, keyCount: number, ...args: string[]): Promise<unknown>;
  /** Of ioredis: `ready`, `connecting`, `reconnecting`, `end`, … */
  readonly status: string;
  connect(): Promise<unknown>;
  disconnect(reconnect?: boolean): void;
}

export interface RedisStoreOptions {
  readonly client: RedisClient;
  /** Whose keys these are: all begin with `{nexus:<organisation>}`, so all lie in one slot of a cluster. */
  readonly organisation: string;
  readonly clock: Clock;
  readonly script?: string;
}

/** All that is done in Redis. */
export const countersScript = readFileSync(join(import.meta.dirname, 'counters.lua'), 'utf8');

/** Reservations in one page of a list: few enough to keep nobody waiting. */
const holdsAtOnce = 500;

/** Counts and reservations in Redis 6 or newer. What a call does, it does in one round trip and as a whole. */
export const redisStore = (options: RedisStoreOptions): RemoteStore => new RedisStore(options);

class RedisStore implements RemoteStore {
  readonly #client: RedisClient;
  readonly #clock: Clock;
  readonly #tag: string;
  readonly #script: string;
  readonly #sha: string;
  /** What Redis' clock shows beyond ours, as far as we know. */
  #offsetMs = 0;
  /** The set of counts as it was last seen: its name, empty before the first probe, and how many reservations it had granted. */
  #seen = { name: '', granted: 0 };

  constructor({ client, organisation, clock, script = countersScript }: RedisStoreOptions) {
    if (/[{}]/.test(organisation)) throw new RangeError('braces in the name of the organisation');
    this.#client = client;
    this.#clock = clock;
    this.#tag = `{nexus:${organisation}}:`;
    this.#script = script;
    this.#sha = createHash('sha1').update(script).digest('hex');
  }

  async reserve(ask: Ask): Promise<Reserved> {
    checkAsk(ask);
    const { id, owner, claims, output, leaseMs } = ask;
    const { name, granted } = this.#seen;
    const terms = [String(leaseMs), String(output.least), String(output.most)];
    const head = ['reserve', id, owner, ...terms, name, String(granted)];
    const [verdict, number, ...rest] = await this.#inWindow(head, claims);
    if (verdict === 'ended') return { kind: 'lost' };
    if (verdict === 'forgotten') throw new StoreFault('forgotten');
    const statesIn = (numbers: readonly unknown[]) =>
      claims.map((claim, index) => stateAt(numbers, claim, index));
    if (verdict === 'refused') return { kind: 'refused', refusedBy: Number(number), states: statesIn(rest) };
    const [grantedNow, ...numbers] = rest;
    if (this.#seen.name === name) this.#seen.granted = Math.max(this.#seen.granted, Number(grantedNow));
    return { kind: 'granted', output: Number(number), states: statesIn(numbers) };
  }

  async settle(id: string, amounts: readonly number[]): Promise<Settled> {
    checkAmounts(amounts);
    return (await this.#run(['settle', id, ...amounts.map(String)])) as Settled; // what the script answers
  }

  async renew(id: string, leaseMs: number): Promise<boolean> {
    return (await this.#run(['renew', id, String(leaseMs)])) === 1;
  }

  async read(claims: readonly Claim[]): Promise<Count[]> {
    const [, ...numbers] = await this.#inWindow(['read'], claims);
    return claims.map((claim, index) => countAt(numbers, claim, index));
  }

  async holds(): Promise<Hold[]> {
    await this.sweep();
    const holds = new Map<string, Hold>();
    for (let first = 0; ; first += holdsAtOnce) {
      const [ids, ...page] = listOf(await this.#run(['holds', String(first), String(holdsAtOnce)]));
      for (const hold of holdsIn(page)) holds.set(hold.id, hold); // one whose lease is renewed may come up twice
      if (Number(ids) < holdsAtOnce) break;
    }
    return [...holds.values()].toSorted((a, b) => b.ageMs - a.ageMs);
  }

  async adjust(claim: Claim, amount: number): Promise<Count> {
    if (!Number.isSafeInteger(amount)) throw new RangeError(`adjusted by ${amount}`);
    const [, ...numbers] = await this.#inWindow(['adjust', String(amount)], [claim]);
    return countAt(numbers, claim, 0);
  }

  async bringBack(claims: readonly Claim[]): Promise<void> {
    await this.#inWindow(['bringBack'], claims);
  }

  sweep(): Promise<string> {
    return this.#see('sweep');
  }

  probe(): Promise<string> {
    return this.#see('probe');
  }

  async #see(call: 'sweep' | 'probe'): Promise<string> {
    const { name, granted } = this.#seen;
    const [nameNow, grantedNow] = listOf(await this.#run([call, randomUUID(), name, String(granted)]));
    if (nameNow === 'forgotten') throw new StoreFault('forgotten');
    this.#seen = { name: String(nameNow), granted: Number(grantedNow) };
    return this.#seen.name;
  }

  /** A client that is about to connect is let alone: ioredis, told to disconnect then, would give up for good. */
  reconnect(): void {
    const { status } = this.#client;
    if (status === 'ready' || status === 'connect') this.#client.disconnect(true);
    else if (status === 'end') this.#client.connect().catch(() => {}); // the next probe tells
  }

  close(): void {
    this.#client.disconnect();
  }

  /** Redis decides which windows are now. When ours are others, our clock is set by its, and it is asked once more. */
  async #inWindow(head: readonly string[], claims: readonly Claim[]): Promise<unknown[]> {
    for (let attempt = 0; attempt < 3; attempt++) {
      const now = this.#clock.epochMs() + this.#offsetMs;
      const wire = claims.map((claim) => wireClaim(claim, now));
      if (new Set(wire.map(([name]) => name)).size < wire.length)
        throw new RangeError('two claims on one count');
      const answer = listOf(await this.#run([...head, String(claims.length), ...wire.flat()]));
      if (answer[0] !== 'window') return answer;
      this.#offsetMs = Number(answer[1]) - this.#clock.epochMs();
    }
    throw new StoreFault('clock');
  }

  async #run(args: readonly string[]): Promise<unknown> {
    try {
      return await this.#client.evalsha(this.#sha, 1, this.#tag, ...args);
    } catch (cause) {
      if (!isNoScript(cause)) throw redisFault(cause);
    }
    try {
      return await this.#client.eval(this.#script, 1, this.#tag, ...args); // Redis knows it from now on
    } catch (cause) {
      throw redisFault(cause);
    }
  }
}

const isNoScript = (cause: unknown): boolean =>
  cause instanceof Error && cause.message.startsWith('NOSCRIPT');

const listOf = (answer: unknown): unknown[] => {
  if (!Array.isArray(answer)) throw new StoreFault('error');
  return answer;
};

const dayMs = 86_400_000;

/** As `claimsFrom` of the script reads it. */
const wireClaim = (claim: Claim, nowMs: number): string[] => {
  const { window, limit, carryOver, enforced, base, perMillionOutput } = claim;
  const cost = [limit, carryOver, enforced ? 1 : 0, base, perMillionOutput].map(String);
  const name = countName(claim);
  if (window.kind === 'open') return [name, 'o', '0', '0', '0', '', ...cost];
  if (window.kind === 'smooth') return [name, 's', '0', String(window.seconds * 1000), '0', '', ...cost];
  const { per, zone } = window;
  const span = windowAt(per, zone, nowMs);
  const { key, startMs, endMs } = span;
  const lengthMs = endMs - startMs;
  const keepUntilMs = endMs + lengthMs + 3 * dayMs; // the next window, though longer, may carry over from it
  const before = carryOver === 0 ? '' : `${name}:${windowBefore(per, zone, span).key}`;
  return [`${name}:${key}`, 'c', String(startMs), String(lengthMs), String(keepUntilMs), before, ...cost];
};

const numbersOfState = 5;

const stateAt = (numbers: readonly unknown[], { budget, scope, unit }: Claim, index: number): ClaimState => {
  const [limit = 0, used = 0, open = 0, resetMs = 0] = numbers.slice(index * numbersOfState).map(Number);
  return { budget, scope, unit, limit, used, open, resetMs };
};

const countAt = (numbers: readonly unknown[], claim: Claim, index: number): Count => ({
  ...stateAt(numbers, claim, index),
  unconfirmed: Number(numbers[index * numbersOfState + 4]),
  window: claim.window,
});

const holdsIn = (page: readonly unknown[]): Hold[] => {
  const values = page.values();
  const next = () => values.next().value;
  const holds: Hold[] = [];
  for (let id = next(); id !== undefined; id = next()) {
    const [owner, ageMs, leaseMs, count] = [String(next()), Number(next()), Number(next()), Number(next())];
    const amounts = Array.from({ length: count }, () => amountOf(String(next()), Number(next())));
    holds.push({ id: String(id), owner, ageMs, leaseMs, amounts });
  }
  return holds;
};

/** From the name of a count: see `countName`. */
const amountOf = (name: string, amount: number): Hold['amounts'][number] => {
  const [budget = '', unit = '', , scope = ''] = name.split(':');
  return {
    budget: decodeURIComponent(budget),
    scope: decodeURIComponent(scope),
    unit: unit as CountedUnit, // what `countName` wrote
    amount,
  };
};
