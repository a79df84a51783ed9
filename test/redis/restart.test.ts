import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { hashKey } from '../../plugins/config/keys.ts';
import { connectSocketCounters } from '../../plugins/io/counters/client.ts';
import { keepCounters } from '../../plugins/io/counters/keep.ts';
import { askOf, claimOf } from './conformance.ts';
import { waitUntil } from './servers.ts';

const program = join(import.meta.dirname, '../../cli/main.ts');
const perMonth = { kind: 'calendar', per: 'month', zone: 'UTC' } as const;
const claim = claimOf({ budget: 'each', scope: 'user=alice', window: perMonth, limit: 1000 });

let directory: string;
const children: ChildProcess[] = [];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'nexus-restart-'));
});
afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGTERM');
    await once(child, 'exit');
  }
  rmSync(directory, { recursive: true, force: true });
});

describe('nexus serve with store.dir', () => {
  beforeEach(({ skip }) => skip(process.platform !== 'linux', 'finds processes in /proc'));

  const serve = async () => {
    const config = {
      version: 1,
      providers: { p: { dialect: 'openai', baseUrl: 'http://127.0.0.1:9/v1' } },
      models: { m: { candidates: [{ provider: 'p', model: 'x' }] } },
      keys: [{ hash: hashKey('nx-of-the-restart'), user: 'alice' }],
      budgets: [{ id: 'each', user: '*', per: 'month', tokens: 1000 }],
      store: { dir: 'counts' },
    };
    const file = join(directory, 'nexus.yaml');
    writeFileSync(file, JSON.stringify(config));
    const paths = ['--config', file, '--workers-dir', join(directory, 'workers')];
    const child = spawn(
      process.execPath,
      [program, 'serve', ...paths, '--workers', '1', '--admin-port', '0'],
      {
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    children.push(child);
    let said = '';
    for (const output of [child.stdout, child.stderr]) output.on('data', (chunk) => (said += chunk));
    const [, admin = ''] = await waitFor(() => {
      if (child.exitCode !== null) throw new Error(`ended with ${child.exitCode}: ${said}`);
      return /health: (\S+)/.exec(said) ?? undefined;
    });
    const listed = async () => (await fetch(`${admin}api/budgets`)).json();
    return { child, admin, listed };
  };

  /** Where the workers of a supervisor find the counts. */
  const countersOf = ({ pid }: ChildProcess): string | undefined =>
    readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name) && textOf(`/proc/${name}/stat`).includes(` ${pid} `))
      .map((name) => /--counters\0([^\0]+)/.exec(textOf(`/proc/${name}/cmdline`))?.[1])
      .find((path) => path !== undefined);

  test('counts on after kill -9 of the process that counts', async () => {
    const first = await serve();
    const path = countersOf(first.child) ?? '';
    const client = connectSocketCounters({ path, timeoutMs: 1000 });
    expect(await client.ready(5000)).toBe(true);
    await client.reserve(askOf('settled', [{ ...claim, base: 400 }]));
    expect(await client.settle('settled', [300])).toBe('settled');
    expect(await client.reserve(askOf('open', [{ ...claim, base: 50 }]))).toHaveProperty('kind', 'granted');
    first.child.kill('SIGKILL'); // at once after the answer
    await once(first.child, 'exit');
    client.close();
    const second = await serve();
    expect(await second.listed()).toMatchObject({ budgets: [{ used: 300, open: 50, unconfirmed: 0 }] });
    const again = connectSocketCounters({ path: countersOf(second.child) ?? '', timeoutMs: 1000 });
    await again.ready(5000);
    expect(await again.settle('settled', [300])).toBe('already');
    expect(await again.settle('open', [20])).toBe('settled');
    again.close();
    expect(await second.listed()).toMatchObject({ budgets: [{ used: 320, open: 0 }] });
  });

  test('refuses a directory that another one counts in', async () => {
    await serve();
    await expect(serve()).rejects.toThrow(
      /ended with 1: [\s\S]*store.dir cannot be used .*locked by another process/,
    );
  });
});

