import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');

/** What V8 says of its assumptions that are gone once a program has loaded its modules; without arguments it only says how to use it. */
const lostIn = async (program: string): Promise<string> => {
  const args = ['--trace-protector-invalidation', join(root, program)];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args).catch((fault) => fault);
  expect(stderr).toContain('usage');
  return stdout;
};

test('no library that a worker loads makes every loop over a string slow (docs/decisions/0015)', async () => {
  const lost = await lostIn('extproc/main.ts');
  expect(lost).not.toContain('StringWrapperToPrimitive');
});
