import type { Vendor } from '../../model/request.ts';
import { RequestError } from '../../refusals.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../wire/json.ts';

/**
 * The members of one object of a client's request, read by name. A member of the wrong type is refused with the
 * client's own path to it; null counts as absent, as OpenAI's schema allows almost everywhere. What was not read is
 * left over as `rest`.
 */
export class Fields {
  readonly wire: JsonObject;
  readonly path: string;
  readonly #read = new Set<string>();

  constructor(value: JsonValue | undefined, path: string) {
    if (!isJsonObject(value)) throw wrongType(path, 'an object', value);
    this.wire = value;
    this.path = path;
  }

  /** The client's path to a member. */
  at(key: string): string {
    return this.path === '' ? key : `${this.path}.${key}`;
  }

  take(key: string): JsonValue | undefined {
    this.#read.add(key);
    return this.wire[key] ?? undefined;
  }

  /** Puts a member back among the `rest`. */
  leave(key: string): void {
    this.#read.delete(key);
  }

  string(key: string): string {
    return this.optionalString(key) ?? this.#missing(key, 'a string');
  }

  optionalString(key: string): string | undefined {
    const value = this.take(key);
    if (value === undefined || typeof value === 'string') return value;
    throw wrongType(this.at(key), 'a string', value);
  }

  optionalNumber(key: string): number | undefined {
    const value = this.take(key);
    if (value === undefined || typeof value === 'number') return value;
    throw wrongType(this.at(key), 'a number', value);
  }

  /** A whole number, at least 0. */
  optionalCount(key: string): number | undefined {
    const value = this.optionalNumber(key);
    if (value === undefined || (Number.isInteger(value) && value >= 0)) return value;
    throw badValue(this.at(key), 'a whole number of at least 0');
  }

  optionalBoolean(key: string): boolean | undefined {
    const value = this.take(key);
    if (value === undefined || typeof value === 'boolean') return value;
    throw wrongType(this.at(key), 'true or false', value);
  }

  optionalList(key: string): JsonValue[] | undefined {
    const value = this.take(key);
    if (value === undefined || Array.isArray(value)) return value;
    throw wrongType(this.at(key), 'an array', value);
  }

  list(key: string): JsonValue[] {
    return this.optionalList(key) ?? this.#missing(key, 'an array');
  }

  optionalObject(key: string): Fields | undefined {
    const value = this.take(key);
    return value === undefined ? undefined : new Fields(value, this.at(key));
  }

  object(key: string): Fields {
    return this.optionalObject(key) ?? this.#missing(key, 'an object');
  }

  /** The members that were not read and are not null. */
  get rest(): Vendor {
    const rest: JsonObject = {};
    for (const key in this.wire) {
      const value = this.wire[key];
      if (value !== null && value !== undefined && !this.#read.has(key)) rest[key] = value;
    }
    return rest;
  }

  #missing(key: string, expected: string): never {
    throw wrongType(this.at(key), expected, undefined);
  }
}

/** The refusal of a value of the wrong type at `path`. Names the types, never the value. */
export const wrongType = (path: string, expected: string, value: JsonValue | undefined): RequestError => {
  const found = value === undefined ? 'nothing' : nameOfType(value);
  return badValue(path, `${expected}, found ${found}`);
};

/** The refusal of a value at `path` that is none of what is `expected`. */
export const badValue = (path: string, expected: string): RequestError =>
  new RequestError('invalid_request', { param: path, message: `${path}: expected ${expected}.` });

const nameOfType = (value: JsonValue): string => {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
};
