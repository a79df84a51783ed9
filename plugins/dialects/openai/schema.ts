import { isJsonObject, type JsonValue } from '../../wire/json.ts';

/**
 * Does OpenAI's strict mode take this JSON Schema: an object at the top, every object closed and all its properties
 * required (OpenAI docs, "Structured outputs", read 2026-11-24)?
 */
export const isStrict = (schema: Readonly<Record<string, JsonValue>>): boolean =>
  schema.type === 'object' && closesAllObjects({ ...schema });

const closesAllObjects = (schema: JsonValue): boolean => {
  if (Array.isArray(schema)) return schema.every(closesAllObjects);
  if (!isJsonObject(schema)) return true;
  const properties = isJsonObject(schema.properties) ? Object.keys(schema.properties) : [];
  const required = Array.isArray(schema.required) ? schema.required : [];
  const open = schema.type === 'object' && schema.additionalProperties !== false;
  return (
    !open &&
    properties.every((property) => required.includes(property)) &&
    Object.values(schema).every(closesAllObjects)
  );
};
