import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../plugins/io/clock.ts';
import { connectCounters } from '../../plugins/io/counters/connect.ts';
import { mirrorOf } from '../../plugins/policies/upstream/mirror.ts';
import { testCandidate } from '../fakes/candidates.ts';
import { noRedis, type RedisProcess, Servers } from './servers.ts';

describe.skipIf(noRedis)(`copies over Redis${noRedis ? ` (${noRedis})` : ''}`, () => {
  const servers = new Servers();
  const ends: (() => void)[] = [];
  let redis: RedisProcess;
  beforeAll(async () => {
    redis = await servers.start('mirror');
  });
  afterAll(async () => {
    for (const end of ends) end();
    await servers.stop();
  });

  /** A host that mirrors `model`, at most 40 copies a minute and 4 at once. */
  const host = async (model: string, organisation: string) => {
    const counters = connectCounters({ redis: { url: redis.socket }, organisation });
    ends.push(() => counters.close());
    await counters.ready(5000);
    return mirrorOf(
      { use: { provider: 'p', model: 'm', weight: 1 }, share: 1, maxPerMinute: 40 },
      { model, to: testCandidate('to'), ports: { clock: systemClock, random: { unit: () => 0 }, counters } },
    );
  };

  test('maxPerMinute of a model holds over hosts, and for no other model or organisation', async () => {
    const hosts = [await host('m', 'us'), await host('m', 'us')];
    const claims = await Promise.all(Array.from({ length: 12 }, (_, at) => hosts[at % 2]?.claim(String(at))));
    expect(claims.filter((it) => it === 'granted')).toHaveLength(4);
    expect(claims.filter((it) => it === 'enough')).toHaveLength(8);
    expect(hosts.map((it) => it.draw())).toEqual([undefined, undefined]);
    expect(await (await host('n', 'us')).claim('a')).toBe('granted');
    expect(await (await host('m', 'them')).claim('a')).toBe('granted');
  });

  test('no copy is sent while Redis cannot count it', async () => {
    const alone = await host('lost', 'us');
    await servers.stop();
    expect(await alone.claim('a')).toBe('uncounted');
  });
});
