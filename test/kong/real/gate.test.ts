import { once } from 'node:events';
import { existsSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { phaseTimeoutMs } from '../../../kong/patience.ts';
import { faultExit, nexusModule } from '../../../kong/plugin.ts';
import { startPluginServer } from '../../../kong/pluginserver/server.ts';
import { egressHeader, egressPrefix, recordPath } from '../../../kong/relay/names.ts';
import { recordHeader } from '../../../kong/relay/record.ts';
import { Tickets, ticketHeader } from '../../../kong/ticket.ts';
import { hashKey } from '../../../plugins/config/keys.ts';
import { systemClock } from '../../../plugins/io/clock.ts';
import { systemRandom } from '../../../plugins/io/random.ts';
import type { ClientAnswer, ClientCall } from '../../contract/host.ts';
import { httpCall } from '../../contract/http.ts';
import { type FakeProvider, startProvider } from '../../fakes/provider.ts';
import { egressSecret, isAlive, type RunningKong, startKong } from './kong.ts';
import { noKong, kongProgram as program } from './program.ts';

const clientKey = 'nx-kong-client';
const providerKeys = { OA_KEY: 'key-of-oa', AN_KEY: 'key-of-an' };
const callLog = join(tmpdir(), `nexus-kong-calls-${process.pid}.log`);

const json = { 'content-type': 'application/json' };

const chat = (model: string, more: object = {}): ClientCall => ({
  path: '/v1/chat/completions',
  headers: { ...json, authorization: `Bearer ${clientKey}` },
  body: JSON.stringify({ model, messages: [{ role: 'user', content: 'hi' }], ...more }),
});

const codeOf = ({ text }: ClientAnswer): unknown => JSON.parse(text).error.code;

const until = async (reached: () => boolean): Promise<void> => {
  while (!reached()) await sleep(5);
};

describe('behind a real Kong', () => {
  let oa: FakeProvider;
  let an: FakeProvider;
  let kong: RunningKong;

  beforeAll(async () => {
    if (!program) return;
    oa = await startProvider({ dialect: 'openai', key: providerKeys.OA_KEY });
    an = await startProvider({ dialect: 'anthropic', key: providerKeys.AN_KEY });
    const candidates = (provider: string, model: string) => [{ provider, model }];
    const config = {
      version: 1,
      providers: {
        oa: { dialect: 'openai', baseUrl: `${oa.url}/v1`, key: '${env:OA_KEY}' },
        an: { dialect: 'anthropic', baseUrl: an.url, key: '${env:AN_KEY}' },
        dead: { dialect: 'openai', baseUrl: 'http://127.0.0.1:9/v1' },
        // names that differ in nothing but case, and that look like one another's beginning
        OA: { dialect: 'anthropic', baseUrl: an.url, key: '${env:AN_KEY}' },
        'odd..-': { dialect: 'anthropic', baseUrl: an.url, key: '${env:AN_KEY}' },
        'oa.b_c-d': { dialect: 'anthropic', baseUrl: an.url, key: '${env:AN_KEY}' },
      },
      models: {
        plain: { candidates: candidates('oa', 'gpt') },
        claude: { candidates: candidates('an', 'claude') },
        upper: { candidates: candidates('OA', 'claude') },
        odd: { candidates: candidates('odd..-', 'claude') },
        longer: { candidates: candidates('oa.b_c-d', 'claude') },
        slow: { candidates: candidates('oa', 'fault-slow-first-50') },
        stalled: { candidates: candidates('oa', 'fault-stall-stream-2') },
        huge: { candidates: candidates('oa', 'fault-huge-stream-400') },
        'dead-then-alive': { candidates: [...candidates('dead', 'x'), ...candidates('oa', 'gpt')] },
      },
      keys: [{ hash: hashKey(clientKey), user: 'client' }],
      limits: { maxRequestBytes: 200_000 },
    };
    kong = await startKong(program, {
      configText: JSON.stringify(config),
      env: providerKeys,
      reshape: ({ plugins, ...rest }) => ({
        ...rest,
        plugins: [...(plugins as object[]), { name: 'file-log', config: { path: callLog, reopen: true } }],
      }),
    });
  });
  afterAll(async () => {
    await kong?.stop();
    rmSync(callLog, { force: true });
    await Promise.all([oa?.close(), an?.close()]);
  });
  beforeEach(({ skip }) => {
    skip(!program, noKong);
    oa.journal.clear();
    an.journal.clear();
  });

  const call = (it: ClientCall) => httpCall(kong.url, it);
  const seen = () => [...oa.journal.entries, ...an.journal.entries];

  describe('the ways to providers', () => {
    const forged = {
      ...json,
      [egressHeader]: egressSecret,
      'x-real-ip': 'unix:',
      'x-forwarded-for': 'unix:',
      forwarded: 'for="unix:"',
    };
    const path = `${egressPrefix('oa')}/v1/chat/completions`;

    test.each([recordPath])('%s is closed, too', async (other) => {
      expect((await call({ method: 'GET', path: other, headers: forged })).status).toBe(404);
      const over = { socketPath: kong.egressSocket };
      const closed = await httpCall(kong.url, { method: 'GET', path: other, headers: json }, over);
      expect(closed.status).toBe(404);
    });

    test('are closed to TCP, whatever the headers say', async () => {
      expect((await call({ path, headers: forged, body: '{}' })).status).toBe(404);
      expect(seen()).toEqual([]);
    });

    test('are closed to the socket without the secret', async () => {
      const over = { socketPath: kong.egressSocket };
      const wrong = { ...json, [egressHeader]: `${egressSecret}x` };
      expect((await httpCall(kong.url, { path, headers: json, body: '{}' }, over)).status).toBe(404);
      expect((await httpCall(kong.url, { path, headers: wrong, body: '{}' }, over)).status).toBe(404);
      expect(seen()).toEqual([]);
    });

    test('are open to the socket with the secret', async () => {
      const over = { socketPath: kong.egressSocket };
      expect((await httpCall(kong.url, { path, headers: forged, body: '{}' }, over)).status).toBe(401);
      expect(seen()).toHaveLength(1);
    });

    test.each([
      ['upper', 'OA/claude'],
      ['odd', 'odd..-/claude'],
      ['longer', 'oa.b_c-d/claude'],
      ['plain', 'oa/gpt'],
    ])('lead to the right one: %s', async (model, served) => {
      const answer = await call(chat(model));
      expect([answer.status, answer.headers.get('x-nexus-model')]).toEqual([200, served]);
    });

    test('carry nothing of the client, and no secret', async () => {
      const nosy = {
        cookie: 'session=1',
        'x-api-key': clientKey,
        'x-consumer-id': '7',
        [ticketHeader]: 'mine',
      };
      const { headers, ...rest } = chat('plain');
      expect((await call({ ...rest, headers: { ...headers, ...nosy } })).status).toBe(200);
      expect(oa.journal.last.headers).toEqual({
        host: new URL(oa.url).host,
        connection: 'keep-alive',
        accept: 'application/json',
        authorization: `Bearer ${providerKeys.OA_KEY}`,
        'content-length': expect.stringMatching(/^\d+$/),
        'content-type': 'application/json',
        'user-agent': 'nexus',
        // Kong's own; they say nothing of the client
        'x-kong-request-id': expect.stringMatching(/^[0-9a-f]{32}$/),
        'x-real-ip': 'unix:',
      });
    });
  });

  test('log plugins see no key', async () => {
    rmSync(callLog, { force: true });
    const headers = { ...json, 'x-api-key': clientKey };
    const { path, body = '' } = chat('claude');
    expect((await call({ path, headers, body })).status).toBe(200);
    const ways = ['/v1/chat/completions', egressPrefix('an')];
    const logged = () => (existsSync(callLog) ? readFileSync(callLog, 'utf8') : '');
    await until(() => ways.every((way) => logged().includes(`"uri":"${way}`)));
    for (const key of [clientKey, egressSecret, ...Object.values(providerKeys)])
      expect(logged()).not.toContain(key);
  });

  describe('log plugins hear what Envoy writes into its access log', () => {
    const recordOf = async (answer: ClientAnswer): Promise<Record<string, unknown>> => {
      const id = answer.headers.get('x-nexus-decision') ?? 'none';
      const lines = () => (existsSync(callLog) ? readFileSync(callLog, 'utf8').split('\n') : []);
      const find = () => lines().find((line) => line.includes('"nexus":') && line.includes(id));
      await until(() => find() !== undefined);
      return JSON.parse(find() ?? '{}').nexus;
    };
    const caller = { consumer: expect.any(String), user: 'client', team: '', application: '' };

    test.each([false, true])('of an answer, streamed: %s', async (stream) => {
      const usage = stream ? { stream_options: { include_usage: true } } : {};
      const answer = await call(chat('claude', { stream, ...usage }));
      expect(answer.status).toBe(200);
      expect(answer.headers.has(recordHeader)).toBe(false);
      expect(await recordOf(answer)).toEqual({
        id: answer.headers.get('x-nexus-decision'),
        path: '/v1/chat/completions',
        ...caller,
        model: 'claude',
        response_model: 'an/claude',
        ending: 'complete',
        code: '',
        pick: expect.any(String),
        reason: expect.any(String),
        candidates: 1,
        mirror: '',
        input_tokens: expect.any(Number),
        output_tokens: expect.any(Number),
      });
    });

    test('of a refusal', async () => {
      const answer = await call(chat('unknown'));
      expect(await recordOf(answer)).toMatchObject({ ...caller, ending: 'refused', code: 'model_not_found' });
      const stranger = await call({ ...chat('plain'), headers: json });
      expect(await recordOf(stranger)).toEqual({
        id: stranger.headers.get('x-nexus-decision'),
        path: '/v1/chat/completions',
        code: 'invalid_key',
      });
    });
  });

  test('an upstream that cannot be reached is passed over', async () => {
    const answer = await call(chat('dead-then-alive'));
    expect([answer.status, answer.headers.get('x-nexus-attempts')]).toEqual([200, '2']);
  });

  test('WebSocket is refused', async () => {
    const { headers, ...rest } = chat('plain');
    const upgrade = { connection: 'Upgrade', upgrade: 'websocket' };
    expect((await call({ ...rest, headers: { ...headers, ...upgrade } })).status).toBe(400);
    expect(seen()).toEqual([]);
  });

  test.each(['content-length', 'transfer-encoding'])('a body over the limit, by its %s', async (how) => {
    const { headers, ...rest } = chat('plain', { metadata: { filler: 'x'.repeat(3_000_000) } });
    const chunked = how === 'transfer-encoding' ? { [how]: 'chunked' } : {};
    const answer = await call({ ...rest, headers: { ...headers, ...chunked } });
    expect([answer.status, codeOf(answer)]).toEqual([413, 'request_too_large']);
    expect(seen()).toEqual([]);
  });

  describe('a stream', () => {
    const open = async (model: string): Promise<IncomingMessage> => {
      const { path, headers, body } = chat(model, { stream: true });
      const outgoing = request(new URL(path, kong.url), { method: 'POST', headers, agent: false });
      outgoing.end(body);
      const [answer] = (await once(outgoing, 'response')) as [IncomingMessage];
      return answer;
    };

    test('comes as it is made, and is given up when its client leaves', async () => {
      const answer = await open('stalled');
      const [first] = await once(answer, 'data'); // long before the stream ends
      expect(String(first)).toContain('data: ');
      expect(oa.journal.last.ended).toBe('open');
      answer.destroy();
      await until(() => oa.journal.last.ended === 'left');
    });

    test('is not read faster than its client reads', async () => {
      const answer = await open('huge');
      let before = -1;
      while (oa.journal.last.bytesWritten !== before) {
        before = oa.journal.last.bytesWritten;
        await sleep(300);
      }
      expect(before).toBeLessThan(40_000_000);
      answer.destroy();
      await until(() => oa.journal.last.ended === 'left');
    });
  });

  describe('without its plugin server', () => {
    /** Both processes of the plugin server, once there are both. */
    const servers = async (): Promise<{ readonly serving: number; readonly waiting: number }> => {
      for (;;) {
        const { serving, waiting } = kong.servers();
        if (serving !== undefined && waiting !== undefined) return { serving, waiting };
        await sleep(20);
      }
    };

    interface Answered {
      readonly beganMs: number;
      readonly endedMs: number;
      readonly answer: ClientAnswer | undefined;
    }

    /** Calls without pause, `count` at once, until told to stop. */
    const load = (count: number) => {
      const answers: Answered[] = [];
      let stopped = false;
      const client = async () => {
        while (!stopped) {
          const beganMs = performance.now();
          const answer = await call(chat('slow')).catch(() => undefined);
          answers.push({ beganMs, endedMs: performance.now(), answer });
        }
      };
      const clients = Array.from({ length: count }, client);
      return {
        answers,
        stop: async () => {
          stopped = true;
          await Promise.all(clients);
        },
      };
    };

    /** All that went out was written by us, and nobody got an answer that was not. */
    const expectGate = (answers: readonly (ClientAnswer | undefined)[]) => {
      for (const { headers, body } of seen()) {
        expect(headers.authorization).toBe(`Bearer ${providerKeys.OA_KEY}`);
        expect(body).toMatchObject({ model: 'fault-slow-first-50' });
      }
      for (const answer of answers) {
        if (answer?.status === 200)
          expect(answer.headers.get('x-nexus-model')).toBe('oa/fault-slow-first-50');
        else if (answer) expect([answer.status, codeOf(answer)]).toEqual([503, 'policy_unavailable']);
      }
    };

    test('killed under load: nothing passes, and the standby serves at once', async () => {
      const { answers, stop } = load(8);
      await until(() => answers.length > 50);
      const { serving: killed } = await servers();
      const killedMs = performance.now();
      process.kill(killed, 'SIGKILL');
      const back = () =>
        answers.find(({ beganMs, answer }) => beganMs > killedMs && answer?.status === 200)?.endedMs;
      await until(() => back() !== undefined);
      const backAfterMs = (back() ?? Number.NaN) - killedMs;
      await sleep(3000); // and stays, when the killed one is started again
      await stop();
      expectGate(answers.map(({ answer }) => answer));
      const late = answers.filter(
        ({ beganMs, answer }) => beganMs > killedMs + 1000 && answer?.status !== 200,
      );
      expect(late).toEqual([]);
      console.log(`answers again ${Math.round(backAfterMs)} ms after SIGKILL`);
      expect(backAfterMs).toBeLessThan(1000);
    });

    test('frozen: nothing passes, every client is told within 2 s, and the standby serves soon', async () => {
      const { serving: frozen } = await servers();
      expect((await call(chat('plain'))).status).toBe(200); // of several calls that find no instance, Kong tells one at a time
      oa.journal.clear();
      process.kill(frozen, 'SIGSTOP');
      const startedMs = performance.now();
      const refused = async () => {
        const answer = await call(chat('plain'));
        expect([answer.status, codeOf(answer)]).toEqual([503, 'policy_unavailable']);
        return performance.now() - startedMs;
      };
      const waitedMs = Math.max(...(await Promise.all([refused(), refused(), refused(), refused()])));
      console.log(`refused ${Math.round(waitedMs)} ms after SIGSTOP`);
      expect(waitedMs).toBeLessThan(2000);
      expect(seen()).toEqual([]);
      while ((await call(chat('plain'))).status !== 200) await sleep(50);
      const backAfterMs = performance.now() - startedMs;
      console.log(`answers again ${Math.round(backAfterMs)} ms after SIGSTOP`);
      expect(backAfterMs).toBeLessThan(10_000);
    });

    /** Takes the plugin's place in Kong, as a successor does; the one that was there ends, and Kong starts another. */
    const takePlace = async (impostor: (socketPath: string) => Promise<{ close(): unknown }>) => {
      const socketPath = `${kong.pluginSocket}.impostor`;
      const { close } = await impostor(socketPath);
      renameSync(socketPath, kong.pluginSocket);
      return close;
    };

    const throwing = async (socketPath: string) => {
      class Plugin {
        access(): void {
          throw new Error('broken on purpose');
        }
      }
      const module = { ...nexusModule, Plugin };
      const world = { tickets: new Tickets({ clock: systemClock, random: systemRandom }), relaySocket: '' };
      const rest = { faultExit, onFault: () => {}, clock: systemClock, phaseTimeoutMs };
      const server = await startPluginServer({ module, world, socketPath, ...rest });
      return { close: () => server.close(0) };
    };

    const babbling = async (socketPath: string) => {
      const server = createServer((socket) => {
        socket.on('error', () => {});
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
      });
      await new Promise<void>((resolve) => server.listen(socketPath, resolve));
      return { close: () => server.close() };
    };

    test.each([
      ['throws', throwing],
      ['answers garbage', babbling],
    ])('%s: nothing passes, and refusals have the dialect of the route', async (_, impostor) => {
      await servers();
      const close = await takePlace(impostor);
      const startedMs = performance.now();
      const [openai, anthropic] = await Promise.all([
        call(chat('plain')),
        call({ ...chat('plain'), path: '/v1/messages' }),
      ]);
      expect(performance.now() - startedMs).toBeLessThan(4000);
      expect([openai.status, codeOf(openai)]).toEqual([503, 'policy_unavailable']);
      expect(anthropic.status).toBe(503);
      expect(JSON.parse(anthropic.text)).toMatchObject({ type: 'error', error: { type: 'api_error' } });
      expect(seen()).toEqual([]);
      while ((await call(chat('plain'))).status !== 200) await sleep(50);
      close();
    });

    test('killed with its standby: refusals have the dialect of the route', async () => {
      const { serving, waiting } = await servers();
      process.kill(waiting, 'SIGKILL');
      process.kill(serving, 'SIGKILL');
      const messages = await call({ ...chat('plain'), path: '/v1/messages' });
      expect(messages.status).toBe(503);
      expect(JSON.parse(messages.text)).toMatchObject({ type: 'error', error: { type: 'api_error' } });
      expect(messages.headers.get('x-should-retry')).toBe('true');
      while ((await call(chat('plain'))).status !== 200) await sleep(50);
    });
  });

  test('a reload loses no call, and leaves nothing of the old behind', async () => {
    const { serving: old } = kong.servers();
    const statuses: number[] = [];
    let stopped = false;
    const client = async () => {
      while (!stopped) statuses.push((await call(chat('slow'))).status);
    };
    const clients = [client(), client(), client(), client()];
    await until(() => statuses.length > 20);
    await kong.reload();
    await until(() => old === undefined || !isAlive(old));
    const { serving } = kong.servers();
    const before = statuses.length;
    await until(() => statuses.length > before + 100);
    stopped = true;
    await Promise.all(clients);
    expect(
      statuses.filter((status) => status !== 200),
      kong.log().slice(-4000),
    ).toEqual([]);
    expect(serving).not.toBe(old);
    expect(kong.servers().serving).toBe(serving);
  });
});
