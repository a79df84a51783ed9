import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Ending, Outcome } from '../../exchange.ts';
import type { ModelEvent } from '../../model/events.ts';
import type { PolicyHooks } from '../../policy.ts';
import { alice, ask, bob, configOf, ended, first, world } from './fake-world.ts';

const limit = 3000;

const budgets = [
  { id: 'each', user: '*', per: 'day', tokens: limit },
  { id: 'all', per: 'day', tokens: 5000, usd: 0.02 },
  { id: 'parallel', concurrent: 5 },
];

/** What happens, in any order: calls begin, their answers come in pieces, they end in every way. */
const step = fc.oneof(
  fc.record({
    kind: fc.constant('begin' as const),
    consumer: fc.constantFrom(alice, bob),
    words: fc.integer({ min: 1, max: 800 }),
    maxOutputTokens: fc.option(fc.integer({ min: 1, max: 128_000 }), { nil: undefined }),
    choices: fc.integer({ min: 1, max: 3 }),
    stream: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant('text' as const),
    call: fc.nat(9),
    tokens: fc.integer({ min: 1, max: 900 }),
  }),
  fc.record({
    kind: fc.constant('report' as const),
    call: fc.nat(9),
    inputTokens: fc.oneof(fc.integer({ min: -5, max: 3000 }), fc.constant(Number.NaN), fc.constant(1e15)),
    outputTokens: fc.oneof(fc.integer({ min: -5, max: 3000 }), fc.constant(1e15)),
    last: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant('end' as const),
    call: fc.nat(9),
    ending: fc.constantFrom<Ending>(
      'complete',
      'refused',
      'failed',
      'truncated',
      'stalled',
      'aborted',
      'cut',
    ),
    attempts: fc.integer({ min: 0, max: 3 }),
    isServed: fc.boolean(),
  }),
  fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 50_000 }) }),
);

interface Open {
  readonly hooks: PolicyHooks;
  readonly stream: boolean;
  readonly watch: ReturnType<NonNullable<PolicyHooks['watch']>>;
}

test('whatever is reported and however calls end: no more than the limit and what overran a hold; one hold, one end', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60 }), async (steps) => {
      const it = world(configOf(budgets));
      const open: Open[] = [];
      const overrun = (name: string) => it.metrics.get(`nexus_budget_overrun_total ${name}`) ?? 0;
      const check = async () => {
        for (const [name, used] of Object.entries(await it.taken())) {
          const [budget, , unit] = name.split(' ');
          const most =
            { each: limit, all: unit === 'microUsd' ? 20_000 : 5000, parallel: 5 }[budget ?? ''] ?? 0;
          expect(used, name).toBeLessThanOrEqual(most + overrun(`${budget} ${unit}`));
        }
      };
      const end = async ({ hooks, stream }: Open, how: Partial<Outcome> & { ending: Ending }) => {
        await hooks.settle?.(ended(how.ending, { ...how, stream }));
      };
      for (const now of steps) {
        if (now.kind === 'wait') await it.advance(now.ms);
        else if (now.kind === 'begin') {
          const { hooks } = it.begin(now.consumer);
          const text = 'word '.repeat(now.words);
          const verdict = await hooks.request?.(
            ask({
              stream: now.stream,
              sampling: { choices: now.choices },
              turns: [{ role: 'user', parts: [{ type: 'text', text }] }],
              ...(now.maxOutputTokens === undefined ? {} : { maxOutputTokens: now.maxOutputTokens }),
            }),
          );
          if (verdict?.kind === 'pass') open.push({ hooks, stream: now.stream, watch: hooks.watch?.(first) });
          else
            await end({ hooks, stream: now.stream, watch: undefined }, { ending: 'refused', attempts: [] });
        } else {
          const call = open[now.call % Math.max(1, open.length)];
          if (!call) continue;
          if (now.kind === 'text') {
            const cut = call.watch?.see({ type: 'text-delta', part: 0, text: 'abcd'.repeat(now.tokens) });
            if (cut) {
              open.splice(open.indexOf(call), 1);
              await end(call, { ending: 'cut', served: first });
            }
          } else if (now.kind === 'report') {
            const { inputTokens, outputTokens, last } = now;
            const events: ModelEvent[] = [
              ...(last ? ([{ type: 'finish', choice: 0, reason: 'stop' }] as const) : []),
              { type: 'usage', usage: { inputTokens, outputTokens } },
            ];
            for (const event of events) call.watch?.see(event);
          } else {
            open.splice(open.indexOf(call), 1);
            const attempts = Array.from({ length: now.attempts }, (_, at) => ({ ...first, number: at + 1 }));
            await end(call, {
              ending: now.ending,
              attempts,
              ...(now.isServed && attempts.length > 0 ? { served: first } : {}),
            });
          }
        }
        await check();
      }
      for (const call of open) await end(call, { ending: 'aborted' });
      await check();
      const granted = it.calls.filter((call) => call === 'reserve granted').length;
      const settled = it.calls.filter((call) => /^settle .*(settled|late-refund)$/.test(call)).length;
      expect(settled).toBe(granted);
      expect(await it.inner.holds()).toEqual([]);
    }),
    { numRuns: 150 },
  );
});

test('providers that keep to the cap and report within it never bring a count above its limit', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat(400), fc.nat(100), fc.nat(100)), { maxLength: 30 }),
      async (calls) => {
        const it = world(configOf(budgets));
        await Promise.all(
          calls.map(async ([words, inputPercent, outputPercent], at) => {
            const { hooks } = it.begin(at % 2 ? alice : bob);
            const text = 'word '.repeat(words);
            const request = ask({ stream: true, turns: [{ role: 'user', parts: [{ type: 'text', text }] }] });
            const verdict = await hooks.request?.(request);
            if (verdict?.kind !== 'pass') return;
            const most = verdict.request?.maxOutputTokens ?? 0;
            const watch = hooks.watch?.(first);
            const usage = {
              inputTokens: Math.ceil((text.length / 4) * (inputPercent / 100)),
              outputTokens: Math.floor((most * outputPercent) / 100),
            };
            watch?.see({ type: 'finish', choice: 0, reason: 'stop' });
            watch?.see({ type: 'usage', usage });
            await hooks.settle?.(ended('complete', { stream: true, served: first }));
          }),
        );
        expect([...it.metrics.keys()].filter((name) => name.startsWith('nexus_budget_overrun'))).toEqual([]);
        for (const [name, used] of Object.entries(await it.taken())) {
          expect(used).toBeLessThanOrEqual(
            name.startsWith('each') ? limit : name.endsWith('microUsd') ? 20_000 : 5000,
          );
        }
      },
    ),
    { numRuns: 100 },
  );
});
