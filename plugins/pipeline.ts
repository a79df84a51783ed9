import type { AnswerBegun, Attempt, AttemptResult, Exchange, Outcome, Upstream } from './exchange.ts';
import type { ModelEvent } from './model/events.ts';
import type { LimitState } from './model/limits.ts';
import type { ModelRequest } from './model/request.ts';
import type { Usage } from './model/usage.ts';
import type {
  AnswerWatch,
  Awaitable,
  EventFilter,
  Mirrored,
  Policy,
  PolicyHooks,
  Verdict,
} from './policy.ts';
import { type GatewayError, gatewayError } from './refusals.ts';

/** What the policies together said to a request. */
export type Decision =
  | {
      readonly kind: 'pass';
      readonly request: ModelRequest;
      readonly plan: readonly Upstream[];
      /** Gets a copy; its answer is thrown away. */
      readonly mirror?: Mirrored;
    }
  | { readonly kind: 'refuse'; readonly error: GatewayError };

/** Told of every exception in a hook, with the policy's name and whether the request went on without it. */
export type FaultListener = (fault: {
  policy: string;
  hook: keyof PolicyHooks;
  failOpen: boolean;
  cause: unknown;
}) => void;

/** The only caller of hooks: order, faults, settle-once. One per exchange. */
export class Pipeline {
  readonly #steps: readonly { readonly policy: Policy; readonly hooks: PolicyHooks }[];
  readonly #onFault: FaultListener;
  readonly #answering = new Set<number>();
  readonly #attempted = new Set<number>();
  #settled = false;

  constructor(policies: readonly Policy[], exchange: Exchange, onFault: FaultListener) {
    this.#steps = policies.map((policy) => ({ policy, hooks: policy.begin(exchange) }));
    this.#onFault = onFault;
  }

  /** Runs the request hooks, first to last. The last plan and mirror hold; a request without one is refused. */
  async request(request: ModelRequest): Promise<Decision> {
    let current = request;
    let plan: readonly Upstream[] = [];
    let mirror: Mirrored | undefined;
    for (const { policy, hooks } of this.#steps) {
      if (!hooks.request) continue;
      const said = this.#guard(policy, 'request', () => hooks.request?.(current));
      const verdict = isPending(said) ? await said : said; // to wait for what is there costs a turn of the queue
      if (verdict?.kind === 'refuse') return verdict;
      current = verdict?.request ?? current;
      plan = verdict?.plan ?? plan;
      mirror = verdict?.mirror ?? mirror;
    }
    if (plan.length === 0) return { kind: 'refuse', error: gatewayError('upstream_unavailable') };
    return { kind: 'pass', request: current, plan, ...(mirror ? { mirror } : {}) };
  }

  /** Runs the attempt hooks on the one request that all attempts start from. */
  async attempt(request: ModelRequest, attempt: Attempt): Promise<Decision> {
    let current = request;
    for (const { policy, hooks } of this.#steps) {
      if (!hooks.attempt) continue;
      const said = this.#guard(policy, 'attempt', () => hooks.attempt?.(current, attempt));
      const verdict = isPending(said) ? await said : said;
      if (verdict?.kind === 'refuse') return verdict;
      current = verdict?.request ?? current;
    }
    return { kind: 'pass', request: current, plan: [attempt.upstream] };
  }

  /** Tells the policies that an attempt's answer begins; only the first call for each attempt counts. */
  answering(attempt: Attempt, begun: AnswerBegun): void {
    if (!isFirst(attempt, this.#answering)) return;
    for (const { policy, hooks } of this.#steps) {
      this.#tell(policy, 'answering', () => hooks.answering?.(attempt, begun));
    }
  }

  /** Tells the policies what became of an attempt; only the first call for each attempt counts. */
  attempted(attempt: Attempt, result: AttemptResult): void {
    if (!isFirst(attempt, this.#attempted)) return;
    for (const { policy, hooks } of this.#steps) {
      this.#tell(policy, 'attempted', () => hooks.attempted?.(attempt, result));
    }
  }

  /** The policies' filters as one, last policy first; undefined when no policy wants to change the answer. */
  filter(): EventFilter | undefined {
    const filters = this.#steps.flatMap(({ hooks }) => hooks.response?.() ?? []).reverse();
    if (filters.length < 2) return filters[0];
    return {
      push: (event) => through(filters, [event]),
      flush: () => filters.flatMap((filter, at) => through(filters.slice(at + 1), filter.flush?.() ?? [])),
    };
  }

  /** The policies' watches as one; undefined when no policy wants to see the answer. The first cut holds. */
  watch(attempt: Attempt): AnswerWatch | undefined {
    const watches = this.#steps.flatMap(({ hooks }) => hooks.watch?.(attempt) ?? []);
    if (watches.length < 2) return watches[0];
    return {
      see: (event) => {
        const cuts = watches.map((watch) => watch.see(event));
        return cuts.find((cut) => cut !== undefined);
      },
    };
  }

  /** Headers of the policies for an answer's head. */
  headers(attempt: Attempt, usage: Usage | undefined): readonly (readonly [string, string])[] {
    return this.#steps.flatMap(({ hooks }) => hooks.headers?.(attempt, usage) ?? []);
  }

  /** The limits that the caller is under. */
  limits(): readonly LimitState[] {
    return this.#steps.flatMap(({ hooks }) => hooks.limits?.() ?? []);
  }

  /** Tells every policy how it ended; only the first call counts. A fault of one keeps none of the others from it. */
  async settle(outcome: Outcome): Promise<void> {
    if (this.#settled) return;
    this.#settled = true;
    for (const { policy, hooks } of this.#steps) {
      try {
        await hooks.settle?.(outcome);
      } catch (cause) {
        this.#onFault({ policy: policy.name, hook: 'settle', failOpen: true, cause });
      }
    }
  }

  /** A policy that only hears of something can fault without harm to the exchange or to the others. */
  #tell(policy: Policy, hook: 'answering' | 'attempted', run: () => void): void {
    try {
      run();
    } catch (cause) {
      this.#onFault({ policy: policy.name, hook, failOpen: true, cause });
    }
  }

  #guard(
    policy: Policy,
    hook: 'request' | 'attempt',
    run: () => Awaitable<Verdict | undefined>,
  ): Awaitable<Verdict | undefined> {
    const fault = (cause: unknown): Verdict | undefined => {
      this.#onFault({ policy: policy.name, hook, failOpen: policy.failOpen, cause });
      return policy.failOpen ? undefined : { kind: 'refuse', error: gatewayError('policy_unavailable') };
    };
    try {
      const said = run();
      return isPending(said) ? Promise.resolve(said).catch(fault) : said;
    } catch (cause) {
      return fault(cause);
    }
  }
}

/** Anything that can be waited for, of whatever library: a verdict that is not waited for would go unread. */
const isPending = <T extends object>(said: Awaitable<T | undefined>): said is Promise<T | undefined> =>
  said !== undefined && 'then' in said;

const isFirst = ({ number }: Attempt, seen: Set<number>): boolean => seen.size < seen.add(number).size;

const through = (filters: readonly EventFilter[], events: readonly ModelEvent[]): readonly ModelEvent[] =>
  filters.reduce((passing, filter) => passing.flatMap((event) => filter.push(event)), events);
