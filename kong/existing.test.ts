import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { isNode, parse, parseDocument } from 'yaml';
import { configSchema } from '../plugins/config/schema.ts';
import { type KongRenderOptions, kongParts } from './render/render.ts';

const example = join(import.meta.dirname, '../examples/kong');
const read = (name: string): string => readFileSync(join(example, name), 'utf8');

/** As `nexus kong render --config nexus.yaml --team shop --application shop`. */
const options: KongRenderOptions = {
  config: configSchema.parse(parse(read('nexus.yaml'))),
  egressSecret: 'a-secret-that-everybody-can-read-here',
  baseDirectory: example,
  readFile: () => '',
  settings: { team: 'shop', application: 'shop' },
};

/** before.yml with the parts at the end of its lists: what docs/kong.md tells people to do. */
const withNexus = (): string => {
  const document = parseDocument(read('before.yml'));
  const keyAuth = { name: 'key-auth', service: 'nexus', config: { key_names: ['x-api-key', 'apikey'] } };
  const own = { plugins: [keyAuth] };
  const pieces = [
    ...Object.entries(kongParts).map(([part, make]) => [`--only ${part}.`, make(options)] as const),
    ['who calls is for Kong to say, as everywhere here.', own] as const,
  ];
  for (const [comment, lists] of pieces)
    for (const [name, entities] of Object.entries(lists))
      for (const [index, entity] of (entities as readonly object[]).entries()) {
        const node = document.createNode(entity, { aliasDuplicateObjects: false });
        if (index === 0 && isNode(node)) node.commentBefore = ` Nexus: ${comment}`;
        if (!document.has(name)) document.set(name, document.createNode([]));
        document.addIn([name], node);
      }
  document.commentBefore = ' The Kong of before.yml with Nexus in it.';
  return document.toString({ lineWidth: 0 });
};

test('examples/kong/kong.yml is before.yml with the parts pasted', async () => {
  await expect(withNexus()).toMatchFileSnapshot(join(example, 'kong.yml'));
});
