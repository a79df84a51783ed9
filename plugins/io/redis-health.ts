import type { HealthFact } from '../ports/health-board.ts';
import { connectRedis, type RedisPlace } from './counters/connect.ts';
import type { HealthLink } from './share-health.ts';

/** More than a host can have to say at once; what is longer is no word of ours. */
const mostChars = 1_000_000;

/**
 * The other hosts of an organisation, by a channel of Redis. What is said while there is no connection is not said again:
 * boards repeat what others must not forget.
 */
export const redisHealthLink = (place: RedisPlace, organisation: string): HealthLink & { close(): void } => {
  const channel = `nexus:${organisation}:health`;
  const speaking = connectRedis(place);
  const hearing = connectRedis(place);
  const listen = () => void hearing.subscribe(channel).catch(() => {});
  hearing.on('ready', listen); // also after each reconnection
  return {
    send: (facts) => void speaking.publish(channel, JSON.stringify(facts)).catch(() => {}),
    listen: (take) => {
      hearing.on('message', (_, text: string) => take(factsIn(text)));
    },
    close: () => {
      speaking.disconnect();
      hearing.disconnect();
    },
  };
};

/** Whoever may write to this Redis may also write to our counts, so that it is JSON of ours is all that is asked. */
const factsIn = (text: string): readonly HealthFact[] => {
  if (text.length > mostChars) return [];
  try {
    const facts: unknown = JSON.parse(text);
    return Array.isArray(facts) ? (facts as HealthFact[]) : [];
  } catch {
    return [];
  }
};
