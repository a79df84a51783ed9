import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type NexusWorld, nexusModule } from '../../kong/plugin.ts';
import { pluginInfo } from '../../kong/pluginserver/module.ts';
import { Tickets, ticketHeader } from '../../kong/ticket.ts';
import { hashKey } from '../../plugins/config/keys.ts';
import { loadConfig } from '../../plugins/config/load.ts';
import { Gateway } from '../../plugins/gateway.ts';
import { machinePorts } from '../../plugins/io/ports.ts';
import type { Labels } from '../../plugins/ports/meter.ts';
import type { ClientRequest } from './standin/pdk.ts';
import { startTestServer, type TestServer } from './standin/plugin-server.ts';
import type { Ending, PluginEntity } from './standin/worker.ts';

const key = 'nx-the-key-of-alice';
const configText = JSON.stringify({
  version: 1,
  providers: { p: { dialect: 'openai', baseUrl: 'http://127.0.0.1:9/v1' } },
  models: { m: { candidates: [{ provider: 'p', model: 'x' }] } },
  teams: { support: {} },
  keys: [{ hash: hashKey(key), id: 'k1', user: 'alice', team: 'support', application: 'helpdesk' }],
});

const relaySocket = '/run/nexus/relay.sock';
const everywhere: PluginEntity = { id: 'everywhere', seq: 1 };
const forConsumers: PluginEntity = { id: 'c', seq: 1, config: { team: 'support', application: 'notebook' } };
const bob = { id: '5f2a', username: 'bob', custom_id: 'b-1' };

let counted: Labels[];
let world: NexusWorld;
let server: TestServer;

beforeEach(async () => {
  counted = [];
  const meter = { count: (_: string, labels: Labels) => counted.push(labels), observe: () => {} };
  const ports = machinePorts({ meter });
  const loaded = loadConfig(configText, { file: 'nexus.json', env: {}, readFile: () => '' });
  if ('problems' in loaded) throw new Error(loaded.problems.map(({ message }) => message).join('\n'));
  const gateway = new Gateway({ ...loaded, secrets: new Map() }, ports);
  world = { gateway, tickets: new Tickets(ports), relaySocket };
  server = await startTestServer({ module: nexusModule, world });
});
afterEach(() => server.stop());

const chat = (headers: ClientRequest['headers'], more: Partial<ClientRequest> = {}): ClientRequest => ({
  method: 'POST',
  path: '/v1/chat/completions',
  headers: { 'content-length': '17', ...headers },
  ...more,
});

const access = (request: ClientRequest, entity = everywhere): Promise<Ending> =>
  server.worker().run(entity, 'access', request);

/** Whose call the relay would take it for. */
const callerOf = ({ proxied }: Ending, { method, path, headers }: ClientRequest) => {
  const length = headers['content-length'];
  const call = { method, path, bodyBytes: length === undefined ? undefined : Number(length) };
  return world.tickets.redeem(String(proxied.headers.get(ticketHeader)), call);
};

const refusal = (ending: Ending) => {
  if (ending.kind !== 'answered') throw new Error(`expected an answer, got ${ending.kind}`);
  const { status, body, headers } = ending.exit;
  expect(ending.proxied.target).toBeUndefined();
  return { status, headers, error: JSON.parse(body) };
};

test('what Kong is told before it starts', () => {
  const { Protocol, Plugins } = pluginInfo(nexusModule);
  expect(Protocol).toBe('ProtoBuf:1');
  expect(Plugins).toEqual([
    expect.objectContaining({
      Name: 'nexus',
      Priority: 790,
      Phases: ['access'],
      Version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
    }),
  ]);
  const [field] = Plugins[0]?.Schema.fields ?? [];
  expect(field?.config.fields.map((each) => Object.keys(each))).toEqual([['team'], ['application']]);
});

describe('a call with a key', () => {
  test('goes to the relay with a ticket, in four requests to Kong and two turns', async () => {
    const request = chat({ authorization: `Bearer ${key}` });
    const ending = await access(request);
    expect(ending).toMatchObject({ kind: 'proxied', waits: 2 });
    expect(ending.proxied.target).toEqual({ host: `unix:${relaySocket}`, port: 80 });
    expect(ending.proxied.calls).toEqual([
      'kong.request.get_headers',
      'kong.nginx.get_var',
      'kong.service.set_target',
      'kong.service.request.set_header',
    ]);
    expect(callerOf(ending, request)).toEqual({
      keyId: 'k1',
      user: 'alice',
      team: 'support',
      application: 'helpdesk',
    });
  });

  test.each(['x-api-key', 'api-key', 'x-goog-api-key'])('in %s', async (header) => {
    const request = chat({ [header]: key });
    expect(callerOf(await access(request), request)).toMatchObject({ user: 'alice' });
  });

  test('may have a body of unknown length, a query and a prefix of the route', async () => {
    const request: ClientRequest = {
      method: 'POST',
      path: '/ai/v1/messages?beta=true',
      headers: { 'x-api-key': key },
    };
    const ending = await access(request);
    expect(callerOf(ending, { ...request, path: '/v1/messages?beta=true' })).toMatchObject({ user: 'alice' });
  });

  test('may offer HTTP/2', async () => {
    const request = chat({ 'x-api-key': key, connection: 'Upgrade, HTTP2-Settings', upgrade: 'h2c' });
    expect(await access(request)).toMatchObject({ kind: 'proxied' });
  });

  test('of a Kong consumer counts where the plugin takes no consumers, and Kong is not asked', async () => {
    const request = chat({ 'x-api-key': key }, { consumer: bob });
    const ending = await access(request);
    expect(ending.proxied.calls).not.toContain('kong.client.get_consumer');
    expect(callerOf(ending, request)).toMatchObject({ user: 'alice' });
  });
});

