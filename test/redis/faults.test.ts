import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { slices } from '../../plugins/counters/slices.ts';
import { systemClock } from '../../plugins/io/clock.ts';
import type { StoreState } from '../../plugins/io/counters/breaker.ts';
import { connectCounters } from '../../plugins/io/counters/connect.ts';
import type { FaultReason } from '../../plugins/io/counters/remote.ts';
import { systemRandom } from '../../plugins/io/random.ts';
import { askOf } from './conformance.ts';
import { connectWatched, loadClaim, measureLag, quantile, settleDown, startLoad } from './load.ts';
import { startFakeRedis, startProxy } from './proxy.ts';
import { ask, noRedis, Servers, startSentinels, waitUntil } from './servers.ts';

const waitsMs = 50;
/** On a machine that others use too; what timers were late is added to it. */
const slackMs = 25;

const kindsOf = (states: readonly StoreState[]): string[] =>
  states.map((state) => {
    if (state.kind === 'lost') return state.reason;
    return state.forgotten ? 'ready, forgot' : 'ready';
  });

describe('Redis in trouble', () => {
  beforeEach(({ skip }) => skip(noRedis !== undefined, noRedis));
  const servers = new Servers();
  const opened: { close(): unknown }[] = [];
  afterEach(async () => {
    for (const it of opened.splice(0).toReversed()) await it.close();
  });
  afterAll(() => servers.stop());

  it('is not waited for when it is frozen, and is charged once for everything when it goes on', async () => {
    const { socket, child } = await servers.start('frozen');
    const { store, states } = await connectWatched(socket, 'frozen');
    opened.push(store);
    const lag = measureLag();
    const load = startLoad(store, 'frozen');
    await sleep(500);
    const answered = load.took.length;
    child.kill('SIGSTOP');
    await waitUntil(() => states.length > 0);
    const openedAt = load.took.length;
    await sleep(2000);
    const whileOpen = load.took.slice(openedAt + 20);
    child.kill('SIGCONT');
    await waitUntil(() => states.length > 1);
    await sleep(500);
    await load.stop();
    const lagMs = lag.stop();
    await settleDown(store);
    console.log(
      `frozen: longest wait ${Math.max(...load.took.slice(answered)).toFixed(1)} ms (timers ${lagMs.toFixed(1)} ms late), ` +
        `p99 while lost ${quantile(whileOpen, 0.99).toFixed(2)} ms, ${load.kinds.granted} granted, ${load.kinds.lost} lost`,
    );
    expect(Math.max(...load.took)).toBeLessThan(waitsMs + slackMs + lagMs);
    expect(whileOpen.length).toBeGreaterThan(100);
    expect(quantile(whileOpen, 0.5)).toBeLessThan(1);
    const told = kindsOf(states); // on a busy machine it may be late once more
    expect([told[0], told.at(-1)]).toEqual(['timeout', 'ready']);
    expect(await store.read([loadClaim])).toMatchObject([{ used: load.spent(), open: 0, unconfirmed: 0 }]);
    expect(await store.holds()).toEqual([]);
  });

  it('is charged once for everything after kill -9, when it kept its log', async () => {
    const settings = [
      '--appendonly',
      'yes',
      '--appendfsync',
      'always',
      '--appendfilename',
      'killed.aof',
      '--appenddirname',
      'killed',
    ];
    const { socket, child } = await servers.start('killed', settings);
    const { store, states } = await connectWatched(socket, 'killed');
    opened.push(store);
    const load = startLoad(store, 'killed');
    for (let round = 0, running = child; round < 3; round++) {
      await sleep(300 + 200 * Math.random());
      running.kill('SIGKILL');
      await waitUntil(() => states.at(-1)?.kind === 'lost');
      ({ child: running } = await servers.start('killed', settings));
      const startedMs = performance.now();
      await waitUntil(() => states.at(-1)?.kind === 'ready');
      expect(performance.now() - startedMs).toBeLessThan(5000);
    }
    await sleep(300);
    await load.stop();
    await settleDown(store);
    expect(kindsOf(states).filter((kind) => kind === 'ready').length).toBeGreaterThanOrEqual(3);
    expect(load.kinds.granted).toBeGreaterThan(100);
    expect(await store.read([loadClaim])).toMatchObject([{ used: load.spent(), open: 0, unconfirmed: 0 }]);
  });

  it('that comes back empty is told what was counted, and holds nothing', async () => {
    const { socket, child } = await servers.start('empty');
    const { store, states } = await connectWatched(socket, 'empty');
    opened.push(store);
    const load = startLoad(store, 'empty');
    await sleep(300);
    child.kill('SIGKILL');
    await waitUntil(() => states.at(-1)?.kind === 'lost');
    await servers.start('empty');
    await waitUntil(() => states.at(-1)?.kind === 'ready');
    await sleep(300);
    await load.stop();
    await settleDown(store);
    expect(states).toContainEqual({ kind: 'ready', forgotten: { broughtBack: 1 } });
    const [count] = (await store.read([loadClaim])) ?? [];
    expect(count).toMatchObject({ open: 0 });
    console.log(`empty: ${count?.used} counted of ${load.spent()} spent`);
    expect(count?.used).toBeGreaterThanOrEqual(load.spent());
    expect(count?.used).toBeLessThanOrEqual(load.spent() + 100 * 4); // calls of which no answer came
  });

  it('never lets a limit be passed that it has forgotten: emptied while it runs, or with an older state', async () => {
    const { socket, child } = await servers.start('older');
    const claim = { ...loadClaim, limit: 1000 };
    const { store, states } = await connectWatched(socket, 'older');
    const { store: other } = await connectWatched(socket, 'older');
    opened.push(store, other);
    const spend = async (by: typeof store, id: string) => {
      const { kind } = await by.reserve(askOf(id, [claim]));
      if (kind === 'granted') await by.settle(id, [100]);
      return kind;
    };
    for (let index = 0; index < 4; index++) expect(await spend(store, `a${index}`)).toBe('granted');
    await ask({ path: socket }, 'SAVE');
    for (let index = 0; index < 3; index++) expect(await spend(other, `b${index}`)).toBe('granted');
    expect(await other.reserve(askOf('open', [claim]))).toHaveProperty('kind', 'granted');
    await ask({ path: socket }, 'FLUSHALL');
    expect(await spend(store, 'c0')).toBe('lost');
    await waitUntil(async () => (await spend(other, `c${performance.now()}`)) !== 'lost');
    await waitUntil(() => states.at(-1)?.kind === 'ready');
    expect(await store.read([claim])).toMatchObject([{ used: 900, open: 0 }]);
    await other.settle('open', [30]);
    expect(await store.read([claim])).toMatchObject([{ used: 830, open: 0 }]);
    expect(await spend(store, 'd')).toBe('granted');
    child.kill('SIGKILL');
    await waitUntil(() => states.at(-1)?.kind === 'lost');
    await servers.start('older'); // with what was there at SAVE
    await waitUntil(async () => (await spend(other, `e${performance.now()}`)) !== 'lost');
    await waitUntil(() => states.at(-1)?.kind === 'ready');
    expect(await store.read([claim])).toMatchObject([{ used: 930 }]);
    expect(await spend(store, 'f')).toBe('refused');
    expect(await spend(other, 'g')).toBe('refused');
  });

  it('forgets scripts, and learns them again within the call', async () => {
    const { socket } = await servers.start('forgetful');
    const { store, states } = await connectWatched(socket, 'forgetful');
    opened.push(store);
    await ask({ path: socket }, 'SCRIPT', 'FLUSH');
    expect(await store.reserve(askOf('1', [loadClaim]))).toHaveProperty('kind', 'granted');
    expect(states).toEqual([]);
  });

  it('is slow, cut up or cut off: every call ends in time, and every charge is made once', {
    timeout: 60_000,
  }, async () => {
    const { socket } = await servers.start('far');
    const proxy = await startProxy(join(servers.directory, 'proxy.sock'), socket);
    opened.push(proxy);
    const { store, states } = await connectWatched(proxy.path, 'far');
    opened.push(store);
    const lag = measureLag();
    const load = startLoad(store, 'far');
    const during = async (what: string, act: () => void, ms: number) => {
      const [before, changes] = [{ ...load.kinds }, states.length];
      act();
      await sleep(ms);
      const granted = load.kinds.granted - before.granted;
      const lost = load.kinds.lost - before.lost;
      console.log(
        `${what}: ${granted} granted, ${lost} lost, ${kindsOf(states.slice(changes)).join(', ') || 'no change'}`,
      );
      return { granted, lost };
    };
    const recovered = async () => {
      await during('recovering', () => proxy.be({ kind: 'none' }), 1500);
      expect((await during('as usual', () => {}, 300)).granted).toBeGreaterThan(10);
    };
    expect((await during('as usual', () => {}, 500)).lost).toBe(0);
    expect(
      (await during('5 ms each way', () => proxy.be({ kind: 'latency', ms: 5 }), 500)).granted,
    ).toBeGreaterThan(20);
    await recovered();
    expect(
      (await during('50 ms each way', () => proxy.be({ kind: 'latency', ms: 50 }), 800)).lost,
    ).toBeGreaterThan(20);
    await recovered();
    expect(
      (await during('500 ms each way', () => proxy.be({ kind: 'latency', ms: 500 }), 800)).lost,
    ).toBeGreaterThan(20);
    await recovered();
    expect(
      (await during('a byte at a time', () => proxy.be({ kind: 'slicer' }), 500)).granted,
    ).toBeGreaterThan(5);
    await recovered();
    expect((await during('blackhole', () => proxy.be({ kind: 'blackhole' }), 1500)).lost).toBeGreaterThan(20);
    await recovered();
    for (let times = 0; times < 5; times++) await during('reset', () => proxy.reset(), 300);
    await recovered();
    await load.stop();
    const lagMs = lag.stop();
    await settleDown(store);
    console.log(`longest wait ${Math.max(...load.took).toFixed(1)} ms (timers ${lagMs.toFixed(1)} ms late)`);
    expect(Math.max(...load.took)).toBeLessThan(waitsMs + slackMs + lagMs);
    expect(await store.read([loadClaim])).toMatchObject([{ used: load.spent(), open: 0, unconfirmed: 0 }]);
    expect(await store.holds()).toEqual([]);
  });

  it('is cut off from one of two hosts, which then spends its slices and no more', async () => {
    const { socket } = await servers.start('parted');
    const proxy = await startProxy(join(servers.directory, 'parted-proxy.sock'), socket);
    opened.push(proxy);
    const open = async (path: string, owner: string) => {
      const { store } = await connectWatched(path, 'parted');
      const sliced = slices(store, { clock: systemClock, random: systemRandom, owner });
      opened.push(store, sliced);
      return sliced;
    };
    const [cut, whole] = [await open(proxy.path, 'cut'), await open(socket, 'whole')];
    const claim = { ...loadClaim, limit: 20_000 };
    const spend = async (store: typeof cut, name: string, calls: number): Promise<number> => {
      let granted = 0;
      for (let index = 0; index < calls; index++) {
        const id = `${name}/${index}`;
        if ((await store.reserve(askOf(id, [claim], { onLoss: 'slice' }))).kind !== 'granted') continue;
        await store.settle(id, [100]);
        granted++;
        await sleep(1);
      }
      return granted;
    };
    const before = await spend(cut, 'before', 20);
    await sleep(50);
    proxy.be({ kind: 'blackhole' });
    const during = await spend(cut, 'during', 60);
    const others = await spend(whole, 'others', 300);
    console.log(
      `parted: ${before} before, ${during} from slices of at most 10 calls, ${others} of the other host`,
    );
    expect(during).toBeLessThanOrEqual(10 + 5);
    expect(others).toBeGreaterThan(150);
    expect(before + during + others).toBeLessThanOrEqual(200);
  });

  it('is cut off: slices are for calls that may have them, and no others from a quarter of a second on', async () => {
    const { socket } = await servers.start('strict');
    const proxy = await startProxy(join(servers.directory, 'strict-proxy.sock'), socket);
    const { store, states } = await connectWatched(proxy.path, 'strict');
    const sliced = slices(store, { clock: systemClock, random: systemRandom, owner: 'strict' });
    opened.push(proxy, store, sliced);
    const calls: { readonly onLoss: 'refuse' | 'slice'; readonly kind: string; readonly atMs: number }[] = [];
    const callFor = async (forMs: number): Promise<void> => {
      const endMs = performance.now() + forMs;
      for (let index = 0; performance.now() < endMs; index++) {
        const onLoss = index % 2 === 0 ? 'refuse' : 'slice';
        const id = `${performance.now()}`;
        const atMs = performance.now();
        const { kind } = await sliced.reserve(askOf(id, [loadClaim], { onLoss }));
        calls.push({ onLoss, kind, atMs });
        if (kind === 'granted') await sliced.settle(id, [100]);
        await sleep(5);
      }
    };
    await callFor(1500);
    expect(calls.filter(({ kind }) => kind !== 'granted')).toEqual([]);
    proxy.be({ kind: 'blackhole' });
    const cutMs = performance.now();
    await callFor(800);
    const late = calls.filter(({ atMs }) => atMs > cutMs + 300);
    const grantedOf = (way: string) =>
      late.filter(({ onLoss, kind }) => onLoss === way && kind === 'granted');
    console.log(
      `strict: ${grantedOf('refuse').length} refuse, ${grantedOf('slice').length} slice of ${late.length}`,
    );
    expect(grantedOf('refuse')).toEqual([]);
    expect(grantedOf('slice').length).toBeGreaterThan(20);
    proxy.be({ kind: 'none' });
    await waitUntil(() => states.at(-1)?.kind === 'ready');
    expect((await sliced.reserve(askOf('after', [loadClaim]))).kind).toBe('granted');
  });

  const errors: readonly (readonly [string, FaultReason])[] = [
    ["READONLY You can't write against a read only replica.", 'readonly'],
    ['BUSY Redis is busy running a script.', 'busy'],
    ["OOM command not allowed when used memory > 'maxmemory'.", 'full'],
    ['LOADING Redis is loading the dataset in memory', 'loading'],
    ['MISCONF Redis is configured to save RDB snapshots', 'disk'],
    ['MASTERDOWN Link with MASTER is down', 'no-primary'],
    ['NOREPLICAS Not enough good replicas to write.', 'no-replicas'],
    ['CLUSTERDOWN Hash slot not served', 'cluster-down'],
    ['MOVED 3999 127.0.0.1:6381', 'moved'],
    ['NOAUTH Authentication required.', 'denied'],
    ['NOSCRIPT No matching script.', 'no-scripts'],
    ["ERR unknown command 'evalsha'", 'no-scripts'],
    ['ERR something else', 'error'],
  ];
  it.each(errors)('says %s', async (message, reason) => {
    const path = join(servers.directory, `fake-${reason}-${message.length}.sock`);
    const isScript = (command: string) => command.startsWith('eval');
    opened.push(await startFakeRedis(path, (command) => (isScript(command) ? `-${message}\r\n` : '+OK\r\n')));
    const { store, states } = await connectOnly(path);
    opened.push(store);
    await waitUntil(async () => {
      expect(await store.reserve(askOf('1', [loadClaim]))).toEqual({ kind: 'lost' });
      return states.some((state) => state.kind === 'lost' && state.reason === reason);
    });
  });

  it('answers nonsense, which is an error like any other', async () => {
    const path = join(servers.directory, 'nonsense.sock');
    opened.push(await startFakeRedis(path, () => ':42\r\n'));
    const { store, states } = await connectOnly(path);
    opened.push(store);
    await waitUntil(async () => {
      expect(await store.reserve(askOf('1', [loadClaim]))).toEqual({ kind: 'lost' });
      return kindsOf(states).includes('error');
    });
  });

  it('is full, a replica, or occupied: each has its name', async () => {
    const { socket: full } = await servers.start('full', [
      '--maxmemory',
      '1',
      '--maxmemory-policy',
      'noeviction',
    ]);
    const { socket: busy } = await servers.start('busy', ['--busy-reply-threshold', '1']);
    const { socket: replica } = await servers.start('replica', ['--replicaof', '127.0.0.1', '1']);
    void ask({ path: busy }, 'EVAL', 'while true do end', '0').catch(() => {});
    for (const [path, reason] of [
      [full, 'full'],
      [replica, 'readonly'],
      [busy, 'busy'],
    ] as const) {
      const { store, states } = await connectOnly(path);
      opened.push(store);
      await waitUntil(async () => {
        await store.reserve(askOf('1', [loadClaim]));
        return kindsOf(states).includes(reason);
      });
    }
  });

  it('fails over, and goes on counting', { timeout: 60_000 }, async () => {
    const { primary, sentinels } = await startSentinels(servers);
    const states: StoreState[] = [];
    const store = connectCounters({
      redis: { sentinels: sentinels.map((port) => ({ host: '127.0.0.1', port })), name: 'main' },
      organisation: 'failover',
      onState: (state) => states.push(state),
    });
    opened.push(store);
    await store.ready(10_000);
    await waitUntil(async () =>
      (await ask({ path: primary.socket }, 'INFO', 'replication')).includes('connected_slaves:2'),
    );
    await waitUntil(async () => (await store.reserve(askOf('1', [loadClaim]))).kind === 'granted');
    await store.settle('1', [60]);
    await ask({ path: primary.socket }, 'WAIT', '2', '1000');
    await sleep(1500); // sentinels get to know the replicas
    primary.child.kill('SIGKILL');
    const startedMs = performance.now();
    await waitUntil(
      async () => (await store.reserve(askOf(`2-${performance.now()}`, [loadClaim]))).kind === 'granted',
      45_000, // sentinels that cannot agree try again after a while
    );
    console.log(
      `failed over after ${((performance.now() - startedMs) / 1000).toFixed(1)} s: ${kindsOf(states).join(', ')}`,
    );
    const [count] = (await store.read([loadClaim])) ?? [];
    expect(count).toMatchObject({ used: 60, open: 100 });
  });
});

/** Without waiting for it to be of use. */
const connectOnly = async (path: string) => {
  const states: StoreState[] = [];
  const store = connectCounters({
    redis: { url: path },
    organisation: 'fake',
    onState: (state) => states.push(state),
  });
  return { store, states };
};
