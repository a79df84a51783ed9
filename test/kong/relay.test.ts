import { type IncomingMessage, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ticketHeader } from '../../kong/ticket.ts';
import { hashKey } from '../../plugins/config/keys.ts';
import type { Consumer } from '../../plugins/exchange.ts';
import { Session } from '../../plugins/session.ts';
import type { ClientAnswer, ClientCall } from '../contract/host.ts';
import { type FakeProvider, startProvider } from '../fakes/provider.ts';
import { type RelayHost, startRelayHost } from './relay-host.ts';

const clientKey = 'nx-relay-client';
const consumer: Consumer = { keyId: 'relay', user: 'client' };
const json = { 'content-type': 'application/json' };
const maxRequestBytes = 100_000;

let provider: FakeProvider;
let host: RelayHost;

beforeAll(async () => {
  provider = await startProvider({ dialect: 'openai', key: 'key-of-oa' });
  const model = (...names: string[]) => ({
    candidates: names.map((name) => ({ provider: name.startsWith('dead/') ? 'dead' : 'oa', model: name })),
  });
  const config = {
    version: 1,
    providers: {
      oa: { dialect: 'openai', baseUrl: `${provider.url}/v1`, key: '${env:OA_KEY}' },
      dead: { dialect: 'openai', baseUrl: 'http://127.0.0.1:9/v1' },
      few: { dialect: 'openai', baseUrl: `${provider.url}/v1`, key: '${env:OA_KEY}', maxConcurrent: 2 },
      'few-dead': { dialect: 'openai', baseUrl: 'http://127.0.0.1:9/v1', maxConcurrent: 1 },
    },
    models: {
      few: { candidates: [{ provider: 'few', model: 'gpt' }] },
      'few-slow': { candidates: [{ provider: 'few', model: 'fault-stall-stream-2' }] },
      'few-cut': { candidates: [{ provider: 'few', model: 'fault-cut-body' }] },
      'few-dead': { candidates: [{ provider: 'few-dead', model: 'gpt' }] },
      plain: model('gpt'),
      huge: model('fault-huge-stream-400'),
      stalled: model('fault-stall-stream-2'),
      cut: model('fault-cut-body'),
      dead: model('dead/gpt'),
      'dead-then-alive': model('dead/gpt', 'gpt'),
    },
    keys: [{ hash: hashKey(clientKey), id: 'relay', user: 'client' }],
    limits: { maxRequestBytes },
  };
  host = await startRelayHost(JSON.stringify(config), { OA_KEY: 'key-of-oa' });
});

afterAll(async () => {
  await host.stop();
  await provider.close();
});

beforeEach(() => provider.journal.clear());

const chat = (model: string, more: object = {}): ClientCall => ({
  path: '/v1/chat/completions',
  headers: { 'content-type': 'application/json', authorization: `Bearer ${clientKey}` },
  body: JSON.stringify({ model, messages: [{ role: 'user', content: 'hi' }], ...more }),
});

const codeOf = ({ text }: ClientAnswer): unknown => JSON.parse(text).error.code;

/** Opens a call and leaves its answer unread. */
const open = ({ path, headers, body }: ClientCall): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    const { socketPath } = host.relay;
    const outgoing = request({ socketPath, path, method: 'POST', headers, agent: false }, resolve);
    outgoing.once('error', reject);
    outgoing.end(body);
  });

const until = async (reached: () => boolean): Promise<void> => {
  while (!reached()) await sleep(5);
};

describe('a ticket', () => {
  const refused = async (call: ClientCall) => {
    const answer = await host.send(call);
    expect(answer.status).toBe(503);
    expect(answer.text).toContain('policy_unavailable');
    expect(provider.journal.entries).toEqual([]);
  };
  const withTicket = (call: ClientCall, ticket: string): ClientCall => ({
    ...call,
    headers: { ...call.headers, [ticketHeader]: ticket },
  });

  test('lets its call pass', async () => {
    const answer = await host.send(host.ticketed(chat('plain'), consumer));
    expect(answer.status).toBe(200);
    expect(provider.journal.entries).toHaveLength(1);
  });

  test('must be there', () => refused(chat('plain')));

  test('must be one of ours', () => refused(withTicket(chat('plain'), 'e30.c2lnbmVk')));

  test('is good once', async () => {
    const call = host.ticketed(chat('plain'), consumer);
    expect((await host.send(call)).status).toBe(200);
    provider.journal.clear();
    await refused(call);
  });
});

