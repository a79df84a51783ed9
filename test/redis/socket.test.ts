import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { memoryCounters } from '../../plugins/counters/memory.ts';
import { connectSocketCounters } from '../../plugins/io/counters/client.ts';
import type { ConnectedCounters } from '../../plugins/io/counters/guard.ts';
import { serveCounters } from '../../plugins/io/counters/serve.ts';
import { fakeClock } from '../fakes/clock.ts';
import { askOf, claimOf, conformance, conformanceStartMs } from './conformance.ts';
import { waitUntil } from './servers.ts';

const directory = mkdtempSync(join(tmpdir(), 'nexus-socket-'));
const opened: { close(): void }[] = [];
afterEach(() => {
  for (const it of opened.splice(0)) it.close();
});
afterAll(() => rmSync(directory, { recursive: true }));

let sockets = 0;
const open = async () => {
  const path = join(directory, `${++sockets}.sock`);
  const clock = fakeClock(conformanceStartMs);
  const served = memoryCounters({ clock });
  const service = await serveCounters(served, path);
  const client = connectSocketCounters({ path, timeoutMs: 1000 });
  opened.push(service, client);
  expect(await client.ready(5000)).toBe(true);
  return { path, clock, served, service, client };
};

conformance('a socket', async () => {
  const { client, clock } = await open();
  return { store: client, advance: async (byMs) => clock.advance(byMs) };
});

describe('a socket', () => {
  it('shares one count between clients, many at once', async () => {
    const { path, client } = await open();
    const other = connectSocketCounters({ path, timeoutMs: 1000 });
    opened.push(other);
    await other.ready(5000);
    const claim = claimOf({ limit: 1000, scope: 'ä'.repeat(500) });
    const ask = (store: ConnectedCounters, index: number) => store.reserve(askOf(`${index}`, [claim]));
    const asked = await Promise.all(
      Array.from({ length: 150 }, (_, index) => ask(index % 2 === 0 ? client : other, index)),
    );
    expect(asked.filter(({ kind }) => kind === 'granted')).toHaveLength(100);
  });

  it('is for this user alone', async () => {
    const { path } = await open();
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('goes on with a new service in the same place, and delivers what it owes', async () => {
    const { path, client, served, service } = await open();
    await client.reserve(askOf('1', [claimOf()]));
    service.close();
    await waitUntil(async () => (await client.settle('1', [7])) === 'lost' || client.undelivered > 0);
    const next = await serveCounters(served, path);
    opened.push(next);
    await waitUntil(() => client.undelivered === 0);
    expect(await served.read([claimOf()])).toMatchObject([{ used: 7, open: 0 }]);
  });

  it.each(['rubbish\n', '{"a":1}\n', '[1,"constructor",[]]\n', '[1,"close",[]]\n'])(
    'hangs up on %j, and on nobody else',
    async (text) => {
      const { path, client } = await open();
      const stranger = connect(path, () => stranger.write(text));
      stranger.on('error', () => {});
      await new Promise((resolve) => stranger.on('close', resolve));
      expect(await client.reserve(askOf('1', [claimOf()]))).toHaveProperty('kind', 'granted');
    },
  );
});
