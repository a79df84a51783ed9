import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { play } from '../../examples/demo/provider/reply.ts';
import {
  type Listening,
  listen,
  type ProviderSettings,
  readCall,
  replyTo,
} from '../../examples/demo/provider/server.ts';
import { hashKey } from '../../plugins/config/keys.ts';
import { faultNamed } from '../fakes/faults.ts';
import { envoyBinary } from './envoy.ts';
import { type Stack, startStack } from './stack.ts';

const clientKey = 'nx-routing-client';

/** A provider whose mood the test changes: how long it takes, or the fault that it has. */
interface MoodyProvider extends Listening {
  mood: { readonly latencyMs: number; readonly fault?: string };
}

const startMoody = async (
  dialect: ProviderSettings['dialect'],
  latencyMs: number,
): Promise<MoodyProvider> => {
  const provider: { mood: MoodyProvider['mood'] } = { mood: { latencyMs } };
  const listening = await listen(async (request, response) => {
    const call = await readCall(request);
    const { latencyMs: ms, fault } = provider.mood;
    await play(
      replyTo(call, { dialect, latencyMs: ms }, () => (fault ? faultNamed(fault) : undefined)),
      response,
    );
  }, 0);
  return Object.assign(provider, listening);
};

/** Calls in a row for which nobody may fail, while one of three is well. */
const enough = 10;

describe.skipIf(!envoyBinary)('routing by latency, while the SDK keeps calling', () => {
  const providers: Record<string, MoodyProvider> = {};
  let stack: Stack;
  let openai: OpenAI;

  beforeAll(async () => {
    providers.fast = await startMoody('openai', 10);
    providers.steady = await startMoody('anthropic', 40);
    providers.slow = await startMoody('openai', 80);
    const dialects = { fast: 'openai', steady: 'anthropic', slow: 'openai' };
    stack = await startStack({
      configText: JSON.stringify({
        version: 1,
        providers: Object.fromEntries(
          Object.entries(dialects).map(([name, dialect]) => [
            name,
            { dialect, baseUrl: `${providers[name]?.url}${dialect === 'openai' ? '/v1' : ''}` },
          ]),
        ),
        models: {
          m: {
            pick: 'latency',
            candidates: Object.keys(dialects).map((provider) => ({ provider, model: 'm' })),
          },
        },
        keys: [{ hash: hashKey(clientKey) }],
      }),
      env: {},
    });
    openai = new OpenAI({ apiKey: clientKey, baseURL: `${stack.url}/v1`, maxRetries: 0 });
  });

  afterAll(async () => {
    await stack?.stop();
    await Promise.all(Object.values(providers).map((it) => it.close()));
  });

  /** One call by the SDK, which throws when it fails; the provider that answered. */
  const ask = async (): Promise<string> => {
    const messages = [{ role: 'user' as const, content: 'hello' }];
    const { response } = await openai.chat.completions.create({ model: 'm', messages }).withResponse();
    return response.headers.get('x-nexus-model')?.split('/')[0] ?? '';
  };

  /** Calls until `enough` in a row have it; how many came before. */
  const callsUntil = async (holds: (served: string) => boolean, most: number): Promise<number> => {
    let inRow = 0;
    for (let calls = 1; calls <= most; calls++) {
      inRow = holds(await ask()) ? inRow + 1 : 0;
      if (inRow === enough) return calls - enough;
    }
    return Number.POSITIVE_INFINITY;
  };

  test('the fastest answers, is drained within 20 requests when it is slow, and found again within a minute', async () => {
    expect(await callsUntil((served) => served === 'fast', 100)).toBeLessThan(50);

    if (providers.fast) providers.fast.mood = { latencyMs: 1000 };
    expect(await callsUntil((served) => served !== 'fast', 100)).toBeLessThan(20);

    if (providers.fast) providers.fast.mood = { latencyMs: 10 };
    const startedMs = performance.now();
    expect(await callsUntil((served) => served === 'fast', 2000)).not.toBe(Number.POSITIVE_INFINITY);
    expect(performance.now() - startedMs).toBeLessThan(60_000);
  }, 90_000);

  test('no call fails while one of them is well', async () => {
    const [fast, steady] = [providers.fast, providers.steady];
    if (!fast || !steady) throw new Error('providers run');
    fast.mood = { latencyMs: 10, fault: 'fault-503' };
    steady.mood = { latencyMs: 10, fault: 'fault-429' };
    const served = new Set<string>();
    for (let call = 0; call < 60; call++) served.add(await ask());
    expect([...served]).toEqual(['slow']);

    fast.mood = { latencyMs: 10 };
    await fast.close(); // and now nobody listens there
    for (let call = 0; call < 20; call++) served.add(await ask());
    expect([...served]).toEqual(['slow']);

    steady.mood = { latencyMs: 40 };
    expect(await callsUntil((name) => name === 'steady', 2000)).not.toBe(Number.POSITIVE_INFINITY);
  }, 90_000);
});
