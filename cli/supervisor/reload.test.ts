import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readConfigFile, type UsableConfig, workersConfig } from './config-file.ts';
import { type ReloaderOptions, reloader } from './reload.ts';

const yaml = ({ weight = 1, port = 8000 } = {}) => `
version: 1
providers: { a: { dialect: openai, baseUrl: "http://127.0.0.1:${port}/v1" } }
models: { m: { candidates: [{ provider: a, model: x, weight: ${weight} }] } }
`;

let directory: string;
let file: string;
let said: string[];
let reloads: number;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'nexus-test-'));
  file = join(directory, 'source.yaml');
  said = [];
  reloads = 0;
});

afterEach(() => rmSync(directory, { recursive: true }));

const served = (text: string): UsableConfig => {
  writeFileSync(file, text);
  const config = readConfigFile(file);
  if ('problems' in config) throw new Error(config.problems.join());
  return config;
};

/** What is called on a change, for a service that serves `yaml()`. */
const begin = (apply: 'yes' | 'no' = 'no', more: Partial<ReloaderOptions> = {}) =>
  reloader({
    file,
    directory,
    current: served(yaml()),
    read: () => readConfigFile(file),
    reload: async () => {
      reloads++;
      return [{ type: 'reloaded', digest: 'sha256:1' }];
    },
    renderHost: (config) => config.providers,
    onHostChange: { apply, say: 'Envoy has to change' },
    say: (text) => said.push(text),
    ...more,
  });

test('a change is published, followed and named', async () => {
  const onChange = begin();
  writeFileSync(file, yaml({ weight: 7 }));
  await onChange();
  expect(readFileSync(workersConfig(directory), 'utf8')).toBe(yaml({ weight: 7 }));
  expect(reloads).toBe(1);
  expect(said).toEqual([
    `${file}: 1 of 1 workers follow the new version\n  changed models.m.candidates[0].weight`,
  ]);
});

test('nothing happens when only the layout changes, or when nothing does', async () => {
  const onChange = begin();
  await onChange();
  writeFileSync(file, `# a comment${yaml()}`);
  await onChange();
  expect([reloads, said]).toEqual([0, []]);
});

test('a bad version is explained once and changes nothing; the good one is taken up again', async () => {
  const onChange = begin();
  writeFileSync(file, yaml().replace('version: 1', 'version: 2'));
  await onChange();
  await onChange();
  expect(reloads).toBe(0);
  expect(said).toEqual([expect.stringMatching(/is not used.*\n.*source\.yaml:2:10: version: /)]);
  writeFileSync(file, yaml());
  await onChange();
  expect(said.at(-1)).toBe(`${file} is the version in use again`);
});

test('a file that is gone is explained', async () => {
  const onChange = begin();
  rmSync(file);
  await onChange();
  expect(said).toEqual([expect.stringContaining(`cannot read ${file}`)]);
});

test('a secret that is not there keeps the last version', async () => {
  const onChange = begin();
  writeFileSync(file, yaml().replace('dialect: openai', 'dialect: openai, key: "${env:NEXUS_NOT_SET}"'));
  await onChange();
  expect(reloads).toBe(0);
  expect(said).toEqual([expect.stringContaining('NEXUS_NOT_SET is not set')]);
});

test("a change of Envoy's configuration waits for a new start", async () => {
  const onChange = begin('no');
  writeFileSync(file, yaml({ port: 8001 }));
  await onChange();
  expect([reloads, said]).toEqual([0, ['Envoy has to change']]);
});

test('or goes ahead where Envoy is not ours', async () => {
  const onChange = begin('yes');
  writeFileSync(file, yaml({ port: 8001 }));
  await onChange();
  expect(reloads).toBe(1);
  expect(said).toEqual(['Envoy has to change', expect.stringContaining('changed providers.a.baseUrl')]);
});

test('a worker that refuses is heard', async () => {
  const onChange = begin('no', {
    reload: async () => [{ type: 'refused', problems: ['no key'] }, { type: 'silent' }],
  });
  writeFileSync(file, yaml({ weight: 7 }));
  await onChange();
  expect(said[0]).toMatch(/0 of 2 workers follow the new version\n {2}no key/);
});
