import type { Vendor } from '../../model/request.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../wire/json.ts';
import { cannotCarry, type Losses } from '../losses.ts';
import { isEmptyObject, member } from './wire.ts';

// `Schema` of the API is a part of OpenAPI 3.0 ("Schema", API reference, read 2026-11-28): types in capitals, `nullable`
// in place of a type, and no references. Unknown members are answered with 400.

/** Members that hold a schema, a list of schemas or named schemas. */
const nested: ReadonlySet<string> = new Set(['items', 'anyOf', 'properties']);

const numeric: readonly string[] = [
  'minItems',
  'maxItems',
  'minLength',
  'maxLength',
  'minProperties',
  'maxProperties',
  'minimum',
  'maximum',
];

/** The API's schema as JSON Schema, which all other dialects take. */
export const fromApiSchema = (schema: Readonly<JsonObject>): JsonObject => {
  const out: JsonObject = {};
  const take = (key: string) => member(schema, key);
  for (const key of ['title', 'description', 'default', 'pattern', 'required', 'enum', 'format'] as const) {
    const value = take(key);
    if (value !== undefined && !(key === 'format' && value === 'enum')) out[key] = value;
  }
  for (const key of numeric) {
    const value = take(key);
    if (value !== undefined) out[key] = Number(value); // 64-bit numbers may come as strings
  }
  for (const key of nested) {
    const value = take(key);
    if (value !== undefined) out[key] = mapNested(key, value, fromApiSchema);
  }
  const example = take('example');
  if (example !== undefined) out.examples = [example];
  const type = take('type');
  const named = typeof type === 'string' ? type.toLowerCase() : undefined;
  return take('nullable') === true
    ? nullable(out, named)
    : named === undefined
      ? out
      : { type: named, ...out };
};

const nullable = (schema: JsonObject, type: string | undefined): JsonObject => {
  if (type !== undefined) return { type: [type, 'null'], ...schema };
  return Array.isArray(schema.anyOf) ? { ...schema, anyOf: [...schema.anyOf, { type: 'null' }] } : schema;
};

const mapNested = (key: string, value: JsonValue, map: (schema: JsonObject) => JsonObject): JsonValue => {
  const entry = (it: JsonValue): JsonValue => (isJsonObject(it) ? map(it) : it);
  if (Array.isArray(value)) return value.map(entry);
  if (key !== 'properties' || !isJsonObject(value)) return entry(value);
  return Object.fromEntries(Object.entries(value).map(([property, it]) => [property, entry(it)]));
};

/** Keywords of JSON Schema that the API's schema has under the same name. */
const same: ReadonlySet<string> = new Set([
  ...numeric,
  ...nested,
  'title',
  'description',
  'format',
  'required',
  'default',
  'pattern',
]);

/** They constrain nothing, or are read where they are referred to. */
const ignored: ReadonlySet<string> = new Set([
  '$schema',
  '$id',
  '$comment',
  '$defs',
  'definitions',
  'examples',
  'additionalProperties',
  'propertyOrdering',
]);

/** Where a schema is written: its root, for references, and who is told of what is lost. */
interface Fitting {
  readonly root: JsonObject;
  readonly param: string;
  readonly losses: Losses;
  /** References that are being followed. */
  readonly open: readonly string[];
}

/**
 * A JSON Schema as the API's own, for models that take no JSON Schema. Keywords without a place move into
 * `description`, where the model still sees them, and `losses` is told their paths. Throws `RequestError` for a schema that
 * holds itself. Undefined for an object without properties, which the API refuses.
 */
export const toApiSchema = (schema: Vendor, param: string, losses: Losses): JsonObject | undefined => {
  const root: JsonObject = { ...schema };
  const written = fitSchema(root, { root, param, losses, open: [] });
  const { properties } = written;
  const isBare = written.type === 'OBJECT' && (!isJsonObject(properties) || isEmptyObject(properties));
  return isBare || isEmptyObject(written) ? undefined : written;
};

