import { z } from 'zod';
import { configSchema } from './schema.ts';

/** The part of JSON Schema (draft 2020-12) that zod writes for our configuration. */
export interface JsonSchema {
  readonly $schema?: string;
  readonly title?: string;
  readonly description?: string;
  /** Several, where texts and numbers may stand alike. */
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly default?: unknown;
  readonly format?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  /** Of an object whose keys are the user's own names: what stands under each. `false`: no other keys. */
  readonly additionalProperties?: JsonSchema | false;
  readonly items?: JsonSchema;
  /** One of several kinds. */
  readonly anyOf?: readonly JsonSchema[];
}

/** JSON Schema of nexus.yaml as it is written, before defaults are filled in; for editors. */
export const configJsonSchema = (): JsonSchema => {
  const { $schema, ...schema } = z.toJSONSchema(configSchema, {
    io: 'input',
    override: ({ jsonSchema }) => dropNoise(jsonSchema),
  });
  return { $schema, title: 'nexus.yaml', ...schema } as JsonSchema; // zod's type is any JSON Schema there is
};

/** The bound that every integer has, and the pattern that only spells out `format: date`. */
const dropNoise = (schema: { maximum?: unknown; format?: unknown; pattern?: unknown }): void => {
  if (schema.maximum === Number.MAX_SAFE_INTEGER) delete schema.maximum;
  if (schema.format === 'date') delete schema.pattern;
};

/** What may stand at `path`; undefined where nothing may. */
export const schemaAt = (root: JsonSchema, path: readonly PropertyKey[]): JsonSchema | undefined =>
  path.reduce<JsonSchema | undefined>((schema, step) => schema && childOf(schema, step), root);

const childOf = (schema: JsonSchema, step: PropertyKey): JsonSchema | undefined => {
  const { properties = {}, additionalProperties, items, anyOf } = schema;
  if (anyOf) return anyOf.map((it) => childOf(it, step)).find((it) => it !== undefined);
  if (typeof step === 'number') return items;
  const name = String(step);
  return Object.hasOwn(properties, name) ? properties[name] : additionalProperties || undefined;
};
