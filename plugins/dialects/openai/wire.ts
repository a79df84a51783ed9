import { isJsonObject, type JsonObject, type JsonValue } from '../../wire/json.ts';

/** Is `value` a string with something in it? */
export const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';

/** `base` with the members of `over` set, objects member by member. */
export const merge = (base: Readonly<JsonObject>, over: Readonly<JsonObject>): JsonObject => {
  const merged: JsonObject = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const below = merged[key];
    merged[key] = isJsonObject(below) && isJsonObject(value) ? merge(below, value) : value;
  }
  return merged;
};

/** What must be merged over `written` so that it says all that `wire` says. */
export const difference = (wire: Readonly<JsonObject>, written: Readonly<JsonObject>): JsonObject => {
  const rest: JsonObject = {};
  for (const [key, value] of Object.entries(wire)) {
    const ours = written[key];
    if (isJsonObject(value) && isJsonObject(ours)) {
      const inner = difference(value, ours);
      if (!isEmptyObject(inner)) rest[key] = inner;
    } else if (ours === undefined || JSON.stringify(value) !== JSON.stringify(ours)) rest[key] = value;
  }
  return rest;
};

export const isEmptyObject = (value: object): boolean => {
  for (const _ in value) return false;
  return true;
};

/** Sets `key` unless the bag has nothing in it. */
export const bag = (key: string, vendor: Readonly<JsonObject>): JsonObject =>
  isEmptyObject(vendor) ? {} : { [key]: { ...vendor } };

/** `value` when it is a string, else nothing. */
export const textOf = (value: JsonValue | undefined): string => (typeof value === 'string' ? value : '');
