import { readFileSync, statSync } from 'node:fs';
import { request } from 'node:http';
import { dirname } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { egressProviderHeader, egressSocket } from '../../extproc/names.ts';
import { hashKey } from '../../plugins/config/keys.ts';
import { memoryCounters } from '../../plugins/counters/memory.ts';
import type { DecisionRecord } from '../../plugins/decision.ts';
import { systemClock } from '../../plugins/io/clock.ts';
import { httpCall } from '../contract/http.ts';
import { type FakeProvider, startProvider } from '../fakes/provider.ts';
import { envoyBinary } from './envoy.ts';
import { type Stack, startStack } from './stack.ts';

const key = 'nx-mirror-client';

describe.skipIf(envoyBinary === undefined)('copies through a real Envoy', () => {
  let main: FakeProvider;
  let mirror: FakeProvider;
  let stack: Stack;
  let configText: string;
  const env = { MAIN_KEY: 'key-of-main', MIRROR_KEY: 'key-of-mirror' };

  beforeAll(async () => {
    main = await startProvider({ dialect: 'openai', key: 'key-of-main' });
    mirror = await startProvider({ dialect: 'anthropic', key: 'key-of-mirror' });
    configText = JSON.stringify({
      version: 1,
      providers: {
        main: { dialect: 'openai', baseUrl: `${main.url}/v1`, key: '${env:MAIN_KEY}' },
        mirror: { dialect: 'anthropic', baseUrl: mirror.url, key: '${env:MIRROR_KEY}' },
      },
      models: {
        m: {
          candidates: [{ provider: 'main', model: 'big' }],
          mirror: { use: { provider: 'mirror', model: 'fault-slow-first-400' }, share: 1 },
        },
        seldom: {
          candidates: [{ provider: 'main', model: 'big' }],
          mirror: { use: { provider: 'mirror', model: 'seldom' }, share: 1, maxPerMinute: 10 },
        },
      },
      keys: [{ hash: hashKey(key) }],
    });
    const counters = memoryCounters({ clock: systemClock });
    stack = await startStack({ configText, env, workers: 2, counters });
  });

  afterAll(async () => {
    await stack?.stop();
    await Promise.all([main?.close(), mirror?.close()]);
  });

  const socketPath = () => egressSocket(dirname(stack.sockets[0] ?? ''));

  const ask = (model = 'm', { url } = stack) =>
    httpCall(url, {
      path: '/v1/chat/completions',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
      body: JSON.stringify({ model, messages: [{ role: 'user', content: 'hello' }] }),
    });

  /** The results that workers have counted of copies. */
  const results = async () => {
    const all = await Promise.all(stack.workers.map((worker) => worker.metrics()));
    const counted = all.flat().filter(({ name }) => name === 'nexus_mirrors_total');
    return counted.flatMap(({ values }) => values.map(({ labels, value }) => `${labels.result} ${value}`));
  };

  test('a slow mirror gets its copy, and the client waits for none', async () => {
    const begunMs = performance.now();
    const answer = await ask();
    const tookMs = performance.now() - begunMs;
    expect(answer.status, answer.text).toBe(200);
    expect(answer.headers.get('x-nexus-model')).toBe('main/big');
    await vi.waitFor(async () => expect(await results()).toEqual(['answered 1']), 5000);
    expect(mirror.journal.entries).toHaveLength(1);
    expect(mirror.journal.last).toMatchObject({ path: '/v1/messages', ended: 'complete' });
    expect(tookMs).toBeLessThan(400); // it had not even begun to answer
    expect(main.journal.entries).toHaveLength(1);
  });

  test('what an upstream sees of a copy is what it would see of a call', async () => {
    expect(Object.keys(mirror.journal.last.headers).sort()).toEqual([
      'anthropic-version',
      'content-length',
      'content-type',
      'host',
      'user-agent',
      'x-api-key',
    ]);
    expect(mirror.journal.last.headers.host).toBe(new URL(mirror.url).host);
  });

  test('the record says pending, then what became of it; both have a line in a log, and the first names the second', async () => {
    const alone = await startStack({ configText, env }); // so that whoever is asked has the record
    onTestFinished(() => alone.stop());
    const answer = await ask('m', alone);
    const id = answer.headers.get('x-nexus-decision') ?? '';
    const call = {
      method: 'GET',
      path: `/v1/nexus/decisions/${id}`,
      headers: { authorization: `Bearer ${key}` },
    };
    const told = async () => {
      const { text } = await httpCall(alone.url, call);
      const { notes } = JSON.parse(text) as DecisionRecord;
      return notes.filter(({ policy }) => policy === 'mirror').map(({ facts }) => facts);
    };
    const named = { id: `${id}.mirror`, upstream: 'mirror/fault-slow-first-400' };
    expect(await told()).toEqual([{ ...named, result: 'pending' }]);
    const over = { ...named, result: 'answered', status: 200 };
    await vi.waitFor(async () => expect(await told()).toMatchObject([over]), 5000);
    await vi.waitFor(() => {
      const access = linesOf(readFileSync(alone.accessLog, 'utf8'));
      expect(access).toContainEqual(expect.objectContaining({ id, mirror: `${id}.mirror`, status: 200 }));
      const worker = linesOf(alone.workers[0]?.log() ?? '');
      expect(worker).toContainEqual(expect.objectContaining({ decision: id, ...over }));
    }, 5000);
  });

  test('maxPerMinute holds over all workers together', async () => {
    mirror.journal.clear();
    for (let call = 0; call < 12; call++) expect((await ask('seldom')).status).toBe(200);
    await vi.waitFor(async () => expect(await results()).toContain('enough 1'), 5000);
    expect(mirror.journal.entries).toHaveLength(1);
  });

  test('no client reaches the way out, and nobody but its user', async () => {
    expect(statSync(socketPath()).mode & 0o777).toBe(0o600);
    const forged = await httpCall(stack.url, {
      path: '/v1/messages',
      headers: { [egressProviderHeader]: 'mirror' },
      body: '{}',
    });
    expect(forged.status).toBe(401);
  });

  test('it leads to mirrors alone', async () => {
    const seen = main.journal.entries.length;
    for (const provider of ['main', 'nobody', '']) expect(await viaEgress(provider)).toBe(404);
    expect(main.journal.entries).toHaveLength(seen);
    expect(await viaEgress('mirror')).toBe(401); // by the provider: no credential comes with the way
  });

  const viaEgress = (provider: string): Promise<number | undefined> =>
    new Promise((resolve, reject) => {
      const headers = { [egressProviderHeader]: provider };
      const outgoing = request(
        { socketPath: socketPath(), method: 'POST', path: '/v1/messages', headers, agent: false },
        (incoming) => {
          incoming.resume();
          resolve(incoming.statusCode);
        },
      );
      outgoing.on('error', reject);
      outgoing.end('{}');
    });
});

/** Those of a log that are JSON. */
const linesOf = (text: string): object[] =>
  text.split('\n').flatMap((line) => (line.startsWith('{') ? [JSON.parse(line) as object] : []));
