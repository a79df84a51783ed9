import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readAnswer } from '../../contract/read-answer.ts';
import type { JournalEntry } from '../../fakes/journal.ts';
import { envoyBinary } from '../envoy.ts';
import { chat, clientDialects, type Place, send, startPlace } from './place.ts';

const keys = { first: 'key-of-first', second: 'key-of-second', third: 'key-of-third' };
const firstByteTimeoutMs = 500;

/** All that a provider may be told, beside its own key. */
const plainHeaders = ['content-length', 'content-type', 'host', 'user-agent'];

/** What clients and their proxies send along. */
const clientHeaders = {
  'x-api-key': 'nx-faults-client',
  cookie: 'session=secret',
  'x-forwarded-for': '192.0.2.7',
  'x-real-ip': '192.0.2.7',
  forwarded: 'for=192.0.2.7',
  'accept-encoding': 'gzip, br',
  'accept-language': 'de',
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  'openai-organization': 'org-client',
  'x-stainless-os': 'Linux',
  'user-agent': 'client/1.0',
  referer: 'http://client.internal/',
  origin: 'http://client.internal',
};

describe.skipIf(!envoyBinary)('attempts', () => {
  let place: Place;
  beforeAll(async () => {
    place = await startPlace({
      providers: {
        first: { dialect: 'openai', key: keys.first },
        second: { dialect: 'anthropic', key: keys.second },
        third: { dialect: 'openai', key: keys.third },
        streams: { dialect: 'openai', events: 30, eventGapMs: 60 },
      },
      models: {
        chain: ['first/fault-503', 'second/fault-429-retry-2', 'third/fine'],
        late: ['first/fault-slow-first-4000', 'second/fine'],
        long: ['streams/long'],
      },
      firstByteTimeoutMs,
    });
  });
  afterAll(() => place?.stop());

  const lastOf = (name: string): JournalEntry => place.provider(name).journal.last;

  /** What must be true of the only request that a provider saw. */
  const expectOnlyOwn = ({ headers, body }: JournalEntry, own: Readonly<Record<string, string>>) => {
    const names = Object.keys(headers).filter((name) => name !== 'accept'); // not every dialect sends it
    expect(names.sort()).toEqual([...plainHeaders, ...Object.keys(own)].sort());
    expect(headers).toMatchObject({ ...own, 'user-agent': 'nexus' });
    // With another length than this one the body would not have been JSON, or not have ended.
    expect(body).toMatchObject({ messages: [{ role: 'user' }] });
  };

  test.each(clientDialects)(
    '%s: each provider gets its own key and nothing of the one before or of the client',
    async (dialect) => {
      for (const stream of [false, true]) {
        for (const name of Object.keys(keys)) place.provider(name).journal.clear();
        const answer = await send(place.url, dialect, { model: 'chain', stream, headers: clientHeaders });
        expect(answer.status).toBe(200);
        expect(place.seen().map(({ model }) => model)).toEqual(['fault-503', 'fault-429-retry-2', 'fine']);
        expectOnlyOwn(lastOf('first'), { authorization: `Bearer ${keys.first}` });
        expectOnlyOwn(lastOf('second'), { 'x-api-key': keys.second, 'anthropic-version': '2023-06-01' });
        expectOnlyOwn(lastOf('third'), { authorization: `Bearer ${keys.third}` });
      }
    },
  );

  test.each([false, true])(
    'a first byte that comes too late: the next one answers (streamed: %s)',
    async (stream) => {
      const startedMs = performance.now();
      const answer = await chat(place.url, { model: 'late', stream });
      expect(performance.now() - startedMs).toBeLessThan(4000);
      expect(answer.headers.get('x-nexus-model')).toBe('second/fine');
      expect(readAnswer('openai-chat', answer).ending).toBe('complete');
      await expect.poll(() => lastOf('first').ended, { timeout: 5000 }).toBe('left');
    },
  );

  test('a stream that lasts longer than a first byte may is not cut', async () => {
    const startedMs = performance.now();
    const answer = await chat(place.url, { model: 'long', stream: true });
    expect(performance.now() - startedMs).toBeGreaterThan(2 * firstByteTimeoutMs);
    expect(readAnswer('openai-chat', answer).ending).toBe('complete');
    expect(lastOf('streams').ended).toBe('complete');
  });
});
