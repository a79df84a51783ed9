import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Document, isCollection, isNode, isPair, isSeq, parse, parseDocument } from 'yaml';
import { configSchema } from '../plugins/config/schema.ts';
import { bootstrapFields, parts, type RenderOptions } from './render.ts';

const example = join(import.meta.dirname, '../examples/envoy-existing');
const read = (name: string): string => readFileSync(join(example, name), 'utf8');

/** As `nexus envoy render --config nexus.yaml`. */
const options: RenderOptions = {
  config: configSchema.parse(parse(read('nexus.yaml'))),
  listen: { host: '127.0.0.1', port: 10000 },
  workers: [0, 1].map((index) => ({ socketPath: `/run/nexus/worker-${index}.sock` })),
  accessLog: 'stdout',
  baseDirectory: example,
  systemCaFile: '/etc/ssl/certs/ca-certificates.crt',
};

type Path = readonly (string | number)[];

const atConnectionManager = [
  'static_resources',
  'listeners',
  0,
  'filter_chains',
  0,
  'filters',
  0,
  'typed_config',
];
const atRoutes = [...atConnectionManager, 'route_config', 'virtual_hosts', 0, 'routes'];

/** What to put before the items of a list, or its fields behind those of a message, below a comment. */
interface Piece {
  readonly at: Path;
  readonly values: object;
  readonly comment: string;
}

const paste = (document: Document, { at, values, comment }: Piece) => {
  const into = document.getIn(at);
  const pasted = document.createNode(values, { aliasDuplicateObjects: false });
  if (!isCollection(into) || !isCollection(pasted)) throw new Error(`no list or message at ${at.join('.')}`);
  const [first] = pasted.items;
  const head: unknown = isPair(first) ? first.key : first;
  if (isNode(head)) head.commentBefore = ` Nexus: ${comment}`;
  const items: unknown[] = into.items;
  items.splice(isSeq(into) ? 0 : items.length, 0, ...pasted.items);
};

/** before.yaml with the three parts in their places: what docs/envoy.md tells people to do. */
const withNexus = (): string => {
  const document = parseDocument(read('before.yaml'));
  const { http_filters, ...fields } = parts.filters(options);
  const pieces: Piece[] = [
    {
      at: [],
      values: bootstrapFields,
      comment: 'required by its filters.',
    },
    { at: atConnectionManager, values: fields, comment: '--only filters, all but http_filters.' },
    {
      at: [...atConnectionManager, 'http_filters'],
      values: http_filters,
      comment: '--only filters, http_filters. Off except on its own routes.',
    },
    { at: atRoutes, values: parts.routes(options).routes, comment: '--only routes.' },
    {
      at: ['static_resources', 'clusters'],
      values: parts.clusters(options).clusters,
      comment: '--only clusters.',
    },
  ];
  for (const piece of pieces) paste(document, piece);
  document.commentBefore = ' The Envoy of before.yaml with Nexus in it.';
  return document.toString({ lineWidth: 0 });
};

test('examples/envoy-existing/envoy.yaml is before.yaml with the parts pasted', async () => {
  await expect(withNexus()).toMatchFileSnapshot(join(example, 'envoy.yaml'));
});
