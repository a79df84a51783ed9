import { configSchema } from '../../plugins/config/schema.ts';
import type { Exchange } from '../../plugins/exchange.ts';
import { localHealthBoard } from '../../plugins/policies/upstream/health.ts';
import { upstreamPolicy } from '../../plugins/policies/upstream/upstream.ts';
import type { Clock } from '../../plugins/ports/clock.ts';
import { readyProviders } from '../../plugins/providers.ts';
import { requestOf } from './simulation.ts';

const names = ['a', 'b', 'c', 'd', 'e'];
const [warmUpCalls, calls] = [20_000, 100_000];

const clock: Clock = { nowMs: () => performance.now(), epochMs: () => Date.now(), after: () => () => {} };

/** Microseconds of CPU in which the policy plans one request among five candidates, each with a past. */
export const timeHook = (pick: string, random: () => number): number => {
  const config = configSchema.parse({
    version: 1,
    providers: Object.fromEntries(
      names.map((name) => [name, { dialect: 'openai', baseUrl: `http://${name}.invalid/v1`, region: 'eu' }]),
    ),
    models: {
      simulated: {
        pick,
        candidates: names.map((provider) => ({ provider, model: 'm' })),
        capture: { when: 'inputTokens > 100000 && team == "support"', use: [{ provider: 'a', model: 'x' }] },
        peak: { when: { inFlightOver: 1000 }, use: [{ provider: 'b', model: 'x' }] },
      },
    },
    teams: { support: { regions: ['eu'] } },
  });
  const board = localHealthBoard({ clock, random: { unit: random } });
  const price = { input: 1e6, output: 4e6 };
  const policy = upstreamPolicy(config, readyProviders(config, { secrets: new Map() }), {
    board,
    clock,
    random: { unit: random },
    priceOf: () => price,
  });
  givePast(board, random);
  const request = requestOf(2000);
  const plan = (): void => {
    const exchange: Exchange = {
      id: 'x',
      operation: 'chat',
      dialect: 'openai-chat',
      consumer: { keyId: 'k', team: 'support' },
      startedMs: 0,
      notes: [],
    };
    void policy.begin(exchange).request?.(request);
  };
  for (let call = 0; call < warmUpCalls; call++) plan();
  const before = process.cpuUsage();
  for (let call = 0; call < calls; call++) plan();
  const { user, system } = process.cpuUsage(before); // others on this machine must not count
  return (user + system) / calls;
};

const givePast = (board: ReturnType<typeof localHealthBoard>, random: () => number): void => {
  for (const name of names) {
    const health = board.of({ provider: name, model: 'm' });
    for (let at = 0; at < 20; at++) {
      const firstChunkMs = 300 + 300 * random();
      health
        .begin({ inputTokens: 2000, pace: 'medium/stream' }, { failures: 3, coolMs: 1000, maxCoolMs: 30_000 })
        .ended({
          fate: 'served',
          firstChunkMs,
          durationMs: firstChunkMs + 500,
          usage: { inputTokens: 2000, outputTokens: 100 },
          limits: [{ unit: 'requests', limit: 500, remaining: 400, resetMs: 60_000 }],
        });
    }
  }
};
