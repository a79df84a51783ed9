import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type NexusWorld, nexusModule } from '../../kong/plugin.ts';
import { pluginInfo } from '../../kong/pluginserver/module.ts';
import { Tickets, ticketHeader } from '../../kong/ticket.ts';
import { systemClock } from '../../plugins/io/clock.ts';
import { systemRandom } from '../../plugins/io/random.ts';
import type { ClientRequest } from './standin/pdk.ts';
import { faultBody, startTestServer, type TestServer } from './standin/plugin-server.ts';
import type { Ending, PluginEntity } from './standin/worker.ts';

const relaySocket = '/run/nexus/relay.sock';
const everywhere: PluginEntity = { id: 'everywhere', seq: 1 };
const forConsumers: PluginEntity = { id: 'c', seq: 1, config: { team: 'support', application: 'notebook' } };
const bob = { id: '5f2a', username: 'bob', custom_id: 'b-1' };

let world: NexusWorld;
let server: TestServer;

beforeEach(async () => {
  world = { tickets: new Tickets({ clock: systemClock, random: systemRandom }), relaySocket };
  server = await startTestServer({ module: nexusModule, world });
});
afterEach(() => server.stop());

const chat = (more: Partial<ClientRequest> = {}): ClientRequest => ({
  method: 'POST',
  path: '/v1/chat/completions',
  headers: { 'content-length': '17' },
  ...more,
});

const access = (request: ClientRequest, entity = everywhere): Promise<Ending> =>
  server.worker().run(entity, 'access', request);

/** What the relay is told of the call. */
const passageOf = ({ proxied }: Ending) => world.tickets.redeem(String(proxied.headers.get(ticketHeader)));

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

test('a call goes to the relay with a ticket, in two requests to Kong and no question', async () => {
  const ending = await access(chat({ consumer: bob }));
  expect(ending).toMatchObject({ kind: 'proxied', waits: 1 });
  expect(ending.proxied.target).toEqual({ host: `unix:${relaySocket}`, port: 80 });
  expect(ending.proxied.calls).toEqual(['kong.service.set_target', 'kong.service.request.set_header']);
  expect(passageOf(ending)).toEqual({}); // where the plugin takes no consumers, Kong's count for nothing
  expect(passageOf(ending)).toBeUndefined();
});

describe('a consumer of Kong', () => {
  test('is who Kong says, in the team of the plugin, in three requests to Kong and two turns', async () => {
    const ending = await access(chat({ consumer: bob }), forConsumers);
    expect(ending).toMatchObject({ kind: 'proxied', waits: 2 });
    expect(ending.proxied.calls).toHaveLength(3);
    expect(passageOf(ending)).toEqual({
      consumer: { keyId: 'kong:5f2a', user: 'bob', team: 'support', application: 'notebook' },
    });
  });

  test.each([
    [{ id: '5f2a', custom_id: 'b-1' }, 'b-1'],
    [{ id: '5f2a' }, '5f2a'],
  ])('%o has a name', async (consumer, user) => {
    const ending = await access(chat({ consumer }), forConsumers);
    expect(passageOf(ending)).toMatchObject({ consumer: { user } });
  });

  test('who is not there is nobody', async () => {
    expect(passageOf(await access(chat(), forConsumers))).toEqual({});
  });
});

describe('nothing passes', () => {
  const refused = { kind: 'answered', exit: { status: 503, body: faultBody } };

  test('with settings that we do not take', async () => {
    const plugin: PluginEntity = { id: 'bad', seq: 1, config: { team: 7 } };
    expect(await access(chat(), plugin)).toMatchObject(refused);
    expect(server.faults[0]).toMatchObject({ at: 'start-instance' });
  });

  test('when no ticket can be made', async () => {
    Object.assign(world.tickets, {
      issue: () => {
        throw new Error('a fault of ours');
      },
    });
    expect(await access(chat())).toMatchObject(refused);
    expect(server.faults).toEqual([expect.objectContaining({ at: 'access' })]);
  });
});
