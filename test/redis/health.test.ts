import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../plugins/io/clock.ts';
import { systemRandom } from '../../plugins/io/random.ts';
import { redisHealthLink } from '../../plugins/io/redis-health.ts';
import { shareHealth } from '../../plugins/io/share-health.ts';
import { localHealthBoard } from '../../plugins/policies/upstream/health.ts';
import { noRedis, type RedisProcess, Servers } from './servers.ts';

const settings = { failures: 1, coolMs: 60_000, maxCoolMs: 60_000 };
const upstream = { provider: 'p', model: 'm' };

describe.skipIf(noRedis)(`health over Redis${noRedis ? ` (${noRedis})` : ''}`, () => {
  const servers = new Servers();
  const ends: (() => void)[] = [];
  let redis: RedisProcess;
  beforeAll(async () => {
    redis = await servers.start('health');
  });
  afterAll(async () => {
    for (const end of ends) end();
    await servers.stop();
  });

  const host = (writer: string, organisation: string) => {
    const board = localHealthBoard({ clock: systemClock, random: systemRandom, writer });
    const link = redisHealthLink({ url: redis.socket }, organisation);
    ends.push(shareHealth(board, [link]), () => link.close());
    return board.of(upstream);
  };

  test('an upstream that fails one host is left alone by the others, and by no other organisation', async () => {
    const [one, other, stranger] = [host('a/1', 'us'), host('b/1', 'us'), host('c/1', 'them')];
    const trial = one.begin({ inputTokens: 1, pace: 'small/whole' }, settings);
    trial.ended({ fate: 'failed', status: 503, durationMs: 1 });
    expect(one.circuit).toBe('cooling');
    await expect.poll(() => other.circuit, { timeout: 8000 }).toBe('cooling');
    expect(stranger.circuit).toBe('ready');
  });

  test('what is no word of ours is passed over', async () => {
    const link = redisHealthLink({ url: redis.socket }, 'odd');
    ends.push(() => link.close());
    const heard: unknown[] = [];
    link.listen((facts) => heard.push(...facts));
    const { connectRedis } = await import('../../plugins/io/counters/connect.ts');
    const client = connectRedis({ url: redis.socket });
    ends.push(() => client.disconnect());
    const say = (text: string) => client.publish('nexus:odd:health', text);
    await expect.poll(() => say('{').catch(() => 0), { timeout: 5000 }).toBe(1);
    await say('"x"');
    await say('[1]');
    await expect.poll(() => heard, { timeout: 5000 }).toEqual([1]);
  });
});
