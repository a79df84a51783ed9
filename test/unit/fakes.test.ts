import { once } from 'node:events';
import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { createGunzip, gunzipSync } from 'node:zlib';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { injections } from '../fakes/faults.ts';
import { startProvider } from '../fakes/provider.ts';

const key = 'sk-test';
const openaiFake = await startProvider({ dialect: 'openai', key, models: ['gpt-5.4'] });
const anthropicFake = await startProvider({ dialect: 'anthropic', key, models: ['claude-sonnet-5'] });
const fakes = { openai: openaiFake, anthropic: anthropicFake };
const openai = new OpenAI({ apiKey: key, baseURL: `${openaiFake.url}/v1`, maxRetries: 0 });
const anthropic = new Anthropic({ apiKey: key, baseURL: anthropicFake.url, maxRetries: 0 });

beforeEach(() => {
  openaiFake.journal.clear();
  anthropicFake.journal.clear();
});
afterAll(() => Promise.all([openaiFake.close(), anthropicFake.close()]));

const question = (content: string) => [{ role: 'user' as const, content }];

const paths = { openai: '/v1/chat/completions', anthropic: '/v1/messages' };
const credentials = {
  openai: { authorization: `Bearer ${key}` },
  anthropic: { 'x-api-key': key, 'anthropic-version': '2023-06-01' },
};
const bodies = {
  openai: { model: 'gpt-5.4', messages: question('Hello') },
  anthropic: { model: 'claude-sonnet-5', max_tokens: 500, messages: question('Hello') },
};
type Name = keyof typeof fakes;

/** One call without an SDK in between. */
const send = (name: Name, body: object, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(fakes[name].url + paths[name], {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...credentials[name], ...headers },
    body: JSON.stringify({ ...bodies[name], ...body }),
  });

const errorOf = async (response: Response) => ({
  status: response.status,
  error: ((await response.json()) as { error: { message: string; type: string } }).error,
});

describe('the openai SDK', () => {
  test('gets an answer that begins with the question, and its usage', async () => {
    const answer = await openai.chat.completions.create({ model: 'gpt-5.4', messages: question('Blue?') });
    expect(answer.choices[0]?.message.content).toMatch(/^You said: Blue\?/);
    expect(answer.choices[0]?.finish_reason).toBe('stop');
    const { prompt_tokens = 0, completion_tokens = 0, total_tokens } = answer.usage ?? {};
    expect(prompt_tokens).toBeGreaterThan(0);
    expect(total_tokens).toBe(prompt_tokens + completion_tokens);
  });

  test('streams the same text, with usage because it asks for it', async () => {
    const stream = openai.chat.completions.stream({
      model: 'gpt-5.4',
      messages: question('Blue?'),
      stream_options: { include_usage: true },
    });
    const answer = await stream.finalChatCompletion();
    expect(answer.choices[0]?.message.content).toMatch(/^You said: Blue\?/);
    expect(answer.usage?.completion_tokens).toBeGreaterThan(0);
  });

  test('gets parallel tool calls, whole and streamed, and brings the results back', async () => {
    const ask = {
      model: 'gpt-5.4',
      messages: question('Please call tools: 2'),
      tools: [
        {
          type: 'function' as const,
          function: {
            name: 'weather',
            parameters: {
              type: 'object',
              properties: { city: { type: 'string' }, days: { type: 'integer' } },
            },
          },
        },
      ],
    };
    const whole = await openai.chat.completions.create(ask);
    const streamed = await openai.chat.completions.stream(ask).finalChatCompletion();
    const expected = [1, 2].map((n) => ({
      type: 'function',
      function: { name: 'weather', arguments: JSON.stringify({ city: `sample ${n}`, days: n }) },
    }));
    for (const { choices } of [whole, streamed]) {
      expect(choices[0]?.finish_reason).toBe('tool_calls');
      expect(choices[0]?.message.tool_calls).toMatchObject(expected);
    }
    const calls = whole.choices[0]?.message.tool_calls ?? [];
    const results = calls.map(({ id }) => ({ role: 'tool' as const, tool_call_id: id, content: 'sunny' }));
    const next = await openai.chat.completions.create({
      ...ask,
      messages: [...ask.messages, { role: 'assistant', tool_calls: calls }, ...results],
    });
    expect(next.choices[0]?.message.content).toMatch(/^You said: sunny/);
  });

  test('gets reasoning when it asks, and no more tokens than it allows', async () => {
    const ask = { model: 'gpt-5.4', messages: question('Hello') };
    const thought = await openai.chat.completions.create({ ...ask, reasoning_effort: 'low' });
    expect(thought.choices[0]?.message).toHaveProperty('reasoning_content');
    expect(thought.usage?.completion_tokens_details?.reasoning_tokens).toBeGreaterThan(0);
    const short = await openai.chat.completions.create({ ...ask, max_completion_tokens: 3 });
    expect(short.choices[0]).toMatchObject({ finish_reason: 'length', message: { content: 'You said: He' } });
  });

  test('lists models, and sees errors as such', async () => {
    expect((await openai.models.list()).data.map(({ id }) => id)).toEqual(['gpt-5.4']);
    const refused = openai.chat.completions.create({ model: 'gpt-9', messages: question('Hello') });
    await expect(refused).rejects.toMatchObject({ status: 404, code: 'model_not_found' });
  });
});