describe('a journal in a directory', () => {
  const open = (name = 'counts') => keepCounters({ directory: join(directory, name) });

  test('is taken over by the next process, whole', async () => {
    const first = open();
    await first.reserve(askOf('1', [claim]));
    await first.settle('1', [7]);
    await first.close();
    const second = open();
    expect(await second.read([claim])).toMatchObject([{ used: 7, open: 0 }]);
    await second.close();
  });

  test('leaves out a line that was not finished, and says so', async () => {
    const first = open();
    await first.reserve(askOf('1', [claim]));
    await first.reserve(askOf('2', [claim]));
    await first.close();
    const file = join(directory, 'counts/counts.journal');
    writeFileSync(file, readFileSync(file).subarray(0, -5));
    const found: string[] = [];
    const second = keepCounters({
      directory: join(directory, 'counts'),
      onFound: (text) => found.push(text),
    });
    expect(await second.holds()).toMatchObject([{ id: '1' }]);
    expect(found).toEqual([expect.stringMatching(/^\d+ bytes at the end of the journal/)]);
    await second.close();
  });

  test('that was damaged is not read, and stays as it is', async () => {
    const first = open();
    for (const id of ['1', '2', '3']) await first.reserve(askOf(id, [claim]));
    await first.close();
    const file = join(directory, 'counts/counts.journal');
    const damaged = readFileSync(file);
    damaged.fill(0x20, 300, 310);
    writeFileSync(file, damaged);
    expect(() => open()).toThrow('cannot be read from byte');
    expect(readFileSync(file)).toEqual(damaged);
  });

  test('cannot be put where a file is', () => {
    writeFileSync(join(directory, 'counts'), '');
    expect(() => open()).toThrow(/EEXIST/);
  });

  test('loses the store while its disk is full, and counts on when there is room again', async ({ skip }) => {
    const full = openFull(skip);
    const states: string[] = [];
    const store = keepCounters({
      directory: full.path,
      onState: (state) => states.push(state.kind === 'lost' ? `lost: ${state.reason}` : state.kind),
    });
    expect(await store.reserve(askOf('1', [claim]))).toHaveProperty('kind', 'granted');
    full.fill();
    const kinds: string[] = [];
    for (let id = 0; id < 200 && kinds.at(-1) !== 'lost'; id++)
      kinds.push((await store.reserve(askOf(`more-${id}`, [{ ...claim, base: 1 }]))).kind);
    expect(kinds.at(-1)).toBe('lost');
    expect(states).toEqual(['lost: full']);
    full.clear();
    await waitUntil(() => states.at(-1) === 'ready');
    expect(await store.read([claim])).toMatchObject([{ open: 10 + kinds.length - 1 }]);
    await store.close();
    full.release();
  });
});

/** A file system of 1 MB in memory, which only root can mount. */
const openFull = (skip: (reason: string) => void) => {
  const path = join(directory, 'small');
  mkdirSync(path);
  const run = (command: string, ...args: string[]) => spawnSync(command, args).status === 0;
  if (!run('mount', '-t', 'tmpfs', '-o', 'size=1m,mode=700', 'tmpfs', path))
    skip('cannot mount a small disk');
  const filler = join(path, 'filler');
  return {
    path,
    fill: () => {
      for (let size = 1 << 20; size >= 1; size >>= 1) {
        try {
          writeFileSync(filler, Buffer.alloc(size), { flag: 'a' });
        } catch {
          // less, then
        }
      }
    },
    clear: () => rmSync(filler),
    release: () => run('umount', path),
  };
};

const waitFor = async <T>(find: () => T | undefined): Promise<T> => {
  const endMs = performance.now() + 15_000;
  for (;;) {
    const found = find();
    if (found !== undefined) return found;
    if (performance.now() > endMs) throw new Error('waited in vain');
    await sleep(20);
  }
};

const textOf = (path: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // it has just ended
  }
};