describe('the caller', () => {
  const send = (headers: Record<string, string>, consumer?: Consumer, path = '/v1/chat/completions') =>
    host.send(host.ticketed({ ...chat('plain'), path, headers: { ...json, ...headers } }, consumer));

  test.each(['x-api-key', 'api-key', 'x-goog-api-key'])('has a key in %s', async (header) => {
    expect((await send({ [header]: clientKey })).status).toBe(200);
  });

  test.each<[string, Record<string, string>]>([
    ['no key', {}],
    ['a key that is not ours', { authorization: 'Bearer other' }],
    ['two keys', { authorization: `Bearer ${clientKey}`, 'x-api-key': 'other' }],
  ])('with %s is refused, in its dialect', async (_, headers) => {
    const openai = await send(headers);
    expect([openai.status, codeOf(openai), openai.headers.get('x-should-retry')]).toEqual([
      401,
      'invalid_key',
      'false',
    ]);
    const anthropic = await send(headers, undefined, '/v1/messages');
    expect([anthropic.status, JSON.parse(anthropic.text).error.type]).toEqual([401, 'authentication_error']);
    expect(provider.journal.entries).toEqual([]);
  });

  test('is the consumer that Kong has found, unless that one stands for everybody', async () => {
    expect((await send({}, consumer)).status).toBe(200);
    expect((await send({ 'x-anonymous-consumer': 'true' }, consumer)).status).toBe(401);
  });
});

describe('an upgrade', () => {
  const upgrade = (to: string) => {
    const { headers, ...rest } = chat('plain');
    return host.call({ ...rest, headers: { ...headers, connection: 'upgrade', upgrade: to } });
  };

  test.each(['websocket', 'WebSocket', 'h2c, websocket'])('to %s is refused', async (to) => {
    const answer = await upgrade(to);
    expect([answer.status, codeOf(answer)]).toEqual([400, 'invalid_request']);
    expect(provider.journal.entries).toEqual([]);
  });

  test('to HTTP/2 is an offer only', async () => {
    expect((await upgrade('h2c')).status).toBe(200);
  });
});

test('many headers count, all of them', async () => {
  const { headers = {}, ...rest } = chat('plain');
  const many = Object.fromEntries(Array.from({ length: 2100 }, (_, at) => [`x-${at}`, '']));
  const { authorization = '', ...others } = headers;
  expect((await host.call({ ...rest, headers: { ...many, ...others, authorization } })).status).toBe(200);
});

describe('what goes out', () => {
  test('holds nothing of the client beside the request', async () => {
    const { headers, ...rest } = chat('plain');
    const nosy = { ...headers, cookie: 'session=1', 'x-forwarded-for': '10.1.1.1', 'x-consumer-id': '7' };
    await host.send(host.ticketed({ ...rest, headers: nosy }, consumer));
    const { host: _host, connection: _connection, ...sent } = provider.journal.last.headers;
    expect(sent).toEqual({
      accept: 'application/json',
      authorization: 'Bearer key-of-oa',
      'content-length': expect.stringMatching(/^\d+$/),
      'content-type': 'application/json',
      'user-agent': 'nexus',
    });
  });
});

describe('bodies', () => {
  test('over the limit are refused, announced or not', async () => {
    const large = chat('plain', { metadata: { filler: 'x'.repeat(maxRequestBytes) } });
    const announced = await host.call(large);
    const { headers } = host.ticketed({ path: large.path }, consumer);
    const unannounced = await host.send({
      ...large,
      headers: { ...large.headers, ...headers, 'transfer-encoding': 'chunked' },
    });
    expect([announced.status, codeOf(announced)]).toEqual([413, 'request_too_large']);
    expect([unannounced.status, codeOf(unannounced)]).toEqual([413, 'request_too_large']);
    expect(provider.journal.entries).toEqual([]);
  });

  test('that break off reach nobody', async () => {
    const { path, headers, body = '' } = host.ticketed(chat('plain'), consumer);
    const { socketPath } = host.relay;
    const length = { 'content-length': String(body.length) };
    const outgoing = request({ socketPath, path, method: 'POST', headers: { ...headers, ...length } });
    outgoing.on('error', () => {});
    outgoing.write(String(body).slice(0, 20));
    await until(() => host.gateway.sessions.size === 1);
    outgoing.destroy();
    await until(() => host.gateway.sessions.size === 0);
    expect(provider.journal.entries).toEqual([]);
  });
});

