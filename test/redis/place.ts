import { systemClock } from '../../plugins/io/clock.ts';
import { connectRedis, type RedisPlace } from '../../plugins/io/counters/connect.ts';
import { guarded } from '../../plugins/io/counters/guard.ts';
import { countersScript, redisStore } from '../../plugins/io/counters/redis.ts';
import type { Clock } from '../../plugins/ports/clock.ts';
import { conformanceStartMs, type Place } from './conformance.ts';
import { waitUntil } from './servers.ts';

const readsTime = "local time = redis.call('TIME')";

/** The script, with a time that is a key: tests let hours pass. */
const scriptWithTime = countersScript.replace(
  readsTime,
  "local time = { tonumber(redis.call('GET', tag .. 'now')) / 1000, 0 }",
);
if (scriptWithTime === countersScript) throw new Error('the script does not ask for the time as expected');

let organisations = 0;

/** A store over a real Redis whose time the test owns. */
export const openPlace = async (redis: RedisPlace): Promise<Place & { close(): void }> => {
  const organisation = `test-${++organisations}`;
  const client = connectRedis(redis);
  let now = conformanceStartMs;
  const clock: Clock = { ...systemClock, epochMs: () => now };
  const tag = `{nexus:${organisation}}:`;
  const setTime = () =>
    client.eval("return redis.call('SET', KEYS[1], ARGV[1])", 1, `${tag}now`, String(now));
  await waitUntil(() =>
    setTime().then(
      () => true,
      () => false,
    ),
  );
  const store = guarded(redisStore({ client, organisation, clock, script: scriptWithTime }), {
    clock,
    timeoutMs: 2000, // what is tested is what it does, not when
  });
  return {
    store,
    advance: async (byMs) => {
      now += byMs;
      await setTime();
    },
    close: () => store.close(),
  };
};
