import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { parse } from 'yaml';
import { run } from '../run.ts';
import kong from './kong.ts';

const demo = join(import.meta.dirname, '../../examples/demo/nexus.yaml');
const secret = 'an-egress-secret-of-these-tests-only';

let directory = '';
let out = '';
let err = '';

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'nexus-render-'));
  [out, err] = ['', ''];
  vi.stubEnv('NEXUS_DEMO_OPENAI_KEY', 'planted-openai');
  vi.stubEnv('NEXUS_DEMO_ANTHROPIC_KEY', 'planted-anthropic');
  vi.stubEnv('NEXUS_KONG_EGRESS_SECRET', secret);
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
  run({ subCommands: { kong } }, ['kong', 'render', '--config', demo, ...args]);

describe('kong render', () => {
  test('prints the whole kong.yml below the command that makes it again', async () => {
    expect(await render('--team', 'support', '--application', 'help desk')).toBe(0);
    expect(out.split('\n')[1]).toBe(
      `# nexus kong render --config ${demo} --team support --application 'help desk'`,
    );
    expect(parse(out)._format_version).toBe('3.0');
    expect(parse(out).plugins[0].config).toEqual({ team: 'support', application: 'help desk' });
    expect(out).not.toContain('planted');
    expect(err).toBe('');
  });

  test.each(['services', 'routes', 'plugins', 'upstreams'])('--only %s prints that alone', async (part) => {
    expect(await render('--only', part)).toBe(0);
    expect(Object.keys(parse(out))).toEqual([part]);
    expect(/Holds the secret/.test(out)).toBe(out.includes(secret));
  });

  test.each([
    ['conf', 'pluginserver_nexus_socket = /run/it is/plugin.sock'],
    ['env', "KONG_PLUGINSERVER_NEXUS_SOCKET='/run/it is/plugin.sock'"],
  ])('--kong-conf %s prints what Kong itself needs', async (format, line) => {
    expect(await render('--kong-conf', format, '--socket-dir', '/run/it is', '--command', '/opt/nexus')).toBe(
      0,
    );
    expect(out.split('\n')).toContain(line);
    expect(out).toContain(`/opt/nexus kong-server --started-by-kong --config ${demo}`);
    expect(out).not.toContain(secret);
  });

  test('--output writes a file for its owner alone and prints nothing', async () => {
    const file = join(directory, 'kong.yml');
    expect(await render('--output', file)).toBe(0);
    expect(out).toBe('');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(parse(readFileSync(file, 'utf8'))).toHaveProperty('services');
  });

  test.each([
    [undefined, 'is not set'],
    ['short', 'is not 32 to 256'],
  ])('says how to make the secret when it is %s', async (value, why) => {
    vi.stubEnv('NEXUS_KONG_EGRESS_SECRET', value);
    expect(await render()).toBe(1);
    expect(err).toContain(`NEXUS_KONG_EGRESS_SECRET ${why}`);
    expect(err).toContain('openssl rand -hex 32');
    expect(out).toBe('');
  });

  test('wrong use is told', async () => {
    expect(await render('--only', 'upstream')).toBe(2);
    expect(await render('--kong-conf', 'yaml')).toBe(2);
    expect(await render('--application', 'helpdesk')).toBe(2);
    expect(err).toMatch(/--only upstream: did you mean "upstreams"/);
    expect(out).toBe('');
  });
});
