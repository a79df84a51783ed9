import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findKong } from './kong-binary.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'nexus-kong-binary-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const program = (name: string, text: string): string => {
  const file = join(directory, name);
  writeFileSync(file, `#!/bin/sh\n${text}\n`);
  chmodSync(file, 0o755);
  return file;
};

test('KONG_BIN comes first, then kong on PATH', () => {
  const kong = program('kong', '');
  expect(findKong({ KONG_BIN: '/opt/kong', PATH: directory })).toBe('/opt/kong');
  expect(findKong({ PATH: `/nowhere::${directory}` })).toBe(kong);
});

test.skipIf(process.platform !== 'linux')('Docker comes last, and only where its daemon answers', () => {
  expect(findKong({ PATH: directory })).toBeUndefined();
  program('docker', 'exit 1');
  expect(findKong({ PATH: directory })).toBeUndefined();
  program('docker', '[ "$1" = info ]');
  expect(findKong({ PATH: directory })).toMatch(/kong-docker\.sh$/);
});
