import type { Vendor } from '../../model/request.ts';
import { RequestError } from '../../refusals.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../wire/json.ts';

/**
 * Reads the members of one wire object. A member of the wrong type is refused with the client's own path to it; an
 * optional one that is null counts as absent. What nobody asked for is left over as `rest`.
 */
export class Fields {
  readonly path: string;
  readonly #value: JsonObject;
  readonly #read = new Set<string>();

  constructor(value: JsonValue | undefined, path: string) {
    if (!isJsonObject(value)) throw unexpected(path, 'an object', value);
    this.#value = value;
    this.path = path;
  }

  /** The member as it came; undefined when absent or null. */
  take(key: string): JsonValue | undefined {
    this.#read.add(key);
    return this.#value[key] ?? undefined;
  }

  /** The member, still counted among the `rest`. */
  peek(key: string): JsonValue | undefined {
    return this.#value[key] ?? undefined;
  }

  string(key: string): string {
    return this.optionalString(key) ?? this.#missing(key, 'a string');
  }

  optionalString(key: string): string | undefined {
    const value = this.take(key);
    if (value === undefined || typeof value === 'string') return value;
    throw unexpected(this.at(key), 'a string', value);
  }

  /** A whole number of at least 0. */
  count(key: string): number {
    return this.optionalCount(key) ?? this.#missing(key, 'an integer');
  }

  optionalCount(key: string): number | undefined {
    const value = this.optionalNumber(key);
    if (value === undefined || (Number.isSafeInteger(value) && value >= 0)) return value;
    throw unexpected(this.at(key), 'an integer of at least 0', value);
  }

  optionalNumber(key: string): number | undefined {
    const value = this.take(key);
    if (value === undefined || typeof value === 'number') return value;
    throw unexpected(this.at(key), 'a number', value);
  }

  optionalBoolean(key: string): boolean | undefined {
    const value = this.take(key);
    if (value === undefined || typeof value === 'boolean') return value;
    throw unexpected(this.at(key), 'true or false', value);
  }

  /** What `table` says of the member; a value that is not in it stays among the `rest`. */
  known<T>(key: string, table: ReadonlyMap<JsonValue | undefined, T>): T | undefined {
    const value = table.get(this.#value[key]);
    if (value !== undefined) this.#read.add(key);
    return value;
  }

  object(key: string): Fields {
    return this.optionalObject(key) ?? this.#missing(key, 'an object');
  }

  optionalObject(key: string): Fields | undefined {
    const value = this.take(key);
    return value === undefined ? undefined : new Fields(value, this.at(key));
  }

  list(key: string): JsonValue[] {
    return this.optionalList(key) ?? this.#missing(key, 'an array');
  }

  optionalList(key: string): JsonValue[] | undefined {
    const value = this.take(key);
    if (value === undefined || Array.isArray(value)) return value;
    throw unexpected(this.at(key), 'an array', value);
  }

  /** The client's path to a member. */
  at(key: string): string {
    return this.path === '' ? key : `${this.path}.${key}`;
  }

  /** The object as it came. */
  get wire(): JsonObject {
    return this.#value;
  }

  /** The members that were not read, without those that are null; undefined when there are none. */
  get rest(): Vendor | undefined {
    const kept = Object.entries(this.#value).filter(([key, value]) => value !== null && !this.#read.has(key));
    return kept.length === 0 ? undefined : Object.fromEntries(kept);
  }

  #missing(key: string, expected: string): never {
    throw unexpected(this.at(key), expected, undefined);
  }
}

/** The refusal of a value at `path`; names its type, never the value. */
export const unexpected = (path: string, expected: string, value: JsonValue | undefined): RequestError => {
  const message =
    value === undefined
      ? `${path}: required, expected ${expected}.`
      : `${path}: expected ${expected}, got ${typeName(value)}.`;
  return new RequestError('invalid_request', { param: path, message });
};

/** The refusal of a value of the right type that may not stand at `path`. */
export const invalid = (path: string, expected: string): RequestError =>
  new RequestError('invalid_request', { param: path, message: `${path}: expected ${expected}.` });

const typeName = (value: JsonValue): string => {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
};
