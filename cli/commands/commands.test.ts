import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { configSchema } from '../../plugins/config/schema.ts';
import { keyRing } from '../../plugins/identity.ts';
import { run } from '../run.ts';
import check from './check.ts';
import keys from './keys.ts';
import schema from './schema.ts';
import version from './version.ts';

const program = { subCommands: { check, keys, schema, version } };
const root = join(import.meta.dirname, '../..');
const demo = join(root, 'examples/demo/nexus.yaml');
const minimal = join(root, 'examples/minimal/nexus.yaml');
const noConfig = join(root, 'package.json');

let out = '';
let err = '';

beforeEach(() => {
  [out, err] = ['', ''];
  vi.stubEnv('NEXUS_DEMO_OPENAI_KEY', 'demo-openai');
  vi.stubEnv('NEXUS_DEMO_ANTHROPIC_KEY', 'demo-anthropic');
  vi.stubEnv('OPENAI_API_KEY', '');
  vi.spyOn(console, 'log').mockImplementation((line) => {
    out += `${line}\n`;
  });
  vi.spyOn(console, 'error').mockImplementation((line) => {
    err += `${line}\n`;
  });
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

describe('check', () => {
  test('the demo is good, without a warning', async () => {
    expect(await run(program, ['check', demo])).toBe(0);
    expect(out).toMatch(/^ok: 5 providers, 5 models, 2 teams, 3 keys \(sha256:[0-9a-f]{64}\)\n$/);
    expect(err).toBe('');
  });

  test('warnings do not make a configuration bad', async () => {
    expect(await run(program, ['check', minimal])).toBe(0);
    expect(out).toMatch(/^ok: 1 provider, 1 model, 0 teams, 0 keys /);
    expect(err.split('\n')).toEqual([
      expect.stringMatching(/minimal\/nexus\.yaml:\d+:\d+: warning: .* OPENAI_API_KEY is not set$/),
      expect.stringMatching(/minimal\/nexus\.yaml:\d+:\d+: warning: keys: no keys/),
      '',
    ]);
  });

  test('problems do, on stderr or as a list', async () => {
    expect(await run(program, ['check', noConfig])).toBe(1);
    expect(out).toBe('');
    expect(err).toMatch(/package\.json:2:3: name: unknown key, expected one of version, providers/);
    expect(await run(program, ['check', noConfig, '--json'])).toBe(1);
    expect(JSON.parse(out)).toContainEqual(
      expect.objectContaining({ severity: 'error', line: 2, column: 3, path: 'name' }),
    );
  });

  test('a file that is not there is wrong use', async () => {
    expect(await run(program, ['check', '/nowhere/nexus.yaml'])).toBe(2);
    expect(err).toMatch(/^nexus check: cannot read \/nowhere\/nexus\.yaml \(ENOENT/);
  });
});

describe('keys', () => {
  test('create prints the key and a line that makes it work', async () => {
    const owner = ['--user', 'alice', '--team', 'support', '--application', 'helpdesk'];
    expect(await run(program, ['keys', 'create', ...owner, '--expires', '2999-01-01'])).toBe(0);
    const [key = '', line = '', end] = out.split('\n');
    expect(key).toMatch(/^nx-[0-9A-Za-z]{32}$/);
    expect(line).toMatch(
      /^ {2}- \{ hash: sha256:[0-9a-f]{64}, user: alice, team: support, application: helpdesk, expires: 2999-01-01 \}$/,
    );
    expect(end).toBe('');
    expect(err).toBe('');
  });

  test('create as JSON holds the same', async () => {
    await run(program, ['keys', 'create', '--user', 'alice', '--json']);
    const { key, entry } = JSON.parse(out);
    const config = configSchema.parse({ version: 1, providers: {}, models: {}, keys: [entry] });
    const clock = { nowMs: () => 0, epochMs: () => 0, after: () => () => {} };
    expect(keyRing(config.keys, clock).identify(key)).toMatchObject({ user: 'alice' });
  });

  test.each([
    ['nobody', []],
    ['a name that is none', ['--user', 'a b']],
    ['a day that is none', ['--user', 'alice', '--expires', '2027-02-30']],
    ['a value left out', ['--user']],
  ])('create for %s is wrong use and prints no key', async (_, owner) => {
    expect(await run(program, ['keys', 'create', ...owner])).toBe(2);
    expect(out).toBe('');
  });

  test('list shows whose they are, never the hash', async () => {
    expect(await run(program, ['keys', 'list', demo])).toBe(0);
    expect(out.split('\n').map((line) => line.split(/ {2,}/).slice(1))).toEqual([
      ['USER', 'TEAM', 'APPLICATION', 'EXPIRES'],
      ['alice', 'support', 'helpdesk', 'never'],
      ['bob', 'research', 'notebook', 'never'],
      ['tina', 'research', '-', 'never'],
      [],
    ]);
    out = '';
    await run(program, ['keys', 'list', demo, '--json']);
    expect(JSON.parse(out)[0]).toEqual({
      id: '3976303ccb1d',
      user: 'alice',
      team: 'support',
      application: 'helpdesk',
      expired: false,
    });
  });

  test('list of a bad file says what is bad', async () => {
    expect(await run(program, ['keys', 'list', noConfig])).toBe(1);
    expect(err).toContain('unknown key');
  });
});

test('schema and version print what machines read', async () => {
  const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  await run(program, ['schema']);
  expect(JSON.parse(String(write.mock.calls[0]?.[0]))).toMatchObject({ title: 'nexus.yaml', type: 'object' });
  await run(program, ['version', '--json']);
  expect(JSON.parse(out)).toEqual({ nexus: manifest.version, node: process.versions.node });
});

test('the program itself finds its commands', () => {
  const version = execFileSync(process.execPath, [join(root, 'cli/main.ts'), '--version'], {
    encoding: 'utf8',
  });
  expect(version).toBe(`nexus ${manifest.version} (node ${process.versions.node})\n`);
});
