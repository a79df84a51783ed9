import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { run } from '../run.ts';
import explain from './explain.ts';

const demo = join(import.meta.dirname, '../../examples/demo/nexus.yaml');
const program = { subCommands: { explain } };
const asAlice = ['explain', '--config', demo, '--key', 'nx-demo-alice'];

let out = '';
let err = '';
let directory = '';

beforeEach(() => {
  [out, err] = ['', ''];
  directory = mkdtempSync(join(tmpdir(), 'nexus-explain-'));
  vi.stubEnv('NEXUS_DEMO_OPENAI_KEY', 'demo-openai');
  vi.stubEnv('NEXUS_DEMO_ANTHROPIC_KEY', 'demo-anthropic');
  vi.spyOn(console, 'log').mockImplementation((line) => {
    out += `${line}\n`;
  });
  vi.spyOn(console, 'error').mockImplementation((line) => {
    err += `${line}\n`;
  });
});

afterEach(() => {
  rmSync(directory, { recursive: true });
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

const requestFile = (body: string): string => {
  const file = join(directory, 'request.json');
  writeFileSync(file, body);
  return file;
};

describe('explain', () => {
  test('prints who would be tried and why', async () => {
    expect(await run(program, [...asAlice, '--model', 'fragile'])).toBe(0);
    expect(out).toMatch(/^fragile for key 3976303ccb1d, user alice, team support, application helpdesk\n/);
    expect(out).toContain('\n  1  flaky-openai/gpt-5.4');
    expect(out).toMatch(/ 3 {2}openai-demo\/gpt-5\.4 +us +listed +as listed\n/);
    expect(err).toBe('');
  });

  test('reads a request, in its dialect', async () => {
    const body = { model: 'fast', max_tokens: 5, messages: [{ role: 'user', content: 'x'.repeat(40_000) }] };
    const args = [
      '--request',
      requestFile(JSON.stringify(body)),
      '--dialect',
      'anthropic-messages',
      '--json',
    ];
    expect(await run(program, [...asAlice, ...args])).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      requestModel: 'fast',
      routing: {
        size: 'large',
        inputTokens: 10_000,
        candidates: [{ upstream: 'selfhosted-demo/llama-4-8b' }],
      },
    });
  });

  test('ends with 1 and says so when the answer is no', async () => {
    expect(await run(program, [...asAlice, '--model', 'nope'])).toBe(1);
    expect(out).toMatch(/Refused: 404 model_not_found\. The model does not exist\. This key may use: /);
  });

  test.each([
    ['no caller', ['--config', demo, '--model', 'fast']],
    ['two callers', ['--config', demo, '--model', 'fast', '--key', 'a', '--key-id', 'b']],
    ['an unknown key', ['--config', demo, '--model', 'fast', '--key', 'nx-nobody']],
    ['an unknown id', ['--config', demo, '--model', 'fast', '--key-id', 'nobody']],
    ['no model', ['--config', demo, '--key', 'nx-demo-alice']],
    [
      'an unknown dialect',
      ['--config', demo, '--key', 'nx-demo-alice', '--model', 'fast', '--dialect', 'klingon'],
    ],
    ['a file that is not there', ['--config', demo, '--key', 'nx-demo-alice', '--request', '/nowhere']],
  ])('takes %s for wrong use', async (_, args) => {
    expect(await run(program, ['explain', ...args])).toBe(2);
    expect(out).toBe('');
  });

  test('takes a request that cannot be read for wrong use, and names the place', async () => {
    expect(await run(program, [...asAlice, '--request', requestFile('{"model": 5}')])).toBe(2);
    expect(err).toContain('request.json: ');
  });
});
