import { afterAll, afterEach, beforeEach, describe } from 'vitest';
import type { RedisPlace } from '../../plugins/io/counters/connect.ts';
import { conformance } from './conformance.ts';
import { openPlace } from './place.ts';
import { noRedis, Servers, startCluster, startSentinels } from './servers.ts';

const places: Readonly<Record<string, (servers: Servers) => Promise<RedisPlace>>> = {
  'Redis on a unix socket': async (servers) => ({ url: (await servers.start('alone')).socket }),
  'a Redis Cluster': async (servers) => ({
    cluster: (await startCluster(servers)).map((port) => ({ host: '127.0.0.1', port })),
  }),
  'Redis behind Sentinel': async (servers) => ({
    sentinels: (await startSentinels(servers)).sentinels.map((port) => ({ host: '127.0.0.1', port })),
    name: 'main',
  }),
};

describe.each(Object.entries(places))('%s', (name, start) => {
  beforeEach(({ skip }) => skip(noRedis !== undefined, noRedis));
  const servers = new Servers();
  const started = noRedis ? undefined : start(servers);
  const opened: { close(): void }[] = [];
  afterEach(() => {
    for (const place of opened.splice(0)) place.close();
  });
  afterAll(() => servers.stop());

  conformance(name, async () => {
    if (!started) throw new Error('nothing was started');
    const place = await openPlace(await started);
    opened.push(place);
    return place;
  });
});
