import { type Context, Hono } from 'hono';
import { z } from 'zod';
import type { Config } from '../plugins/config/schema.ts';
import { countNamed, knownCounts } from '../plugins/policies/token-budget/known-counts.ts';
import type { Claim, Count, CounterStore, Hold } from '../plugins/ports/counter-store.ts';

/** What the pages need of those who keep the counts. */
export interface BudgetsAdmin {
  readonly store: CounterStore;
  /** The configuration that holds now. */
  readonly config: () => Config;
  /** Wall clock, milliseconds since 1970. */
  readonly epochMs: () => number;
  /** When the store was last seen to have forgotten what it had counted; milliseconds since 1970. */
  readonly forgottenEpochMs?: () => number | undefined;
  /** Told of every change that an operator made, after it was made. */
  readonly audit: (change: Adjustment) => void;
}

/** A count that an operator has changed. */
export interface Adjustment {
  readonly budget: string;
  readonly scope: string;
  readonly unit: Claim['unit'];
  /** Added to what is used; negative gives back. Micro-dollars for `microUsd`. */
  readonly amount: number;
  readonly reason: string;
  /** What is used now. */
  readonly used: number;
}

/** One count as it is listed. */
export type ListedCount = Count & Pick<Claim, 'enforced'>;
export interface ListedBudgets {
  readonly budgets: readonly ListedCount[];
  /** When the store was last seen to have forgotten what it had counted, since this gateway was started; ISO 8601. */
  readonly forgottenAt?: string;
}
export interface ListedHolds {
  readonly holds: readonly Hold[];
}

const adjustment = z.strictObject({
  budget: z.string(),
  scope: z.string(),
  unit: z.enum(['tokens', 'inputTokens', 'outputTokens', 'microUsd', 'requests']),
  amount: z.int(),
  reason: z.string().trim().min(3).max(500),
});

/** What the pages are for. */
export const budgetPages = {
  '/api/budgets': 'every count of every budget; JSON',
  '/api/budgets/holds': 'every open reservation; JSON',
} as const;

/**
 * `GET /api/budgets`, `GET /api/budgets/holds` and `POST /api/budgets/adjust`, to be mounted on the admin port, which
 * says who may come. Errors are problem+json (RFC 9457).
 */
export const budgetsApp = ({ store, config, epochMs, forgottenEpochMs, audit }: BudgetsAdmin): Hono => {
  const app = new Hono();
  app.get('/api/budgets', async (context) => {
    const claims = knownCounts(config(), epochMs());
    const counts = await store.read(claims);
    if (!counts) return storeLost(context);
    const budgets = counts.map((count, at) => ({ ...count, enforced: claims[at]?.enforced ?? true }));
    const forgottenMs = forgottenEpochMs?.();
    const forgotten = forgottenMs === undefined ? {} : { forgottenAt: new Date(forgottenMs).toISOString() };
    return context.json({ budgets, ...forgotten } satisfies ListedBudgets);
  });
  app.get('/api/budgets/holds', async (context) => {
    const holds = await store.holds();
    return holds ? context.json({ holds } satisfies ListedHolds) : storeLost(context);
  });
  app.post('/api/budgets/adjust', async (context) => {
    if (!isJson(context)) return problem(context, 415, 'Send application/json.'); // a form of a foreign page cannot
    const asked = adjustment.safeParse(await context.req.json().catch(() => undefined));
    if (!asked.success) return problem(context, 400, wrongAdjustment);
    const { amount, reason, ...name } = asked.data;
    const claim = countNamed(config(), name, epochMs());
    if (!claim) return problem(context, 404, 'No budget of the configuration has this scope and unit.');
    const count = await store.adjust(claim, amount);
    if (!count) return storeLost(context);
    audit({ ...name, amount, reason, used: count.used });
    return context.json(count);
  });
  return app;
};

const wrongAdjustment =
  'Send { budget, scope, unit, amount, reason }: unit is tokens, inputTokens, outputTokens, microUsd or requests, amount a whole number, reason 3 to 500 characters.';

const isJson = (context: Context): boolean =>
  /^application\/json\b/i.test(context.req.header('content-type') ?? '');

const titles = {
  400: 'Bad Request',
  404: 'Not Found',
  415: 'Unsupported Media Type',
  503: 'Service Unavailable',
} as const;

const storeLost = (context: Context): Response =>
  problem(context, 503, 'The store of counts cannot be asked at the moment.');

const problem = (context: Context, status: keyof typeof titles, detail: string): Response =>
  context.body(JSON.stringify({ title: titles[status], status, detail }), status, {
    'content-type': 'application/problem+json',
  });
