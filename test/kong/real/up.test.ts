import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, describe, expect, test } from 'vitest';
import { httpCall } from '../../contract/http.ts';
import { kongProgram, noKong } from './program.ts';

const program = join(import.meta.dirname, '../../../cli/main.ts');

/** Processes with `text` on their command line. Linux only. */
const processesWith = (text: string): number[] =>
  globSync('/proc/[0-9]*/cmdline')
    .filter((file) => commandOf(file).includes(text))
    .map((file) => Number(file.split('/')[2]));

const commandOf = (file: string): string => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return ''; // it has just ended
  }
};

describe('nexus up --host kong', () => {
  beforeEach(({ skip }) => skip(!kongProgram, noKong));

  const up = async () => {
    const options = ['--port', '0', '--admin-port', '0', '--workers', '1'];
    const child = spawn(process.execPath, [program, 'up', '--host', 'kong', ...options], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const ended = once(child, 'close');
    let said = '';
    for (const output of [child.stdout, child.stderr]) output.on('data', (chunk) => (said += chunk));
    while (!said.includes('Ctrl-C stops everything')) {
      if (child.exitCode !== null) throw new Error(said);
      await sleep(20);
    }
    const find = (pattern: RegExp) => pattern.exec(said)?.[1] ?? '';
    return {
      child,
      ended,
      said: () => said,
      url: find(/Anthropic base URL +(\S+)/),
      admin: find(/(http\S+)\/metrics/),
      directory: find(/Logs +(\S+)/),
    };
  };

  test('answers, shows its numbers, and goes without a trace', async () => {
    const demo = await up();
    expect(demo.said()).toMatch(/✓ first request: answered by \S+\/\S+/);
    const answer = await httpCall(demo.url, {
      path: '/v1/messages',
      headers: { 'content-type': 'application/json', 'x-api-key': 'nx-demo-alice' },
      body: JSON.stringify({ model: 'fragile', max_tokens: 50, messages: [{ role: 'user', content: 'Hi' }] }),
    });
    expect([answer.status, answer.headers.get('x-nexus-attempts')]).toEqual([200, '3']);
    const metrics = await httpCall(demo.admin, { method: 'GET', path: '/metrics' });
    expect(metrics.text).toMatch(/^nexus_requests_total\{.*\} \d+$/m);

    demo.child.kill('SIGINT');
    await demo.ended;
    expect(demo.child.exitCode).toBe(0);
    expect(processesWith(demo.directory)).toEqual([]);
    expect(existsSync(demo.directory)).toBe(false);
  });

  test('leaves nothing behind when it is killed', async () => {
    const demo = await up();
    demo.child.kill('SIGKILL');
    await demo.ended;
    while (processesWith(demo.directory).length > 0 || existsSync(demo.directory)) await sleep(50);
  });

  test('ends with 1 and the reason when Kong dies', async () => {
    const demo = await up();
    const [master] = processesWith(`${demo.directory}/kong`);
    if (master === undefined) throw new Error('Kong was not found');
    process.kill(master, 'SIGTERM');
    await demo.ended;
    expect(demo.child.exitCode).toBe(1);
    expect(demo.said()).toContain('Kong ended; its last words:');
    expect(existsSync(demo.directory)).toBe(false);
  });
});
