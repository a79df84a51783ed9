import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { httpCall } from '../contract/http.ts';
import { readAnswer } from '../contract/read-answer.ts';
import { type FakeProvider, startProvider } from '../fakes/provider.ts';
import { envoyBinary } from './envoy.ts';
import { type Stack, startStack } from './stack.ts';

const demo = readFileSync(join(import.meta.dirname, '../../examples/demo/nexus.yaml'), 'utf8');
const env = { NEXUS_DEMO_OPENAI_KEY: 'demo-openai', NEXUS_DEMO_ANTHROPIC_KEY: 'demo-anthropic' };

/** The demo's providers by their ports in its file. */
const behind = {
  10101: { dialect: 'openai', key: env.NEXUS_DEMO_OPENAI_KEY },
  10102: { dialect: 'anthropic', key: env.NEXUS_DEMO_ANTHROPIC_KEY },
  10103: { dialect: 'openai' },
  10104: { dialect: 'openai', key: env.NEXUS_DEMO_OPENAI_KEY, always: 503 },
  10105: { dialect: 'anthropic', key: env.NEXUS_DEMO_ANTHROPIC_KEY, always: 429 },
} as const;

const paths = { 'openai-chat': '/v1/chat/completions', 'anthropic-messages': '/v1/messages' } as const;

describe.skipIf(envoyBinary === undefined)('the demo configuration behind a real Envoy', () => {
  const providers: FakeProvider[] = [];
  let stack: Stack;

  beforeAll(async () => {
    let configText = demo;
    for (const [port, settings] of Object.entries(behind)) {
      const provider = await startProvider(settings);
      providers.push(provider);
      configText = configText.replaceAll(`127.0.0.1:${port}`, `127.0.0.1:${provider.port}`);
    }
    stack = await startStack({ configText, env, workers: 2 });
  });
  afterAll(async () => {
    await stack?.stop();
    await Promise.all(providers.map((provider) => provider.close()));
  });

  const ask = (
    dialect: keyof typeof paths,
    { key, model, stream }: { key: string; model: string; stream: boolean },
  ) =>
    httpCall(stack.url, {
      path: paths[dialect],
      headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
      body: JSON.stringify({
        model,
        stream,
        max_tokens: 500,
        messages: [{ role: 'user', content: 'Hello' }],
      }),
    });

  const asks = Object.keys(paths).flatMap((dialect) =>
    ['nx-demo-alice', 'nx-demo-bob'].flatMap((key) =>
      ['support', 'fragile', 'fast'].flatMap((model) =>
        [true, false].map((stream) => ({ dialect, key, model, stream })),
      ),
    ),
  );

  it.each(asks)('$key asks $model in $dialect, stream $stream', async ({ dialect, ...asked }) => {
    const client = dialect as keyof typeof paths;
    const answer = await ask(client, asked);
    expect(answer.status, answer.text).toBe(200);
    expect(readAnswer(client, answer)).toMatchObject({
      ending: 'complete',
      text: expect.stringMatching(/^You said: Hello/),
    });
    const [served, attempts] = ['x-nexus-model', 'x-nexus-attempts'].map((name) => answer.headers.get(name));
    if (asked.model === 'fragile') expect([served, attempts]).toEqual(['openai-demo/gpt-5.4', '3']);
    if (asked.model === 'fast') expect([served, attempts]).toEqual(['selfhosted-demo/llama-4-8b', '1']);
    if (asked.model === 'support')
      expect([served, attempts]).toEqual([expect.stringMatching(/^(openai|anthropic)-demo\//), '1']);
  });

  it('splits 1,000 calls 80 to 20', async () => {
    const served: (string | undefined)[] = [];
    for (let round = 0; round < 50; round++) {
      const calls = Array.from({ length: 20 }, () =>
        ask('openai-chat', { key: 'nx-demo-alice', model: 'support', stream: false }),
      );
      served.push(...(await Promise.all(calls)).map(({ headers }) => headers.get('x-nexus-model')));
    }
    const share = served.filter((name) => name === 'openai-demo/gpt-5.4').length / served.length;
    expect(served.every((name) => name !== undefined)).toBe(true);
    expect(Math.abs(share - 0.8)).toBeLessThan(0.03);
  });
});
