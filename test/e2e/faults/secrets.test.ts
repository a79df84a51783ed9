import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { httpCall } from '../../contract/http.ts';
import { envoyBinary } from '../envoy.ts';
import {
  bodyOf,
  callOf,
  clientDialects,
  clientKey,
  endingsOf,
  type Place,
  pathOf,
  send,
  startPlace,
} from './place.ts';

/** Planted, and nowhere else on this machine. */
const planted = {
  providerKeys: ['sk-planted-key-of-a', 'sk-planted-key-of-b'],
  strangersKey: 'nx-planted-key-of-a-stranger',
  query: 'planted-in-the-query',
  cookie: 'planted-in-a-cookie',
  prompt: 'planted-in-the-prompt',
};

/** Makes every kind of answer happen, with everything planted that a client can plant. Gives the errors among them. */
const provoke = async (place: Place): Promise<string[]> => {
  const answers = [];
  for (const dialect of clientDialects) {
    const headers = { cookie: planted.cookie };
    const ask = { says: planted.prompt, headers };
    for (const model of ['fine', 'failing', 'hanging', 'cut', 'echo', 'no-such-model'])
      for (const stream of [false, true])
        answers.push(await send(place.url, dialect, { ...ask, model, stream }));

    const call = callOf(dialect, { ...ask, model: 'fine' });
    const withHeaders = (more: object) => ({ ...call, headers: { ...call.headers, ...more } });
    const stranger = { authorization: `Bearer ${planted.strangersKey}`, 'x-api-key': planted.strangersKey };
    answers.push(await httpCall(place.url, { ...call, path: `${pathOf(dialect)}?key=${planted.query}` }));
    answers.push(await httpCall(place.url, { ...call, path: `/v1/elsewhere?key=${planted.query}` }));
    answers.push(await httpCall(place.url, withHeaders(stranger)));
    answers.push(await httpCall(place.url, withHeaders({ 'x-api-key': planted.strangersKey })));
    answers.push(await httpCall(place.url, withHeaders({ 'content-encoding': 'gzip' })));
    for (const body of [
      planted.prompt,
      `{"model":"fine","${planted.prompt}`,
      `{"model":"fine","model":"${planted.prompt}"}`,
      `{"model":"fine","max_tokens":9,"messages":"${planted.prompt}"}`,
      `{"model":"fine","max_tokens":"${planted.prompt}","messages":[]}`,
      `{"model":"${planted.prompt}","max_tokens":9,"messages":[{"role":"user","content":"hi"}]}`,
      bodyOf({ model: 'fine', says: planted.prompt.repeat(100_000) }),
    ])
      answers.push(await httpCall(place.url, { ...call, body }));
    answers.push(
      await httpCall(place.url, {
        ...withHeaders({ 'content-encoding': 'gzip' }),
        body: gzipSync(planted.prompt),
      }),
    );
  }
  return answers
    .filter(({ status }) => status >= 400)
    .map(({ text, headers }) => `${text}${JSON.stringify([...headers])}`);
};

describe.skipIf(!envoyBinary)('after every kind of answer', () => {
  let place: Place;
  let errors: string[];
  beforeAll(async () => {
    const [a, b] = planted.providerKeys;
    place = await startPlace({
      providers: { a: { dialect: 'openai', key: a ?? '' }, b: { dialect: 'anthropic', key: b ?? '' } },
      models: {
        fine: ['a/one'],
        failing: ['a/fault-503', 'b/fault-401'],
        hanging: ['b/fault-hang', 'a/fault-reset'],
        cut: ['b/fault-cut-stream-2'],
        echo: ['a/fault-400'],
      },
      firstByteTimeoutMs: 300,
      limits: { maxRequestBytes: 1_000_000 },
    });
    errors = await provoke(place);
  });
  afterAll(() => place?.stop());

  const secrets = [clientKey, planted.query, planted.cookie, planted.strangersKey, ...planted.providerKeys];

  const expectNone = (text: string, words: readonly string[]) => {
    for (const word of words) expect(text, word).not.toContain(word);
  };

  test('the providers did see the prompt and their own keys', () => {
    const seen = JSON.stringify(place.seen().map(({ headers, body }) => ({ headers, body })));
    for (const word of [planted.prompt, ...planted.providerKeys]) expect(seen).toContain(word);
    expectNone(seen, [clientKey, planted.strangersKey, planted.cookie]);
  });

  test('no error tells a secret, or repeats the prompt', () => {
    expect(errors.length).toBeGreaterThan(20);
    for (const error of errors) expectNone(error, [...secrets, planted.prompt]);
  });

  test('the workers log neither', () => {
    const log = place.stack.workers.map((worker) => worker.log()).join('');
    expectNone(log, [...secrets, planted.prompt]);
  });

  test('the access log has every call, and neither secret nor prompt', async () => {
    const read = () => readFileSync(place.stack.accessLog, 'utf8');
    await expect.poll(() => read().split('\n').length, { timeout: 15_000 }).toBeGreaterThan(errors.length);
    expectNone(read(), [...secrets, planted.prompt]);
  });

  test('Envoy writes neither to stderr', () => {
    expectNone(place.stack.envoy.log(), [...secrets, planted.prompt]);
  });

  test('the metrics count every call, and hold neither', async () => {
    const [worker] = place.stack.workers;
    const counted = Object.values(await endingsOf(worker)).reduce((sum, value) => sum + value, 0);
    expect(counted).toBeGreaterThan(errors.length);
    expectNone(JSON.stringify(await worker?.metrics()), [...secrets, planted.prompt]);
  });
});
