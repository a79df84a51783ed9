import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { adminApp, type Fleet, startAdmin } from './admin.ts';

const fleet = (...states: readonly ('ready' | 'starting' | 'silent')[]): Fleet => ({
  probe: async () => states.map((state, worker) => ({ worker, state, pid: 100 + worker, restarts: 0 })),
  metrics: async () => 'nexus_requests_total 3\n',
});

const get = (path: string, served = fleet('ready'), host = 'localhost:10001') =>
  adminApp(served).request(path, { headers: { host } });

test('metrics are in the text format of Prometheus', async () => {
  const response = await get('/metrics');
  expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
  expect(await response.text()).toBe('nexus_requests_total 3\n');
});

test('ready only when every worker answers', async () => {
  const ready = await get('/readyz', fleet('ready', 'ready'));
  expect([ready.status, await ready.json()]).toMatchObject([200, { ready: true }]);
  const silent = await get('/readyz', fleet('ready', 'silent'));
  expect([silent.status, await silent.json()]).toMatchObject([
    503,
    {
      ready: false,
      workers: [
        { worker: 0, state: 'ready' },
        { worker: 1, state: 'silent' },
      ],
    },
  ]);
});

test('alive, however its workers are', async () => {
  expect((await get('/healthz', fleet('silent'))).status).toBe(200);
});

test('the front page names every page, and each of them answers', async () => {
  const paths = (await (await get('/')).text()).match(/^\/\w+/gm) ?? [];
  expect(paths).toEqual(['/metrics', '/healthz', '/readyz']);
  for (const path of paths) expect((await get(path)).status).toBe(200);
});

test('an unknown path is a problem document', async () => {
  const response = await get('/api');
  expect(response.status).toBe(404);
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  expect(await response.json()).toMatchObject({ title: 'Not Found', status: 404 });
});

test.each(['evil.example', 'evil.example:10001', '127.0.0.1.evil.example', ''])(
  'a request for the host "%s" is refused',
  async (host) => {
    const response = await get('/metrics', fleet('ready'), host);
    expect(response.status).toBe(421);
    expect(await response.text()).not.toContain('nexus_requests_total');
  },
);

test.each(['localhost', '127.0.0.1:10001', '[::1]:10001', 'LOCALHOST'])('%s is served', async (host) => {
  expect((await get('/metrics', fleet('ready'), host)).status).toBe(200);
});

test('a page that cannot be made says no more than that', async () => {
  const broken = { ...fleet('ready'), metrics: () => Promise.reject(new Error('the cause')) };
  const response = await get('/metrics', broken);
  expect([response.status, await response.text()]).toEqual([500, expect.not.stringContaining('the cause')]);
});

test('a taken port is named', async () => {
  const holder = createServer();
  const port = await new Promise<number>((resolve) =>
    holder.listen(0, '127.0.0.1', () => {
      const address = holder.address();
      resolve(typeof address === 'object' && address ? address.port : 0);
    }),
  );
  await expect(startAdmin(fleet('ready'), { port })).rejects.toThrow(
    `port ${port} is taken by another program; choose another with --admin-port`,
  );
  holder.close();
});
