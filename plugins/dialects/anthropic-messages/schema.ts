import { isJsonObject, type JsonObject, type JsonValue } from '../../wire/json.ts';

/**
 * A JSON Schema in the subset that structured outputs and strict tools take (platform.claude.com "Structured outputs",
 * "JSON Schema limitations", and the schema helper of `@anthropic-ai/sdk` 1.12.0, read 2026-11-24). Keywords outside it
 * move into `description`, where the model still sees them; `lose` is told their names.
 */
export const subsetSchema = (schema: JsonObject, lose: (keyword: string) => void): JsonObject => {
  const kept: JsonObject = {};
  const moved: string[] = [];
  for (const [keyword, value] of Object.entries(schema)) {
    if (ignored.has(keyword)) continue;
    if (isKept(keyword, value)) kept[renamed.get(keyword) ?? keyword] = subsetValue(keyword, value, lose);
    else if (keyword !== 'additionalProperties' || value !== false) {
      moved.push(`${keyword}: ${JSON.stringify(value)}`);
      lose(keyword);
    }
  }
  if (describesObject(schema)) kept.additionalProperties = false; // the only value there is, and required
  if (moved.length > 0) kept.description = withNote(kept.description, moved.join(', '));
  return kept;
};

/** They constrain nothing. */
const ignored: ReadonlySet<string> = new Set(['$schema', '$id', '$comment']);

const plain: ReadonlySet<string> = new Set([
  'type',
  'enum',
  'const',
  'description',
  'title',
  'default',
  'required',
  '$ref',
]);

/** Keywords that hold a schema, a list of schemas or named schemas. */
const nested: ReadonlySet<string> = new Set([
  'items',
  'anyOf',
  'oneOf',
  'allOf',
  'properties',
  '$defs',
  'definitions',
]);

const named: ReadonlySet<string> = new Set(['properties', '$defs', 'definitions']);

/** Every variant of a discriminated union excludes the others anyway. */
const renamed: ReadonlyMap<string, string> = new Map([['oneOf', 'anyOf']]);

const formats: ReadonlySet<JsonValue> = new Set<JsonValue>([
  'date-time',
  'time',
  'date',
  'duration',
  'email',
  'hostname',
  'uri',
  'ipv4',
  'ipv6',
  'uuid',
]);

const isKept = (keyword: string, value: JsonValue): boolean => {
  if (keyword === 'format') return formats.has(value);
  if (keyword === 'minItems') return value === 0 || value === 1;
  return plain.has(keyword) || nested.has(keyword);
};

const subsetValue = (keyword: string, value: JsonValue, lose: (keyword: string) => void): JsonValue => {
  if (!nested.has(keyword)) return value;
  if (Array.isArray(value)) return value.map((entry) => subsetEntry(entry, lose));
  if (!named.has(keyword)) return subsetEntry(value, lose);
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, subsetEntry(entry, lose)]));
};

const subsetEntry = (entry: JsonValue, lose: (keyword: string) => void): JsonValue =>
  isJsonObject(entry) ? subsetSchema(entry, lose) : entry;

const describesObject = ({ type, properties }: JsonObject): boolean =>
  type === 'object' || (Array.isArray(type) && type.includes('object')) || isJsonObject(properties);

const withNote = (description: JsonValue | undefined, note: string): string =>
  typeof description === 'string' && description !== '' ? `${description}\n\n{${note}}` : `{${note}}`;