describe('the Anthropic SDK', () => {
  const ask = { model: 'claude-sonnet-5', max_tokens: 2000, messages: question('Blue?') };

  test('gets an answer that begins with the question, whole and streamed', async () => {
    const whole = await anthropic.messages.create(ask);
    const streamed = await anthropic.messages.stream(ask).finalMessage();
    for (const { content, stop_reason, usage } of [whole, streamed]) {
      expect(content).toMatchObject([{ type: 'text', text: expect.stringMatching(/^You said: Blue\?/) }]);
      expect(stop_reason).toBe('end_turn');
      expect(usage.input_tokens).toBeGreaterThan(0);
    }
    expect(streamed.usage.output_tokens).toBe(whole.usage.output_tokens);
  });

  test('gets parallel tool calls, whole and streamed, and brings the results back', async () => {
    const withTools = {
      ...ask,
      messages: question('Please call tools: 2'),
      tools: [
        {
          name: 'weather',
          input_schema: { type: 'object' as const, properties: { city: { type: 'string' } } },
        },
      ],
    };
    const whole = await anthropic.messages.create(withTools);
    const streamed = await anthropic.messages.stream(withTools).finalMessage();
    for (const { content, stop_reason } of [whole, streamed]) {
      expect(stop_reason).toBe('tool_use');
      expect(content).toMatchObject([
        { type: 'tool_use', name: 'weather', input: { city: 'sample 1' } },
        { type: 'tool_use', name: 'weather', input: { city: 'sample 2' } },
      ]);
    }
    const results = whole.content.flatMap((block) =>
      block.type === 'tool_use'
        ? [{ type: 'tool_result' as const, tool_use_id: block.id, content: 'sunny' }]
        : [],
    );
    const next = await anthropic.messages.create({
      ...withTools,
      messages: [
        ...withTools.messages,
        { role: 'assistant', content: whole.content as Anthropic.ContentBlockParam[] },
        { role: 'user', content: results },
      ],
    });
    expect(next.content).toMatchObject([{ text: expect.stringMatching(/^You said: sunny\nsunny/) }]);
  });

  test('gets sealed thinking, which it must bring back unchanged', async () => {
    const thinking = { type: 'adaptive' as const };
    const { content } = await anthropic.messages.stream({ ...ask, thinking }).finalMessage();
    expect(content.map(({ type }) => type)).toEqual(['thinking', 'text']);
    const again = (blocks: unknown) =>
      send('anthropic', {
        messages: [...ask.messages, { role: 'assistant', content: blocks }, ...question('Go on')],
      });
    expect((await again(content)).status).toBe(200);
    const forged = content.map((block) => (block.type === 'thinking' ? { ...block, thinking: 'x' } : block));
    expect((await errorOf(await again(forged))).error.message).toContain('signature');
    const omitted = await anthropic.messages.create({
      ...ask,
      thinking: { ...thinking, display: 'omitted' },
    });
    expect(omitted.content[0]).toMatchObject({ type: 'thinking', thinking: '' });
    expect((await again(omitted.content)).status).toBe(200);
  });

  test('sees cached tokens beside the input tokens', async () => {
    const system = [
      { type: 'text' as const, text: 'Be brief. '.repeat(50), cache_control: { type: 'ephemeral' as const } },
    ];
    const { usage } = await anthropic.messages.create({ ...ask, system });
    expect(usage.cache_read_input_tokens).toBeGreaterThan(100);
    expect(usage.input_tokens).toBeLessThan(100);
  });

  test('sees an overload as such', async () => {
    const refused = anthropic.messages.create({ ...ask, model: 'fault-529' });
    await expect(refused).rejects.toBeInstanceOf(Anthropic.InternalServerError);
    await expect(refused).rejects.toMatchObject({ status: 529, type: 'overloaded_error' });
  });
});

