import { configJsonSchema, type JsonSchema } from './json-schema.ts';

/** docs/config.md: every key of nexus.yaml, from the schema. */
export const configReference = (): string => {
  const schema = configJsonSchema();
  const sections = Object.entries(schema.properties ?? {}).map(([name, part]) =>
    section(name, { schema: part, required: schema.required?.includes(name) ?? false }),
  );
  return [introduction, ...sections].join('\n');
};

const introduction = `# nexus.yaml

<!-- Written by \`nexus schema --markdown\` from plugins/config/schema.ts. Do not edit. -->

One document configures Nexus, the same for Envoy and for Kong. It is YAML 1.2. Unknown keys are errors.

- \`nexus check FILE\` names every problem as \`file:line:column: path: what, expected what\`, and warns of what cannot
  take effect: unset secrets, expired keys, unused providers, upstreams that are never tried.
- \`nexus schema\` prints the JSON Schema. Editors read it when the first line is
  \`# yaml-language-server: $schema=PATH/nexus.schema.json\`.
- A secret stands here only as a reference: \`\${env:NAME}\` is an environment variable, \`\${file:PATH}\` the content of a
  file without its last newline (relative to the directory in which Nexus was started). A secret that cannot be read
  is a warning for \`nexus check\` and an error for whatever sends requests.
- \`nexus keys create\` makes a key for a client and prints the line for \`keys\`. Only its hash is kept.

In the tables, \`<name>\` is a name of your choice (letters, digits, \`.\`, \`_\`, \`-\`, at most 63) and \`[]\` an item of a list.
`;

interface Field {
  readonly schema: JsonSchema;
  readonly required: boolean;
}

const section = (name: string, field: Field): string =>
  [
    `## ${name}`,
    '',
    '| key | type | default | meaning |',
    '|---|---|---|---|',
    ...rows(name, field),
    '',
  ].join('\n');

/** A row for the field, and one for each below it. */
const rows = (path: string, { schema, required }: Field): string[] => {
  const { properties = {}, additionalProperties, items } = schema;
  const below = [
    ...Object.entries(properties).flatMap(([name, child]) =>
      rows(`${path}.${name}`, { schema: child, required: schema.required?.includes(name) ?? false }),
    ),
    ...(additionalProperties
      ? rows(`${path}.<name>`, { schema: additionalProperties, required: false })
      : []),
    ...(items?.properties ? rows(`${path}[]`, { schema: items, required: false }) : []),
  ];
  return [row(path, { schema, required }), ...below];
};

const row = (path: string, { schema, required }: Field): string =>
  `| ${[`\`${path}\``, typeOf(schema), defaultOf({ schema, required }), schema.description ?? ''].map(cell).join(' | ')} |`;

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

const typeOf = (schema: JsonSchema): string => {
  if (schema.enum) return schema.enum.map((it) => `\`${it}\``).join(' or ');
  if (schema.const !== undefined) return `\`${schema.const}\``;
  if (schema.type === 'array') return `list of ${schema.items ? `${typeOf(schema.items)}s` : 'anything'}`;
  return schema.format ?? typeNames[schema.type ?? ''] ?? schema.type ?? '';
};

const typeNames: Readonly<Record<string, string>> = {
  object: 'mapping',
  string: 'text',
  integer: 'whole number',
};

const defaultOf = ({ schema, required }: Field): string => {
  if (required) return '*required*';
  const isContainer = schema.type === 'object' || schema.type === 'array';
  return schema.default === undefined || isContainer ? '' : `\`${schema.default}\``;
};
