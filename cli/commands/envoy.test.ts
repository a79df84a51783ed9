import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { parse } from 'yaml';
import { run } from '../run.ts';
import envoy from './envoy.ts';

const demo = join(import.meta.dirname, '../../examples/demo/nexus.yaml');

let directory = '';
let out = '';
let err = '';

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'nexus-render-'));
  [out, err] = ['', ''];
  vi.stubEnv('NEXUS_DEMO_OPENAI_KEY', 'planted-openai');
  vi.stubEnv('NEXUS_DEMO_ANTHROPIC_KEY', 'planted-anthropic');
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    out += text;
    return true;
  });
  vi.spyOn(console, 'error').mockImplementation((line) => {
    err += `${line}\n`;
  });
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  rmSync(directory, { recursive: true, force: true });
});

const render = (...args: string[]) =>
  run({ subCommands: { envoy } }, ['envoy', 'render', '--config', demo, ...args]);

describe('envoy render', () => {
  test('prints the whole configuration below the command that makes it again', async () => {
    expect(await render('--port', '12345', '--workers-dir', '/run/it is', '--workers', '3')).toBe(0);
    expect(out.split('\n')[1]).toBe(
      `# nexus envoy render --config ${demo} --port 12345 --workers-dir '/run/it is' --workers 3`,
    );
    const { static_resources } = parse(out);
    expect(static_resources.listeners[0].address.socket_address).toEqual({
      address: '127.0.0.1',
      port_value: 12345,
    });
    expect(out.match(/path: .*worker-\d\.sock/g)).toEqual(
      [0, 1, 2].map((n) => `path: /run/it is/worker-${n}.sock`),
    );
    expect(out).not.toContain('planted');
    expect(err).toBe('');
  });

  test.each([
    ['filters', ['early_header_mutation_extensions', 'local_reply_config', 'http_filters']],
    ['clusters', ['clusters']],
    ['listeners', ['listeners']],
    ['routes', ['routes']],
  ])('--only %s prints that alone, and where it goes', async (part, fields) => {
    expect(await render('--only', part)).toBe(0);
    expect(Object.keys(parse(out))).toEqual(fields);
    expect(out).toMatch(/^# Place: /m);
  });

  test('--output writes a file and prints nothing', async () => {
    const file = join(directory, 'envoy.yaml');
    expect(await render('--output', file)).toBe(0);
    expect(out).toBe('');
    expect(parse(readFileSync(file, 'utf8'))).toHaveProperty('static_resources');
  });

  test('wrong use is told', async () => {
    expect(await render('--only', 'filter')).toBe(2);
    expect(await render('--workers', 'many')).toBe(2);
    expect(await render('--port', '70000')).toBe(2);
    expect(err).toMatch(/--only filter: did you mean "filters"/);
    expect(out).toBe('');
  });
});