describe('what no server of the dialect would take is refused', () => {
  const call = { id: 'c1', type: 'function', function: { name: 'f', arguments: '{}' } };
  test.each([
    ['a field of the other dialect', { stop_sequences: ['x'] }, 'stop_sequences'],
    ['a system prompt beside the messages', { system: 'Be brief.' }, 'system'],
    [
      'a block of the other dialect',
      { messages: [{ role: 'user', content: [{ type: 'tool_result' }] }] },
      'type',
    ],
    [
      'a tool of the other dialect',
      { tools: [{ name: 'f', input_schema: { type: 'object' } }] },
      'tools[0].type',
    ],
    ['a call without its result', { messages: [{ role: 'assistant', tool_calls: [call] }] }, 'c1'],
    ['a result without its call', { messages: [{ role: 'tool', tool_call_id: 'c1', content: '' }] }, 'call'],
    ['stream options without a stream', { stream_options: { include_usage: true } }, 'stream_options'],
    ['no messages', { messages: [] }, 'messages'],
  ])('openai: %s', async (_, body, place) => {
    const { status, error } = await errorOf(await send('openai', body));
    expect(status).toBe(400);
    expect(error.type).toBe('invalid_request_error');
    expect(error.message).toContain(place);
  });

  const use = { type: 'tool_use', id: 't1', name: 'f', input: {} };
  const result = { type: 'tool_result', tool_use_id: 't1', content: 'x' };
  test.each([
    ['a field of the other dialect', { stop: ['x'] }, 'stop'],
    ['no max_tokens', { max_tokens: undefined }, 'max_tokens'],
    ['the role system', { messages: [{ role: 'system', content: 'x' }] }, 'role'],
    ['the role tool', { messages: [{ role: 'tool', content: 'x' }] }, 'role'],
    [
      'a field of the other dialect in a message',
      { messages: [{ ...question('x')[0], tool_calls: [] }] },
      'tool_calls',
    ],
    [
      'a part of the other dialect',
      { messages: [{ role: 'user', content: [{ type: 'image_url' }] }] },
      'type',
    ],
    [
      'a tool of the other dialect',
      { tools: [{ type: 'function', function: { name: 'f' } }] },
      'tools[0].type',
    ],
    ['an empty text', { messages: question(' ') }, 'non-empty'],
    [
      'a call without its result',
      { messages: [{ role: 'assistant', content: [use] }, ...question('x')] },
      't1',
    ],
    ['a result without its call', { messages: [{ role: 'user', content: [result] }] }, 't1'],
    ['sampling that newer models do not take', { temperature: 0.2 }, 'temperature'],
    [
      'a thinking budget as large as the answer',
      { thinking: { type: 'enabled', budget_tokens: 2000 } },
      'budget',
    ],
  ])('anthropic: %s', async (_, body, place) => {
    const { status, error } = await errorOf(await send('anthropic', body));
    expect(status).toBe(400);
    expect(error.type).toBe('invalid_request_error');
    expect(error.message).toContain(place);
  });

  test('anthropic: older models take sampling, newer versions take system turns', async () => {
    const older = await send('anthropic', { model: 'fault-slow-first-1', temperature: 0.2 });
    expect(older.status).toBe(200);
    const messages = [...question('x'), { role: 'system', content: 'Be brief.' }, ...question('y')];
    expect((await send('anthropic', { messages }, { 'anthropic-version': '2026-10-21' })).status).toBe(200);
  });
});

