import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { portMoves } from './demo.ts';
import { freePort, parsePort } from './ports.ts';

/** Holds a port while `work` runs. */
const whileTaken = async (work: (port: number) => Promise<void>): Promise<void> => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  try {
    await work(typeof address === 'object' && address ? address.port : 0);
  } finally {
    server.close();
  }
};

test('a taken port is named, with the option that changes it', () =>
  whileTaken(async (port) => {
    await expect(freePort(port, 'port')).rejects.toThrow(
      `port ${port} is taken by another program; choose another with --port`,
    );
  }));

test('0 is any free port, and a free one is itself', async () => {
  const port = await freePort(0, 'port');
  expect(port).toBeGreaterThan(0);
  expect(await freePort(port, 'port')).toBe(port);
});

test.each(['', '-1', '65536', '1e3', '80.5', 'http'])('--port "%s" is wrong use', (text) => {
  expect(() => parsePort('port', text)).toThrow(`--port ${text}: expected a port`);
});

test('the demo moves each of its providers to a free port, in every version of its text alike', async () => {
  const adapt = await portMoves('a: http://127.0.0.1:10101/v1\nb: http://127.0.0.1:10102\n');
  const moved = adapt(
    'b: http://127.0.0.1:10102\nanother a: http://127.0.0.1:10101/v1\nc: http://127.0.0.1:9\n',
  );
  const [b, a, c] = [...moved.matchAll(/127\.0\.0\.1:(\d+)/g)].map(([, port]) => port);
  expect(c).toBe('9');
  expect(new Set([a, b, '10101', '10102']).size).toBe(4);
  expect(await freePort(Number(a), 'port')).toBe(Number(a));
});
