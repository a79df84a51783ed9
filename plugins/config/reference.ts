import { configJsonSchema, type JsonSchema } from './json-schema.ts';

/** docs/config.md: every key of nexus.yaml, from the schema. */
export const configReference = (): string => {
  const schema = configJsonSchema();
  const sections = fieldsOf(schema).map(([name, field]) => section(name, field));
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
const rows = (path: string, field: Field): string[] => {
  const { additionalProperties, items, anyOf = [] } = field.schema;
  return [
    row(path, field),
    ...fieldsOf(field.schema).flatMap(([name, below]) => rows(`${path}.${name}`, below)),
    ...(additionalProperties ? rows(`${path}.<name>`, optional(additionalProperties)) : []),
    ...(items?.properties ? rows(`${path}[]`, optional(items)) : []),
    ...anyOf.flatMap((it) => (it.items?.properties ? rows(`${path}[]`, optional(it.items)) : [])),
  ];
};

const fieldsOf = ({ properties = {}, required = [] }: JsonSchema): [name: string, field: Field][] =>
  Object.entries(properties).map(([name, schema]) => [name, { schema, required: required.includes(name) }]);

const optional = (schema: JsonSchema): Field => ({ schema, required: false });

const row = (path: string, field: Field): string => {
  const { schema } = field;
  const cells = [`\`${path}\``, typeOf(schema), defaultOf(field), schema.description ?? ''];
  return `| ${cells.map((text) => text.replaceAll('|', '\\|')).join(' | ')} |`;
};

const typeOf = (schema: JsonSchema): string => {
  if (schema.enum) return schema.enum.map((it) => `\`${it}\``).join(' or ');
  if (schema.anyOf) return [...new Set(schema.anyOf.map(typeOf))].join(' or ');
  if (schema.const !== undefined) return `\`${schema.const}\``;
  if (schema.type === 'array') return `list of ${schema.items ? `${typeOf(schema.items)}s` : 'anything'}`;
  return [schema.format ?? schema.type ?? '']
    .flat()
    .map((name) => typeNames[name] ?? name)
    .join(' or ');
};

const typeNames: Readonly<Record<string, string>> = {
  object: 'mapping',
  string: 'text',
  integer: 'whole number',
  uri: 'URL',
  date: 'date',
  'date-time': 'time',
};

const defaultOf = ({ schema, required }: Field): string => {
  if (required) return '*required*';
  const isContainer = typeof schema.default === 'object';
  return schema.default === undefined || isContainer ? '' : `\`${schema.default}\``;
};
