import { describe, expect, test } from 'vitest';
import { unicode } from './asks.ts';
import {
  clientKey,
  describeWorld,
  type Fault,
  healthy,
  modelOn,
  upstreamNames,
  type World,
} from './world.ts';

const paths = { openai: '/v1/chat/completions', anthropic: '/v1/messages' } as const;

/** One call without an SDK: `text` is the body, byte for byte. */
const post = async ({ url }: World, path: string, text: string) => {
  const response = await fetch(url + path, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${clientKey}`,
      'content-type': 'application/json',
      'anthropic-version': '2023-06-01',
    },
    body: text,
  });
  return { status: response.status, text: await response.text() };
};

/** A `fetch` for an SDK that keeps the bodies of its calls. */
const listening = () => {
  const sent: string[] = [];
  const listen: typeof fetch = (input, init) => {
    sent.push(String(init?.body));
    return fetch(input, init);
  };
  return { sent, listen };
};

/** The chunk that holds nothing but the counts, gone. */
const withoutCounts = (stream: string): string =>
  stream.replace(/data: [^\r\n]*"choices":\[\][^\r\n]*(?:\r\n|\r|\n){2}/, '');

describeWorld('between a client and an upstream of the same dialect', (world) => {
  const bodies = (name: 'openai' | 'anthropic') =>
    world().upstreams[name].bodies[0] ?? { asked: '', answered: '' };

  /** Names of headers that tell of the SDK, among those that the upstream got. */
  const sdkHeaders = (name: 'openai' | 'anthropic') =>
    Object.keys(world().upstreams[name].journal.last.headers).filter((it) =>
      /^(x-stainless|anthropic)-/.test(it),
    );

  test('the upstream gets what the OpenAI SDK sent, but the model and the wish for counts', async () => {
    const { sent, listen } = listening();
    const chat = world().openai.withOptions({ fetch: listen }).chat.completions;
    const ask = {
      model: modelOn('openai'),
      messages: [{ role: 'user' as const, content: unicode }],
      temperature: 0.5,
      metadata: { ticket: '7' },
      user: 'u',
    };
    await chat.create(ask);
    await Array.fromAsync(
      await chat.create({ ...ask, stream: true, stream_options: { include_usage: true } }),
    );
    await Array.fromAsync(await chat.create({ ...ask, stream: true }));
    const asked = world().upstreams.openai.bodies.map((body) => body.asked);
    const expected = sent.map((text) => text.replace(modelOn('openai'), healthy.openai));
    expect(asked.slice(0, 2)).toEqual(expected.slice(0, 2));
    const { stream_options, ...rest } = JSON.parse(asked[2] ?? '');
    expect(stream_options).toEqual({ include_usage: true });
    expect(rest).toEqual(JSON.parse(expected[2] ?? ''));
    expect(sdkHeaders('openai')).toEqual([]);
  });

  test('the upstream gets what the Anthropic SDK sent, but the model', async () => {
    const { sent, listen } = listening();
    const { messages } = world().anthropic.withOptions({ fetch: listen });
    const ask = {
      model: modelOn('anthropic'),
      max_tokens: 2000,
      system: [{ type: 'text' as const, text: 'Be brief.', cache_control: { type: 'ephemeral' as const } }],
      messages: [{ role: 'user' as const, content: unicode }],
      metadata: { user_id: 'u' },
    };
    await messages.create(ask);
    await messages.stream(ask).finalMessage();
    const asked = world().upstreams.anthropic.bodies.map((body) => body.asked);
    expect(asked).toEqual(sent.map((text) => text.replace(modelOn('anthropic'), healthy.anthropic)));
    expect(sdkHeaders('anthropic')).toEqual(['anthropic-version']);
  });

  describe.each(upstreamNames)('%s', (name) => {
    const ask = (fault?: Fault, more: object = {}): string =>
      JSON.stringify({
        model: modelOn(name, fault),
        max_tokens: 2000,
        messages: [{ role: 'user', content: unicode }],
        ...more,
      });

    test('spaces, order, escapes and numbers stay as they were written', async () => {
      const text = String.raw`{ "messages" :[{"content":"h\u00e9 \/ 1","role":"user"}] ,
        "temperature": 1.0, "model":"${modelOn(name)}",	"max_tokens" : 2e3 }`;
      const { status } = await post(world(), paths[name], text);
      expect(status).toBe(200);
      expect(bodies(name).asked).toBe(text.replace(modelOn(name), healthy[name]));
    });

    test('a whole answer and a refusal come byte for byte', async () => {
      const answer = await post(world(), paths[name], ask());
      const refusal = await post(world(), paths[name], ask('fault-400'));
      expect([answer.status, refusal.status]).toEqual([200, 400]);
      expect([answer.text, refusal.text]).toEqual(
        world().upstreams[name].bodies.map(({ answered }) => answered),
      );
    });

    test.each([undefined, 'fault-one-byte-chunks', 'fault-crlf', 'fault-cr-only'] as const)(
      'a stream comes byte for byte (%s)',
      async (fault) => {
        const { text } = await post(world(), paths[name], ask(fault, { stream: true }));
        const { answered } = bodies(name);
        expect(text).toBe(withoutCounts(answered));
        expect(answered === withoutCounts(answered)).toBe(name === 'anthropic');
      },
    );
  });

  test('a stream whose counts were asked for comes with them', async () => {
    const stream = { stream: true, stream_options: { include_usage: true } };
    const body = { model: modelOn('openai'), messages: [{ role: 'user', content: unicode }], ...stream };
    const { text } = await post(world(), paths.openai, JSON.stringify(body));
    expect(text).toBe(bodies('openai').answered);
    expect(text).toContain('"choices":[],"usage":{');
  });
});