describe('a leak is refused', () => {
  test.each<[Name, Record<string, string>]>([
    ['openai', { 'x-api-key': 'of-another' }],
    ['openai', { 'x-nexus-decision': '1' }],
    ['openai', { 'x-envoy-expected-rq-timeout-ms': '1' }],
    ['openai', { cookie: 'session=1' }],
    ['anthropic', { authorization: 'Bearer of-another' }],
    ['anthropic', { 'x-goog-api-key': 'of-another' }],
  ])('%s: %o', async (name, headers) => {
    const { status, error } = await errorOf(await send(name, {}, headers));
    expect(status).toBe(400);
    expect(error.message).toBe(`leak: ${Object.keys(headers)[0]}`);
  });

  test('a wrong key is no leak', async () => {
    expect((await send('openai', {}, { authorization: 'Bearer other' })).status).toBe(401);
    expect((await send('anthropic', {}, { 'x-api-key': 'other' })).status).toBe(401);
  });

  test('a provider without a key takes none', async () => {
    const open = await startProvider({ dialect: 'openai' });
    const call = (headers: Record<string, string>) =>
      fetch(open.url + paths.openai, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(bodies.openai),
      });
    expect((await call({})).status).toBe(200);
    expect((await call(credentials.openai)).status).toBe(400);
    await open.close();
  });
});

/** What came back over a bare connection. */
interface Received {
  readonly status: number;
  readonly headers: Record<string, unknown>;
  readonly bytes: Buffer;
  /** The body did not end as its framing says. */
  readonly broken: boolean;
}

/** Sends a call of `model`; resolves when the answer is over, rejects when none began. `leaveAfter`: bytes after which we go away. */
const receive = (
  name: Name,
  model: string,
  { stream = true, leaveAfter = Infinity } = {},
): Promise<Received> =>
  new Promise((resolve, reject) => {
    const call = request(fakes[name].url + paths[name], {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...credentials[name] },
      agent: false,
    });
    call.on('error', reject);
    call.on('response', (response) => {
      call.off('error', reject).on('error', () => {}); // the answer tells how it ended
      const chunks: Buffer[] = [];
      let length = 0;
      const done = (broken: boolean) =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          bytes: Buffer.concat(chunks),
          broken,
        });
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        length += chunk.length;
        if (length > leaveAfter) call.destroy();
      });
      response.on('end', () => done(false));
      response.on('error', () => done(true));
    });
    call.end(JSON.stringify({ ...bodies[name], model, stream }));
  });

const eventsIn = ({ bytes }: Received): number => bytes.toString().match(/data: /g)?.length ?? 0;

/** Tells whether `promise` is still open after a while. */
const staysOpen = async (promise: Promise<unknown>): Promise<boolean> =>
  (await Promise.race([promise, sleep(60, 'open')])) === 'open';