describe('an answer', () => {
  test('waits for a client that reads slowly, and so does its upstream', async () => {
    const answer = await open(host.ticketed(chat('huge', { stream: true }), consumer));
    let before = -1;
    while (provider.journal.last.bytesWritten !== before) {
      before = provider.journal.last.bytesWritten;
      await sleep(200);
    }
    expect(before).toBeLessThan(20_000_000);
    expect(provider.journal.last.ended).toBe('open');
    answer.resume();
    await until(() => provider.journal.last.bytesWritten > 60_000_000); // goes on
    answer.destroy();
    await until(() => host.gateway.sessions.size === 0);
  });

  test('is given up when its client leaves, at the upstream, too', async () => {
    const answer = await open(host.ticketed(chat('stalled', { stream: true }), consumer));
    answer.resume();
    await until(() => provider.journal.last.bytesWritten > 0);
    answer.destroy();
    await until(() => provider.journal.last.ended === 'left');
    expect(host.gateway.sessions.size).toBe(0);
  });

  test('that breaks off before the client has its head is an error', async () => {
    const answer = await host.call(chat('cut'));
    expect([answer.status, codeOf(answer), answer.broken]).toEqual([503, 'upstream_unavailable', false]);
  });

  test('of Kong itself is none of the upstream', async () => {
    const answer = await host.call(chat('dead'));
    expect([answer.status, codeOf(answer)]).toEqual([503, 'upstream_unavailable']);
    const next = await host.call(chat('dead-then-alive'));
    expect([next.status, next.headers.get('x-nexus-attempts')]).toEqual([200, '2']);
  });
});

describe('a provider with maxConcurrent', () => {
  test('gets no more calls than that, and the next client is told', async () => {
    const answers = [1, 2].map(() => open(host.ticketed(chat('few-slow', { stream: true }))));
    const first = await Promise.all(answers);
    const refused = await host.call(chat('few'));
    expect([refused.status, codeOf(refused)]).toEqual([503, 'upstream_unavailable']);
    expect(refused.headers.get('x-should-retry')).toBe('true');
    expect(provider.journal.entries).toHaveLength(2);
    expect((await host.call(chat('plain'))).status).toBe(200); // another provider
    for (const answer of first) answer.destroy();
    while ((await host.call(chat('few'))).status !== 200) await sleep(5);
  });

  test('counts a call until it has ended, however it ends', async () => {
    for (const model of ['few', 'few-cut', 'few-dead', 'few', 'few-dead', 'few-cut', 'few'])
      expect((await host.call(chat(model))).status).toBe(model === 'few' ? 200 : 503);
  });
});

test('a connection to Kong that was closed while it was idle costs nothing', async () => {
  await host.call(chat('plain')); // leaves a connection
  provider.journal.clear();
  host.egress.prependOnceListener('request', ({ socket }: IncomingMessage) => socket.destroy());
  expect((await host.call(chat('plain'))).status).toBe(200);
  expect(provider.journal.entries).toHaveLength(1);
});

test('a fault of ours is told to the client and to the log, and hurts no other call', async () => {
  const { request: original } = Session.prototype;
  Session.prototype.request = () => Promise.reject(new Error('broken on purpose'));
  const answer = await host.call(chat('plain')).finally(() => {
    Session.prototype.request = original;
  });
  expect([answer.status, codeOf(answer)]).toEqual([503, 'policy_unavailable']);
  expect(host.faults).toEqual([new Error('broken on purpose')]);
  expect((await host.call(chat('plain'))).status).toBe(200);
  expect(host.gateway.sessions.size).toBe(0);
});

test('a relay that stops lets answers end, then breaks off the rest', async () => {
  const other = await startRelayHost(
    JSON.stringify({
      version: 1,
      providers: { oa: { dialect: 'openai', baseUrl: `${provider.url}/v1`, key: '${env:OA_KEY}' } },
      models: {
        slow: { candidates: [{ provider: 'oa', model: 'fault-slow-first-300' }] },
        never: { candidates: [{ provider: 'oa', model: 'fault-hang' }] },
      },
    }),
    { OA_KEY: 'key-of-oa' },
  );
  const slow = other.send(other.ticketed(chat('slow'), consumer));
  const never = other.send(other.ticketed(chat('never'), consumer)).catch((cause: Error) => cause);
  await until(() => provider.journal.entries.length === 2);
  await other.relay.close(700);
  expect((await slow).status).toBe(200);
  expect(await never).toBeInstanceOf(Error);
  expect(other.gateway.sessions.size).toBe(0);
  await other.stop();
});
