import { describe, expect, it } from 'vitest';
import { fakeClock } from '../test/fakes/clock.ts';
import { fakePorts } from '../test/fakes/ports.ts';
import { hashKey } from './config/keys.ts';
import { configSchema } from './config/schema.ts';
import { Gateway } from './gateway.ts';
import type { Session } from './session.ts';

const key = 'nx-client';

const gatewayOver = () => {
  const clock = fakeClock(Date.parse('2026-11-28T12:00:00Z'));
  const config = configSchema.parse({
    version: 1,
    providers: {
      a: { dialect: 'openai', baseUrl: 'http://a.invalid/v1' },
      b: { dialect: 'anthropic', baseUrl: 'http://b.invalid' },
    },
    models: { m: { candidates: ['a', 'b'].map((provider) => ({ provider, model: 'x' })) } },
    keys: [{ hash: hashKey(key) }],
  });
  const gateway = new Gateway({ config, digest: 'sha256:abc', secrets: new Map() }, fakePorts(clock));
  const headers = new Map([['authorization', `Bearer ${key}`]]);
  const body = Buffer.from(JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'hi' }] }));
  const ask = async () => {
    const session = (await gateway.open({
      method: 'POST',
      path: '/v1/chat/completions',
      headers,
    })) as Session;
    const decided = await session.request(body);
    if (decided.kind !== 'forward') throw new Error('refused');
    return { session, plan: decided.plan.map(({ provider }) => provider).join(' ') };
  };
  return { clock, ask };
};

describe('what a host tells of an attempt', () => {
  it.each<[string, Record<string, string>]>([
    ['retry-after', { 'retry-after': '20' }],
    [
      'a used-up account',
      {
        'x-ratelimit-limit-requests': '10',
        'x-ratelimit-remaining-requests': '0',
        'x-ratelimit-reset-requests': '200s',
      },
    ],
  ])('keeps later requests away for as long as %s says', async (_, said) => {
    const { clock, ask } = gatewayOver();
    const first = await ask();
    expect(first.plan).toBe('a b');
    await first.session.attempt(2, { status: 429, headers: new Map(Object.entries(said)) });
    expect((await ask()).plan).toBe('b a');
    clock.advance(15_000);
    expect((await ask()).plan).toBe('b a');
    clock.advance(10_000);
    expect((await ask()).plan).toBe('a b');
  });

  it('is enough when it is nothing: who is tried next shows that the one before failed', async () => {
    const { ask } = gatewayOver();
    for (let call = 0; call < 3; call++) await (await ask()).session.attempt(2);
    expect((await ask()).plan).toBe('b a');
  });

  it('is no fault of an upstream when the client goes away', async () => {
    const { ask } = gatewayOver();
    for (let call = 0; call < 5; call++) (await ask()).session.abort();
    expect((await ask()).plan).toBe('a b');
  });
});
