import { statSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { PluginModule } from '../../kong/pluginserver/module.ts';
import type { Kong } from '../../kong/pluginserver/pdk.ts';
import { faultBody, startTestServer, type TestServer } from './standin/plugin-server.ts';
import { KongSocket } from './standin/socket.ts';
import { decode, encode } from './standin/wire.ts';
import type { Ending, PluginEntity } from './standin/worker.ts';

interface Settings {
  readonly does: 'name itself' | 'echo' | 'exit' | 'throw' | 'throw late' | 'never end' | 'exit and throw';
  readonly name?: string;
}

/** A plugin that does what its settings say. */
class Probe {
  readonly #settings: Settings;

  constructor(settings: unknown) {
    this.#settings = settings as Settings;
    if (this.#settings.does === undefined) throw new Error('not my settings');
  }

  access(kong: Kong): void | Promise<void> {
    switch (this.#settings.does) {
      case 'name itself':
        return kong.service.request.setHeader('x-name', this.#settings.name ?? '');
      case 'echo':
        return echo(kong);
      case 'exit':
        return kong.response.exit(418, 'short and stout', { 'x-pot': 'tea' });
      case 'throw':
        throw new Error('secret of the request');
      case 'throw late':
        return throwLate(kong);
      case 'never end':
        return new Promise(() => {});
      case 'exit and throw':
        kong.response.exit(418, '', {});
        throw new Error('too late');
    }
  }

  log(): void {}
}

/** Asks twice at once, then once more, and tells what it heard. */
const echo = async (kong: Kong): Promise<void> => {
  const [headers, line] = await Promise.all([kong.request.getHeaders(100), kong.nginx.getVar('request')]);
  const again = await kong.request.getHeaders(100);
  kong.service.setTarget('10.0.0.1', 80);
  kong.service.request.setHeader('x-heard', `${line} ${headers.get('x-id')} ${again.get('x-id')}`);
};

const throwLate = async (kong: Kong): Promise<void> => {
  await kong.request.getHeaders(100);
  kong.service.setTarget('10.0.0.1', 80);
  throw new Error('late');
};

const module: PluginModule<undefined> = {
  Name: 'probe',
  Version: '1.0.0',
  Priority: 1,
  Schema: [],
  Plugin: Probe,
};

const entity = (does: Settings['does'], more: Partial<PluginEntity> = {}): PluginEntity => ({
  id: does,
  seq: 1,
  config: { does },
  ...more,
});

const start = (options: { socketPath?: string; phaseTimeoutMs?: number } = {}): Promise<TestServer> =>
  startTestServer({ module, world: undefined, ...options });

const answered = (status: number, body: string) => ({ kind: 'answered', exit: { status, body } });

let server: TestServer;
beforeEach(async () => {
  server = await start({ phaseTimeoutMs: 100 });
});
afterEach(() => server.stop());

describe('an event', () => {
  test('passes with what the plugin did, over one connection that Kong keeps', async () => {
    const kong = server.worker();
    const request = { method: 'POST', path: '/x?y', headers: { 'x-id': ['1', '2'] } };
    for (let count = 0; count < 3; count++) {
      const { proxied, kind } = await kong.run(entity('echo'), 'access', request);
      expect(kind).toBe('proxied');
      expect(proxied.target).toEqual({ host: '10.0.0.1', port: 80 });
      expect(proxied.headers.get('x-heard')).toBe('POST /x?y HTTP/1.1 1,2 1,2');
    }
    expect(await kong.run(entity('echo'), 'log')).toMatchObject({ kind: 'proxied', proxied: { calls: [] } });
    expect([kong.connectionsOpened, kong.idleConnections]).toEqual([1, 1]);
    expect(server.faults).toEqual([]);
  });

  test('asks as often as it waits, and not for what it does not wait for', async () => {
    const { proxied, waits } = await server.worker().run(entity('echo'), 'access');
    expect(proxied.calls).toHaveLength(5);
    expect(waits).toBe(3); // two questions at once, one more, then two orders together with the end
  });

  test('is answered by the plugin, and Kong gives the connection up', async () => {
    const kong = server.worker();
    const ending = await kong.run(entity('exit'), 'access');
    expect(ending).toMatchObject(answered(418, 'short and stout'));
    expect(ending).toMatchObject({ exit: { headers: { 'x-pot': 'tea' } } });
    expect(kong.idleConnections).toBe(0);
  });

  test('goes its way beside many others, also when some break off', async () => {
    const kong = server.worker();
    const run = (id: number) => {
      const headers = { 'x-id': String(id) };
      return id % 5 === 0
        ? kong.run(entity('exit'), 'access')
        : kong.run(entity('echo'), 'access', { method: 'GET', path: '/', headers });
    };
    const endings = await Promise.all(Array.from({ length: 200 }, (_, id) => run(id)));
    for (const [id, { kind, proxied }] of endings.entries()) {
      expect(kind).toBe(id % 5 === 0 ? 'answered' : 'proxied');
      if (id % 5 !== 0) expect(proxied.headers.get('x-heard')).toBe(`GET / HTTP/1.1 ${id} ${id}`);
    }
  });
});

describe('nothing passes', () => {
  test.each<[string, PluginEntity, string, string]>([
    ['when the plugin throws', entity('throw'), 'access', faultBody],
    ['when it throws after it let pass', entity('throw late'), 'access', faultBody],
    ['when it takes too long', entity('never end'), 'access', faultBody],
    ['in a phase that is not ours', entity('name itself'), 'rewrite', faultBody],
    ['in a phase that nobody knows', entity('name itself'), 'constructor', faultBody],
    [
      'with settings that the plugin does not take',
      entity('echo', { id: 'bad', config: {} }),
      'access',
      faultBody,
    ],
  ])('%s', async (_, plugin, phase, body) => {
    const kong = server.worker();
    expect(await kong.run(plugin, phase)).toMatchObject(answered(503, body));
    expect(server.faults.length).toBeGreaterThan(0);
    expect(await kong.run(entity('name itself'), 'access')).toMatchObject({ kind: 'proxied' });
  });

  test('what is thrown after an answer changes nothing', async () => {
    expect(await server.worker().run(entity('exit and throw'), 'access')).toMatchObject(answered(418, ''));
    expect(server.faults).toEqual([]);
  });

  test('while the server is down', async () => {
    const kong = server.worker();
    await kong.run(entity('name itself'), 'access');
    await server.stop();
    expect(await kong.run(entity('name itself'), 'access')).toMatchObject({ kind: 'failed' });
  });

  test('when the server dies in the middle of an event, and Kong does not try for ever', async () => {
    const slow = await start();
    const kong = slow.worker();
    const ending = kong.run(entity('never end'), 'access');
    await new Promise((resolve) => setTimeout(resolve, 50));
    await slow.stop();
    expect(await ending).toMatchObject({ kind: 'failed' });
    expect(kong.warnings).toEqual(['closed']);
  });
});

describe('instances', () => {
  const routes = ['a', 'b', 'c', 'd'].map((name) =>
    entity('name itself', { id: name, config: { does: 'name itself', name } }),
  );
  const nameOf = ({ proxied }: Ending) => proxied.headers.get('x-name');

  test('of a server that was there before are started anew, each with its own settings', async () => {
    const workers = [server.worker(), server.worker()];
    for (const kong of workers) for (const route of routes) await kong.run(route, 'access');
    await server.die();
    server = await start({ socketPath: server.socketPath });
    for (const kong of workers) {
      for (const route of routes.toReversed()) expect(nameOf(await kong.run(route, 'access'))).toBe(route.id);
      expect(kong.warnings).toEqual([expect.stringMatching(/^method "no plugin instance #\d+" not found$/)]);
    }
  });

  test('follow a change of the configuration, and the old ones are forgotten', async () => {
    const kong = server.worker();
    const route = entity('name itself', { config: { does: 'name itself', name: 'old' } });
    expect(nameOf(await kong.run(route, 'access'))).toBe('old');
    const changed = { ...route, seq: 2, config: { does: 'name itself', name: 'new' } };
    expect(nameOf(await kong.run(changed, 'access'))).toBe('new');
    expect(kong.warnings).toEqual([]);
  });

  test('that Kong has closed are unknown', async () => {
    const socket = await KongSocket.open(server.socketPath);
    const ask = async (message: Record<string, unknown>) => {
      socket.write(encode('RpcCall', message));
      return decode('RpcReturn', await socket.read(1000));
    };
    const config = Buffer.from('{"does":"name itself"}');
    const started = await ask({ sequence: 1, cmd_start_instance: { name: 'probe', config } });
    const { instance_id } = started.instance_status as { instance_id: number };
    await ask({ sequence: 2, cmd_close_instance: { instance_id } });
    socket.write(encode('RpcCall', { sequence: 3, cmd_handle_event: { instance_id, event_name: 'access' } }));
    expect(String(await socket.read(1000))).toBe(`no plugin instance #${instance_id}`);
    expect(await socket.read(1000)).toEqual(Buffer.alloc(0));
    await expect(socket.read(1000)).rejects.toThrow('closed');
  });

  test.each(['cmd_get_instance_status', 'cmd_get_plugin_info', 'cmd_get_plugin_names'])(
    '%s tells nothing',
    async (call) => {
      const kong = server.worker();
      await kong.run(entity('name itself'), 'access');
      expect(Object.keys(await kong.ask(call, {}))).toEqual(['sequence']);
    },
  );
});

describe('a connection', () => {
  test.each([0xffff_ffff, 0x1_0000_0000, Number.MAX_SAFE_INTEGER])('counts up to %d', async (sequence) => {
    const socket = await KongSocket.open(server.socketPath);
    socket.write(encode('RpcCall', { sequence, cmd_close_instance: { instance_id: 1 } }));
    expect(decode('RpcReturn', await socket.read(1000)).sequence).toBe(sequence);
    socket.close();
  });

  test.each([
    ['no message', Buffer.from([0x0f])],
    ['longer than anything of Kong', Buffer.alloc(2_000_000)],
  ])('that brings %s is broken off, and only that one', async (_, bytes) => {
    const kong = server.worker();
    await kong.run(entity('name itself'), 'access');
    const stray = await KongSocket.open(server.socketPath);
    stray.write(bytes);
    await expect(stray.read(1000)).rejects.toThrow('closed');
    expect(server.faults).toEqual([expect.objectContaining({ at: 'connection' })]);
    expect(await kong.run(entity('name itself'), 'access')).toMatchObject({ kind: 'proxied' });
    expect(kong.connectionsOpened).toBe(1);
  });

  test('that Kong gives up is let go', async () => {
    const open = () => process.getActiveResourcesInfo().filter((name) => name === 'PipeWrap').length;
    const kong = server.worker();
    await kong.run(entity('exit'), 'access');
    const before = open();
    for (let count = 0; count < 100; count++) await kong.run(entity('exit'), 'access');
    await expect.poll(open).toBeLessThanOrEqual(before);
    expect(kong.connectionsOpened).toBeGreaterThan(100);
  });

  test('is for our own user', () => {
    expect(statSync(server.socketPath).mode & 0o777).toBe(0o600);
  });
});
