import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { portMoves } from './demo.ts';
import { freePort, isFree, parsePort } from './ports.ts';

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
    expect(await isFree(port)).toBe(false);
  }));

test('0 is any free port, and a free one is itself', async () => {
  const port = await freePort(0, 'port');
  expect(port).toBeGreaterThan(0);
  expect(await freePort(port, 'port')).toBe(port);
});

test.each(['', '-1', '65536', '1e3', '80.5', 'http'])('--port "%s" is wrong use', (text) => {
  expect(() => parsePort('port', text)).toThrow(`--port ${text}: expected a port`);
});

test('demo providers leave taken ports, and only those', () =>
  whileTaken(async (taken) => {
    const free = await freePort(0, 'port');
    const text = `a: http://127.0.0.1:${taken}/v1\nb: http://127.0.0.1:${free}\n`;
    const moved = (await portMoves(text))(text);
    expect(moved).toContain(`b: http://127.0.0.1:${free}\n`);
    const [, port = ''] = /^a: http:\/\/127\.0\.0\.1:(\d+)\/v1$/m.exec(moved) ?? [];
    expect([taken, free]).not.toContain(Number(port));
    expect(await isFree(Number(port))).toBe(true);
  }));
