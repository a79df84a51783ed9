import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startChild } from './child.ts';
import { openRunDirectory } from './run-directory.ts';

/** A shell that runs `script`, with its log in a directory that lives as long as `work`. */
const withShell = async (script: string, work: (child: ReturnType<typeof startChild>) => Promise<void>) => {
  const directory = mkdtempSync(join(tmpdir(), 'nexus-test-'));
  const logFile = join(directory, 'child.log');
  try {
    await work(startChild({ name: 'shell', command: 'sh', args: ['-c', script], logFile, channel: 'none' }));
  } finally {
    rmSync(directory, { recursive: true });
  }
};

test('its end is told, with its last words from both outputs', () =>
  withShell('echo one; echo two; echo three >&2; exit 3', async (child) => {
    expect(await child.ended).toBe('exit code 3');
    expect(child.lastLines(2)).toEqual(['two', 'three']);
  }));

test('it is asked to end first', () =>
  withShell('trap "echo asked; exit 0" TERM; echo up; while :; do sleep 0.01; done', async (child) => {
    while (child.lastLines(1)[0] !== 'up') await new Promise((resolve) => setTimeout(resolve, 5));
    await child.stop(5000);
    expect([await child.ended, child.lastLines(1)]).toEqual(['exit code 0', ['asked']]);
  }));

test('and made to end when it does not', () =>
  withShell('trap "" TERM; echo up; while :; do sleep 0.01; done', async (child) => {
    while (child.lastLines(1)[0] !== 'up') await new Promise((resolve) => setTimeout(resolve, 5));
    await child.stop(20);
    expect(await child.ended).toBe('SIGKILL');
  }));

test('a program that is not there is a child that has ended', async () => {
  const child = startChild({ name: 'x', command: '/nowhere/envoy', args: [], channel: 'none' });
  expect(await child.ended).toContain('ENOENT');
  await child.stop(10);
});

test('a run directory is closed to others, short enough for sockets, and goes whole', () => {
  const undos: (() => unknown)[] = [];
  const directory = openRunDirectory({ defer: (undo) => undos.push(undo) });
  expect(statSync(directory).mode & 0o777).toBe(0o700);
  expect(join(directory, 'worker-99.sock').length).toBeLessThan(100);
  for (const undo of undos) undo();
  expect(existsSync(directory)).toBe(false);
});
