import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { loadConfig } from '../../plugins/config/load.ts';
import { SecretFiles } from './secret-files.ts';

let directory: string;
let watched: SecretFiles | undefined;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'nexus-secrets-'));
});
afterEach(() => {
  watched?.stop();
  rmSync(directory, { recursive: true });
});

const configWith = (file: string) => {
  const provider = { dialect: 'openai', baseUrl: 'http://127.0.0.1:9/v1', key: `\${file:${file}}` };
  const text = JSON.stringify({ version: 1, providers: { p: provider }, models: {} });
  const loaded = loadConfig(text, { file: 'x.json', env: {}, readFile: () => 'k' });
  if ('problems' in loaded) throw new Error(JSON.stringify(loaded.problems));
  return loaded.config;
};

test('a key that is replaced, as Kubernetes does it, is noticed', async () => {
  const file = join(directory, 'key');
  writeFileSync(file, 'old');
  const onChange = vi.fn();
  watched = new SecretFiles(onChange);
  watched.follow(configWith(file));
  writeFileSync(`${file}.new`, 'new');
  renameSync(`${file}.new`, file);
  await vi.waitFor(() => expect(onChange).toHaveBeenCalled(), 2000);
});
