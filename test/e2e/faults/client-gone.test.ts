import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { envoyBinary } from '../envoy.ts';
import { type Ask, callOf, chat, clientKey, endingsOf, type Place, startPlace } from './place.ts';

/** A Chat call whose client can leave before it is over. */
const begin = (url: string, ask: Ask) => {
  const { path, headers, body } = callOf('openai-chat', ask);
  const outgoing = request(new URL(path, url), { method: 'POST', headers: { ...headers }, agent: false });
  outgoing.on('error', () => {}); // it is we who break it off
  outgoing.end(body);
  return {
    firstBytes: async () => {
      const [incoming] = await once(outgoing, 'response');
      incoming.on('error', () => {});
      await once(incoming, 'data');
    },
    leave: () => outgoing.destroy(),
  };
};

describe.skipIf(!envoyBinary)('a client that leaves', () => {
  let place: Place;
  let calls = 0;
  beforeAll(async () => {
    place = await startPlace({
      providers: {
        a: { dialect: 'openai' },
        b: { dialect: 'anthropic' },
        streams: { dialect: 'openai', events: 1000, eventGapMs: 30 },
      },
      models: {
        hangs: ['a/fault-hang', 'b/next'],
        hangsLater: ['b/fault-503', 'a/fault-hang', 'b/next'],
        streams: ['streams/long', 'b/next'],
        next: ['b/next'],
      },
    });
  });
  afterAll(() => place?.stop());
  beforeEach(() => {
    for (const name of ['a', 'b', 'streams']) place.provider(name).journal.clear();
  });

  const soon = { timeout: 3000 };

  const expectSettled = async () => {
    calls += 1;
    const aborted = async () => (await endingsOf(place.stack.workers[0])).aborted;
    await expect.poll(aborted, soon).toBe(calls);
  };

  /** Whatever was still under way would have been seen before the answer to a call that begins now. */
  const expectNobodyElseAsked = async (models: readonly string[]) => {
    expect((await chat(place.url, { model: 'next' })).status).toBe(200);
    expect(place.seen().map(({ model }) => model)).toEqual([...models, 'next']);
  };

  const lastOf = (name: string) => place.provider(name).journal.last;

  test.each([
    ['while the provider thinks', 'hangs', ['fault-hang']],
    ['while the second provider thinks', 'hangsLater', ['fault-503', 'fault-hang']],
  ])('%s: the provider is left, nobody else is asked, the exchange is settled', async (_, model, asked) => {
    for (const stream of [false, true]) {
      for (const name of ['a', 'b']) place.provider(name).journal.clear();
      const { leave } = begin(place.url, { model, stream });
      await expect.poll(() => place.seen().map((it) => it.model), soon).toEqual(asked);
      leave();
      await expect.poll(() => lastOf('a').ended, soon).toBe('left');
      await expectSettled();
      await expectNobodyElseAsked(asked);
    }
  });

  test('inside a stream: the provider is left, nobody else is asked, the exchange is settled', async () => {
    const { firstBytes, leave } = begin(place.url, { model: 'streams', stream: true });
    await firstBytes();
    leave();
    await expect.poll(() => lastOf('streams').ended, soon).toBe('left');
    await expectSettled();
    await expectNobodyElseAsked(['long']);
  });

  test('inside its request: no provider is asked, the exchange is settled', async () => {
    const started = async () =>
      (await place.stack.envoy.stat('http.nexus.ext_proc.router.streams_started')) ?? Number.NaN;
    const before = await started();
    const { hostname, port } = new URL(place.url);
    const socket = connect(Number(port), hostname);
    const head = [
      'POST /v1/chat/completions HTTP/1.1',
      'host: gateway',
      `authorization: Bearer ${clientKey}`,
      'content-length: 5000',
    ];
    socket.write(`${head.join('\r\n')}\r\n\r\n{"model":"next",`);
    await expect.poll(started, soon).toBe(before + 1);
    socket.destroy();
    await expectSettled();
    await expectNobodyElseAsked([]);
  });
});