describe.each<Name>(['openai', 'anthropic'])('faults of %s', (name) => {
  test.each([
    ['fault-503', 503, 'application/json'],
    ['fault-401', 401, 'application/json'],
    ['fault-500-html', 500, 'text/html'],
    ['fault-502-empty', 502, 'text/plain'],
  ])('%s', async (model, status, contentType) => {
    const received = await receive(name, model);
    expect(received.status).toBe(status);
    expect(received.headers['content-type']).toBe(contentType);
  });

  test('fault-429-retry-2 and fault-429-quota', async () => {
    const { status, headers } = await receive(name, 'fault-429-retry-2');
    expect([status, headers['retry-after']]).toEqual([429, '2']);
    expect((await receive(name, 'fault-429-quota')).bytes.toString()).toContain('insufficient_quota');
  });

  test('a fault that does not exist is an error', async () => {
    expect((await receive(name, 'fault-typo')).status).toBe(400);
    expect((await receive(name, 'fault-503-typo')).status).toBe(400);
  });

  test('no answer: reset, close, hang', async () => {
    await expect(receive(name, 'fault-reset')).rejects.toThrow('ECONNRESET');
    await expect(receive(name, 'fault-close')).rejects.toThrow('socket hang up');
    expect(fakes[name].journal.entries.map(({ ended }) => ended)).toEqual(['cut', 'cut']);
    expect(await staysOpen(receive(name, 'fault-hang').catch(() => {}))).toBe(true);
    expect(fakes[name].journal.last).toMatchObject({ ended: 'open', status: 0 });
  });

  test('fault-slow-first waits', async () => {
    const startedMs = performance.now();
    expect((await receive(name, 'fault-slow-first-80')).status).toBe(200);
    expect(performance.now() - startedMs).toBeGreaterThan(79);
  });

  test('streams that do not end as they should', async () => {
    const cut = await receive(name, 'fault-cut-stream-3');
    expect([cut.status, eventsIn(cut), cut.broken]).toEqual([200, 3, true]);
    expect(fakes[name].journal.last).toMatchObject({ ended: 'cut', bytesWritten: cut.bytes.length });
    const none = await receive(name, 'fault-cut-stream-0');
    expect([none.status, eventsIn(none), none.broken]).toEqual([200, 0, true]);
    const ended = await receive(name, 'fault-end-stream-3');
    expect([eventsIn(ended), ended.broken]).toEqual([3, false]);
    expect((await receive(name, 'fault-reset-stream-3')).broken).toBe(true);
    expect(await staysOpen(receive(name, 'fault-stall-stream-3').catch(() => {}))).toBe(true);
    expect(fakes[name].journal.last).toMatchObject({ ended: 'open', status: 200 });
  });

  test('unary bodies that do not end as they should', async () => {
    const cut = await receive(name, 'fault-cut-body', { stream: false });
    expect([cut.status, cut.broken]).toEqual([200, true]);
    expect(cut.bytes.length).toBeGreaterThan(50);
    expect(await staysOpen(receive(name, 'fault-stall-body', { stream: false }).catch(() => {}))).toBe(true);
  });

  test('errors inside a stream', async () => {
    const late = await receive(name, 'fault-error-event-2');
    expect([late.status, eventsIn(late)]).toEqual([200, 3]);
    expect(late.bytes.toString()).toMatch(/"error":\{.*\}\n\n$/);
    expect(eventsIn(await receive(name, 'fault-first-event-error'))).toBe(1);
  });

  test('an event that is no JSON', async () => {
    const { bytes } = await receive(name, 'fault-malformed-chunk');
    const events = bytes.toString().match(/(?<=data: ).*/g) ?? [];
    const isBroken = (text: string) => text !== '[DONE]' && !text.endsWith('}');
    expect(events.filter(isBroken)).toHaveLength(1);
    expect(events.filter(isBroken).every((text) => text.startsWith('{'))).toBe(true);
  });

  test('usage: none, twice, negative', async () => {
    const usage = async (model: string) =>
      (await receive(name, model, { stream: false })).bytes.toString().match(/"usage":\{.*\}/)?.[0];
    expect(await usage('fault-no-usage')).toBeUndefined();
    expect(await usage('fault-negative-usage')).toMatch(/_tokens":-\d/);
    expect(await usage('fault-usage-twice')).toMatch(/_tokens":\d/);
  });

  test('compression: unasked, and only in name', async () => {
    const zipped = await receive(name, 'fault-gzip', { stream: false });
    expect(zipped.headers['content-encoding']).toBe('gzip');
    expect(JSON.parse(gunzipSync(zipped.bytes).toString())).toHaveProperty('model', 'fault-gzip');
    const wrong = await receive(name, 'fault-wrong-encoding', { stream: false });
    expect(wrong.headers['content-encoding']).toBe('gzip');
    expect(wrong.bytes.toString()).toMatch(/^\{/);
  });

  test('a bomb is small on the wire and valid inside', async () => {
    const { bytes, headers } = await receive(name, 'fault-gzip-bomb-50', { stream: false });
    expect(headers['content-length']).toBeUndefined();
    expect(bytes.length).toBeLessThan(60_000);
    const gunzip = createGunzip();
    let length = 0;
    gunzip.on('data', (chunk: Buffer) => {
      length += chunk.length;
    });
    gunzip.end(bytes);
    await once(gunzip, 'end');
    expect(length).toBeGreaterThan(50 * 2 ** 20);
  });

  test('a huge stream stops with its reader, who is seen to leave', async () => {
    const received = await receive(name, 'fault-huge-stream-500', { leaveAfter: 2_000_000 });
    expect(received.broken).toBe(true);
    await expect.poll(() => fakes[name].journal.last.ended).toBe('left');
    expect(fakes[name].journal.last.bytesWritten).toBeLessThan(50_000_000);
  });

  test('a huge body is still JSON', async () => {
    const { bytes } = await receive(name, 'fault-huge-body-3', { stream: false });
    expect(bytes.length).toBeGreaterThan(3_000_000);
    expect(JSON.parse(bytes.toString())).toHaveProperty('model', 'fault-huge-body-3');
  });

  test('injected text stays inside its events', async () => {
    const { bytes } = await receive(name, 'fault-sse-injection');
    const lines = bytes
      .toString()
      .split('\n')
      .filter((line) => line.startsWith('data: {'));
    const text = lines
      .map((line) => JSON.parse(line.slice(6)))
      .map(({ choices, delta }) => choices?.[0]?.delta.content ?? delta?.text ?? '')
      .join('');
    expect(text.endsWith(injections.join(''))).toBe(true);
  });

  test('other line ends, other chunks, other content types', async () => {
    const plain = (await receive(name, 'fault-slow-first-0')).bytes.toString();
    const withoutId = (text: string) =>
      text.replaceAll(/fault-[a-z-]+(\d+)?|[0-9a-f]{32}|"created":\d+/g, '');
    const cr = (await receive(name, 'fault-cr-only')).bytes.toString();
    expect(withoutId(cr.replaceAll('\r', '\n'))).toBe(withoutId(plain));
    const crlf = (await receive(name, 'fault-crlf')).bytes.toString();
    expect(withoutId(crlf.replaceAll('\r\n', '\n'))).toBe(withoutId(plain));
    const bytewise = (await receive(name, 'fault-one-byte-chunks')).bytes.toString();
    expect(withoutId(bytewise)).toBe(withoutId(plain));
    const json = await receive(name, 'fault-json-for-stream');
    expect(json.headers['content-type']).toBe('application/json');
  });
});

describe('a provider', () => {
  test('answers as its settings say', async () => {
    const down = await startProvider({ dialect: 'openai', key, always: 503 });
    const slow = await startProvider({ dialect: 'openai', key, events: 40, eventGapMs: 2, latencyMs: 30 });
    const clients = [down, slow].map(
      ({ url }) => new OpenAI({ apiKey: key, baseURL: `${url}/v1`, maxRetries: 0 }),
    );
    const ask = { model: 'any', messages: question('Hello'), stream: true as const };
    await expect(clients[0]?.chat.completions.create(ask)).rejects.toMatchObject({ status: 503 });
    const startedMs = performance.now();
    let deltas = 0;
    for await (const { choices } of (await clients[1]?.chat.completions.create(ask)) ?? []) {
      if (choices[0]?.delta.content) deltas++;
    }
    expect(deltas).toBe(40);
    expect(performance.now() - startedMs).toBeGreaterThan(30 + 40 * 2);
    await Promise.all([down.close(), slow.close()]);
  });

  test('shows its journal to other processes', async () => {
    await send('openai', { user: 'u1' });
    const journal = () => fetch(`${openaiFake.url}/__journal`).then((response) => response.json());
    expect(await journal()).toMatchObject([
      {
        method: 'POST',
        path: '/v1/chat/completions',
        headers: { authorization: `Bearer ${key}` },
        body: { user: 'u1' },
        model: 'gpt-5.4',
        status: 200,
        ended: 'complete',
      },
    ]);
    await fetch(`${openaiFake.url}/__journal`, { method: 'DELETE' });
    expect(await journal()).toEqual([]);
  });

  test('enters what is no JSON, too', async () => {
    const init = { method: 'POST', headers: { ...credentials.openai, 'content-type': 'application/json' } };
    const response = await fetch(openaiFake.url + paths.openai, { ...init, body: '{"model":' });
    expect(response.status).toBe(400);
    expect(openaiFake.journal.last).toMatchObject({ body: '{"model":', status: 400 });
  });
});
