import { setTimeout as sleep } from 'node:timers/promises';
import { slices } from '../../plugins/counters/slices.ts';
import { systemClock } from '../../plugins/io/clock.ts';
import { connectCounters } from '../../plugins/io/counters/connect.ts';
import { systemRandom } from '../../plugins/io/random.ts';
import type { Claim } from '../../plugins/ports/counter-store.ts';
import { askOf } from './conformance.ts';
import { type RaceJob, type RaceReport, raceClaims, raceOrganisation } from './race.ts';

/** One process of a race: makes its attempts as badly behaved as it can, tells what it was granted and used, and ends. */
const run = async (job: RaceJob): Promise<RaceReport> => {
  const redis = connectCounters({
    redis: { url: job.redis },
    organisation: raceOrganisation,
    timeoutMs: 250, // nine processes on few cores: what is raced for are counts, not time
  });
  await redis.ready(5000);
  const { owner } = job;
  const sliced = job.isSliced
    ? slices(redis, { clock: systemClock, random: systemRandom, owner, share: 0.01, leaseMs: 2000 })
    : undefined;
  const store = sliced ?? redis;
  const report = { attempts: 0, granted: 0, refused: 0, lost: 0, spent: 0, abandoned: 0 };
  const chance = (part: number): boolean => Math.random() < part;

  const settle = async (id: string, claims: readonly Claim[], held: number): Promise<void> => {
    const used = Math.floor(held * Math.random());
    const amounts = claims.map(() => used);
    report.spent += used;
    await store.settle(id, amounts);
    if (chance(0.3)) await store.settle(id, amounts);
    if (chance(0.1))
      await store.settle(
        id,
        claims.map(() => held),
      );
  };

  /** False when it was lost, and so no attempt. */
  const attempt = async (id: string): Promise<boolean> => {
    const claims = raceClaims(job.team, `user-${Math.floor(Math.random() * 5)}`);
    const ask = { ...askOf(id, claims, { owner, leaseMs: 700 }), output: { least: 1, most: 90 } };
    const answer = await store.reserve(ask);
    report[answer.kind]++;
    if (answer.kind === 'lost') return false;
    report.attempts++;
    if (answer.kind === 'refused') return true;
    const held = 5 + answer.output;
    if (chance(0.2)) {
      const again = await store.reserve(ask);
      if (again.kind === 'granted' && again.output !== answer.output)
        throw new Error('a retry got another output');
    }
    if (chance(0.05)) await store.renew(id, 700);
    if (chance(0.02)) report.abandoned += held;
    else await settle(id, claims, held);
    return true;
  };

  const task = async (name: number): Promise<void> => {
    const attempts = job.attempts / job.tasks;
    for (let made = 0, ids = 0; made < attempts; ids++) {
      if (await attempt(`${owner}/${name}/${ids}`)) made++;
      else await sleep(20);
    }
  };
  await Promise.all(Array.from({ length: job.tasks }, (_, name) => task(name)));
  await sliced?.close();
  for (let waited = 0; redis.undelivered > 0 && waited < 200; waited++) await sleep(50);
  redis.close();
  return report;
};

process.once('message', async (job) => {
  const report = await run(job as RaceJob); // what race.ts sends
  process.send?.(report, () => process.exit(0));
});