describe('a consumer of Kong', () => {
  test('is who Kong says, in the team of the plugin, in five requests to Kong and two turns', async () => {
    const request = chat({ apikey: 'of-bob' }, { consumer: bob });
    const ending = await access(request, forConsumers);
    expect(ending).toMatchObject({ kind: 'proxied', waits: 2 });
    expect(ending.proxied.calls).toHaveLength(5);
    expect(callerOf(ending, request)).toEqual({
      keyId: 'kong:5f2a',
      user: 'bob',
      team: 'support',
      application: 'notebook',
    });
  });

  test.each([
    [{ id: '5f2a', custom_id: 'b-1' }, 'b-1'],
    [{ id: '5f2a' }, '5f2a'],
  ])('%o has a name', async (consumer, user) => {
    const request = chat({}, { consumer });
    expect(callerOf(await access(request, forConsumers), request)).toMatchObject({ user });
  });

  test('who stands for everybody is nobody', async () => {
    const request = chat({ 'x-anonymous-consumer': 'true' }, { consumer: bob });
    expect(refusal(await access(request, forConsumers)).status).toBe(401);
  });

  test('who is not there leaves it to the key', async () => {
    const request = chat({ 'x-api-key': key });
    expect(callerOf(await access(request, forConsumers), request)).toMatchObject({ user: 'alice' });
    expect(refusal(await access(chat({}), forConsumers)).status).toBe(401);
  });
});

describe('refused at once, in the dialect of the client', () => {
  test.each<[string, ClientRequest['headers']]>([
    ['no key', {}],
    ['a key that is not ours', { authorization: 'Bearer other' }],
    ['two keys', { authorization: `Bearer ${key}`, 'x-api-key': 'other' }],
    ['one header with two keys', { 'x-api-key': [key, key] }],
  ])('%s', async (_, headers) => {
    const openai = refusal(await access(chat(headers)));
    expect(openai.status).toBe(401);
    expect(openai.error).toMatchObject({ error: { code: 'invalid_key', type: 'invalid_request_error' } });
    expect(openai.headers).toMatchObject({
      'content-type': 'application/json',
      'x-should-retry': 'false',
      'x-nexus-decision': expect.stringMatching(/^[0-9a-f]{24}$/),
    });
    const anthropic = refusal(await access(chat(headers, { path: '/v1/messages' })));
    expect(anthropic).toMatchObject({
      status: 401,
      error: { type: 'error', error: { type: 'authentication_error' } },
    });
    expect(counted.map(({ code }) => code)).toEqual(['invalid_key', 'invalid_key']); // policies hear of both
  });

  test.each(['websocket', 'WebSocket', 'h2c, websocket'])('an upgrade to %s', async (upgrade) => {
    const { status, error } = refusal(
      await access(chat({ 'x-api-key': key, connection: 'upgrade', upgrade })),
    );
    expect(status).toBe(400);
    expect(error).toMatchObject({ error: { code: 'invalid_request', param: 'upgrade' } });
  });

  test('more headers than Kong shows', async () => {
    const many = Array.from({ length: 999 }, (_, index) => String(index));
    expect(refusal(await access(chat({ 'x-api-key': key, 'x-many': many }))).status).toBe(400);
    expect(await access(chat({ 'x-api-key': key, 'x-many': many.slice(3) }))).toMatchObject({
      kind: 'proxied',
    });
  });

  test('a request line that cannot be read', async () => {
    expect(refusal(await access(chat({ 'x-api-key': key }, { path: '\n' }))).status).toBe(400);
  });

  test('everything, when the core fails', async () => {
    const identify = () => {
      throw new Error('a fault of ours');
    };
    Object.assign(world.gateway, { identify });
    const { status, error } = refusal(await access(chat({ 'x-api-key': key }, { path: '/v1/messages' })));
    expect(status).toBe(503);
    expect(error).toMatchObject({ type: 'error', error: { details: { error_code: 'policy_unavailable' } } });
    expect(server.faults).toEqual([expect.objectContaining({ at: 'access' })]);
  });

  test('everything, with settings that we do not take', async () => {
    const plugin: PluginEntity = { id: 'bad', seq: 1, config: { team: 7 } };
    expect(refusal(await access(chat({ 'x-api-key': key }), plugin)).status).toBe(503);
  });
});

test('exchanges that ended here are not kept', async () => {
  await access(chat({}));
  await access(chat({ 'x-api-key': key }));
  expect(world.gateway.sessions.size).toBe(0);
});
