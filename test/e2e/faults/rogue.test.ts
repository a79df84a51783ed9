import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { loadConfig } from '../../../plugins/config/load.ts';
import { Gateway } from '../../../plugins/gateway.ts';
import { machinePorts } from '../../../plugins/io/ports.ts';
import type { ClientAnswer } from '../../contract/host.ts';
import { readAnswer } from '../../contract/read-answer.ts';
import { envoyBinary } from '../envoy.ts';
import { type ClientDialect, clientDialects, type Place, send, startPlace } from './place.ts';
import { type Mischief, type Rogue, startRogue, ways } from './rogue.ts';

const messageTimeoutMs = 1000;
const keys = { a: 'key-of-a', b: 'key-of-b' };

const gatewayOf = (configText: string): Gateway => {
  const loaded = loadConfig(configText, { file: 'nexus.yaml', env: {}, readFile: () => '' });
  if ('problems' in loaded) throw new Error(JSON.stringify(loaded.problems));
  const meter = { count: () => {}, observe: () => {} };
  const secrets = new Map(Object.entries(keys));
  return new Gateway({ ...loaded, secrets }, machinePorts({ meter }));
};

describe.skipIf(!envoyBinary)('a service that', () => {
  let place: Place;
  let rogue: Rogue;
  beforeAll(async () => {
    place = await startPlace({
      providers: { a: { dialect: 'openai', key: keys.a }, b: { dialect: 'openai', key: keys.b } },
      models: { any: ['a/one'], next: ['a/fault-503', 'b/two'] },
      workers: 0,
      messageTimeoutMs,
    });
    const [address = ''] = place.stack.sockets;
    rogue = await startRogue({ gateway: gatewayOf(place.stack.configText), address });
  });
  afterAll(async () => {
    rogue?.stop();
    await place?.stop();
  });
  beforeEach(() => {
    for (const name of ['a', 'b']) place.provider(name).journal.clear();
  });

  const stat = (name: string) => place.stack.envoy.stat(name);

  const under = async (mischief: Mischief, dialect: ClientDialect, model: string, stream = false) => {
    rogue.mischief = mischief;
    const startedMs = performance.now();
    const answer = await send(place.url, dialect, { model, stream });
    expect(performance.now() - startedMs).toBeLessThan(messageTimeoutMs + 2000);
    return answer;
  };

  const expectRefusal = (dialect: ClientDialect, answer: ClientAnswer) => {
    expect(answer.status).toBe(503);
    expect(readAnswer(dialect, answer).errorCode).toBe('policy_unavailable');
  };

  test('is honest: serves', async () => {
    await expect.poll(() => stat('cluster.nexus.membership_healthy'), { timeout: 5000 }).toBe(1);
    expect((await send(place.url, 'openai-chat', { model: 'next' })).status).toBe(200);
    expect(place.seen()).toHaveLength(2);
  });

  const beforeTheProvider = (['open', 'request_headers', 'request_body'] as const).flatMap((at) =>
    Object.entries(ways).map(([way, does]) => [way, at, does] as const),
  );
  test.each(beforeTheProvider)('%s at %s: a typed refusal, nothing sent', async (_, at, does) => {
    for (const dialect of clientDialects)
      expectRefusal(
        dialect,
        await under({ role: 'router', at, does }, dialect, 'any', dialect === 'openai-chat'),
      );
    expect(place.seen()).toEqual([]);
  });

  const { 'ends it': end, 'says nothing': silence, ...broken } = ways;
  test.each(Object.entries(broken))('%s at the answer: it is withheld', async (_, does) => {
    for (const dialect of clientDialects)
      expectRefusal(dialect, await under({ role: 'router', at: 'response_headers', does }, dialect, 'any'));
    expect(place.seen()).toHaveLength(2);
  });

  test.each(Object.entries({ ...broken, 'says nothing': silence }))(
    '%s at the second attempt: a typed error, and the second provider is not asked',
    async (_, does) => {
      for (const dialect of clientDialects) {
        const answer = await under({ role: 'upstream', at: 'request_headers', does }, dialect, 'next');
        expect(answer.status).toBe(503);
        expect(readAnswer(dialect, answer).errorCode).toBe('upstream_unavailable');
      }
      expect(place.seen().map(({ model }) => model)).toEqual(['fault-503', 'fault-503']);
    },
  );

  test('ends it at the second attempt: no key reaches the second provider, least of all the first one’s', async () => {
    const answer = await under({ role: 'upstream', at: 'request_headers', does: end }, 'openai-chat', 'next');
    expect(JSON.stringify(place.provider('b').journal.last.headers)).not.toMatch(/key-of-/);
    expect(readAnswer('openai-chat', answer).errorCode).toBe('upstream_auth');
  });

  /** ext_proc takes an early end for "go on without me", also inside an answer; no setting of Envoy forbids it. */
  test('ends it at the answer: what is left passes, without our mark, and Envoy counts it', async () => {
    const endedEarly = async () =>
      ((await stat('http.nexus.ext_proc.router.server_half_closed')) ?? Number.NaN) -
      ((await stat('http.nexus.ext_proc.router.streams_failed')) ?? Number.NaN);
    const before = await endedEarly();
    const answer = await under({ role: 'router', at: 'response_headers', does: end }, 'openai-chat', 'any');
    expect(answer.status).toBe(200);
    expect(answer.headers.get('x-nexus-decision')).toBeUndefined();
    expect(await endedEarly()).toBe(before + 1);
  });
});