const fitSchema = (schema: JsonObject, fitting: Fitting): JsonObject => {
  if (typeof schema.$ref === 'string') return fitReference(schema, schema.$ref, fitting);
  const out: JsonObject = {};
  const moved: string[] = [];
  const move = (keyword: string, value: JsonValue) => {
    moved.push(`${keyword}: ${JSON.stringify(value)}`);
    fitting.losses.drop(`${fitting.param}.${keyword}`);
  };
  for (const [keyword, value] of Object.entries(schema)) {
    if (keyword === 'type') Object.assign(out, fitType(value));
    else if (keyword === 'const') fitEnum([value], out, move);
    else if (keyword === 'enum' && Array.isArray(value)) fitEnum(value, out, move);
    else if (keyword === 'oneOf') out.anyOf = mapNested('anyOf', value, (it) => fitSchema(it, fitting));
    else if (keyword === 'allOf' && Array.isArray(value) && value.length === 1 && isJsonObject(value[0]))
      Object.assign(out, fitSchema(value[0], fitting));
    else if (same.has(keyword)) out[keyword] = mapIfNested(keyword, value, fitting);
    else if (keyword === 'additionalProperties' ? isJsonObject(value) : !ignored.has(keyword))
      move(keyword, value);
  }
  if (moved.length > 0) out.description = withNote(out.description, moved.join(', '));
  return withoutNullVariant(out);
};

const mapIfNested = (keyword: string, value: JsonValue, fitting: Fitting): JsonValue =>
  nested.has(keyword) ? mapNested(keyword, value, (it) => fitSchema(it, fitting)) : value;

const fitReference = (
  { $ref: _, ...beside }: JsonObject,
  reference: string,
  fitting: Fitting,
): JsonObject => {
  if (fitting.open.includes(reference)) throw cannotCarry(fitting.param, 'a schema that refers to itself');
  const target = referred(fitting.root, reference);
  if (!target) throw cannotCarry(fitting.param, `the schema reference ${reference}`);
  return {
    ...fitSchema(target, { ...fitting, open: [...fitting.open, reference] }),
    ...fitSchema(beside, fitting),
  };
};

/** What `#/$defs/Name` stands for. */
const referred = (root: JsonObject, reference: string): JsonObject | undefined => {
  let at: JsonValue | undefined = root;
  for (const step of reference.replace(/^#\/?/, '').split('/').filter(Boolean)) {
    const key: string = decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~');
    at = isJsonObject(at) && Object.hasOwn(at, key) ? at[key] : undefined;
  }
  return reference.startsWith('#') && isJsonObject(at) ? at : undefined;
};

const fitType = (type: JsonValue): JsonObject => {
  const types = (Array.isArray(type) ? type : [type]).filter((it) => typeof it === 'string');
  const named = types.filter((it) => it !== 'null').map((it) => it.toUpperCase());
  const known = types.includes('null') ? { nullable: true } : {};
  const [only, ...more] = named;
  if (only === undefined) return known;
  return more.length === 0
    ? { type: only, ...known }
    : { anyOf: named.map((it) => ({ type: it })), ...known };
};

/** Only texts can be enumerated. */
const fitEnum = (
  values: readonly JsonValue[],
  out: JsonObject,
  move: (keyword: string, value: JsonValue) => void,
) => {
  const texts = values.filter((value) => value !== null);
  if (texts.length < values.length) out.nullable = true;
  if (!texts.every((value) => typeof value === 'string')) return move('enum', [...values]);
  out.type ??= 'STRING';
  out.enum = texts;
};

/** `anyOf` with null is a type that may be null. */
const withoutNullVariant = (schema: JsonObject): JsonObject => {
  if (!Array.isArray(schema.anyOf)) return schema;
  const kept = schema.anyOf.filter((variant) => !isNullVariant(variant));
  if (kept.length === schema.anyOf.length) return schema;
  const { anyOf: _, ...rest } = schema;
  const [only, ...more] = kept;
  const joined = isJsonObject(only) && more.length === 0 ? only : { anyOf: kept };
  return { ...joined, ...rest, nullable: true };
};

/** What `{ type: 'null' }` was fitted to. */
const isNullVariant = (variant: JsonValue): boolean =>
  isJsonObject(variant) && variant.nullable === true && Object.keys(variant).length === 1;

const withNote = (description: JsonValue | undefined, note: string): string =>
  typeof description === 'string' && description !== '' ? `${description}\n\n{${note}}` : `{${note}}`;
