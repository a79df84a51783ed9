import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { loadConfig } from '../../plugins/config/load.ts';
import { keyRing } from '../../plugins/identity.ts';

const examples = join(import.meta.dirname, '../../examples');
const files = globSync('*/nexus.yaml', { cwd: examples });

/** An example with every secret set. */
const loaded = (file: string) => {
  const text = readFileSync(join(examples, file), 'utf8');
  const names = [...text.matchAll(/\$\{env:(\w+)\}/g)].map(([, name = '']) => [name, 'secret']);
  return loadConfig(text, { file, env: Object.fromEntries(names), readFile: () => 'secret' });
};

test('there are examples', () => {
  expect(files).toEqual(expect.arrayContaining(['demo/nexus.yaml', 'minimal/nexus.yaml']));
});

test.each(files)('%s loads, and its first line finds the schema', (file) => {
  expect(loaded(file)).not.toHaveProperty('problems');
  const [firstLine = ''] = readFileSync(join(examples, file), 'utf8').split('\n');
  const [, schema = ''] = /^# yaml-language-server: \$schema=(\S+)$/.exec(firstLine) ?? [];
  expect(resolve(examples, file, '..', schema)).toBe(
    resolve(examples, '../plugins/config/nexus.schema.json'),
  );
});

test('the keys that the demo names work, and nothing in it is in vain', () => {
  const demo = loaded('demo/nexus.yaml');
  if ('problems' in demo) throw new Error('the demo does not load');
  expect(demo.warnings).toEqual([]);
  const ring = keyRing(demo.config.keys, { nowMs: () => 0, epochMs: Date.now, after: () => () => {} });
  expect(ring.identify('nx-demo-alice')).toMatchObject({
    user: 'alice',
    team: 'support',
    application: 'helpdesk',
  });
  expect(ring.identify('nx-demo-bob')).toMatchObject({
    user: 'bob',
    team: 'research',
    application: 'notebook',
  });
});
