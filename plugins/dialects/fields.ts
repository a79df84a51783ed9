import type { Vendor } from '../model/request.ts';
import { RequestError } from '../refusals.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../wire/json.ts';

/**
 * The members of one object of a client's request, read by name. A member of the wrong type is refused with the
 * client's own path to it; null counts as absent, as the providers' schemas allow almost everywhere. What was not read is
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

  /** The names under which a member may stand, its own first. */
  protected namesOf(key: string): readonly string[] {
    return [key];
  }

  /** What stands for a number; undefined: none does. */
  protected numberOf(value: JsonValue): number | undefined {
    return typeof value === 'number' ? value : undefined;
  }

  /** The client's path to a member. */
  at(key: string): string {
    return this.path === '' ? key : `${this.path}.${key}`;
  }

  take(key: string): JsonValue | undefined {
    for (const name of this.namesOf(key)) this.#read.add(name);
    return this.peek(key);
  }

  /** The member, still counted among the `rest`. */
  peek(key: string): JsonValue | undefined {
    for (const name of this.namesOf(key)) {
      const value = this.wire[name];
      if (value !== undefined && value !== null) return value;
    }
    return undefined;
  }

  /** Puts a member back among the `rest`. */
  leave(key: string): void {
    for (const name of this.namesOf(key)) this.#read.delete(name);
  }

  /** What `table` says of the member; a value that is not in it stays among the `rest`. */
  known<T>(key: string, table: ReadonlyMap<JsonValue | undefined, T>): T | undefined {
    const value = table.get(this.peek(key));
    if (value !== undefined) this.take(key);
    return value;
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
    if (value === undefined) return undefined;
    const number = this.numberOf(value);
    if (number === undefined) throw wrongType(this.at(key), 'a number', value);
    return number;
  }

  /** A whole number, at least 0. */
  count(key: string): number {
    return this.optionalCount(key) ?? this.#missing(key, 'a whole number');
  }

  optionalCount(key: string): number | undefined {
    const value = this.optionalNumber(key);
    if (value === undefined || (Number.isSafeInteger(value) && value >= 0)) return value;
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

  optionalStrings(key: string): string[] | undefined {
    return this.optionalList(key)?.map((entry, at) => {
      if (typeof entry === 'string') return entry;
      throw wrongType(`${this.at(key)}[${at}]`, 'a string', entry);
    });
  }

  optionalObject(key: string): this | undefined {
    const value = this.take(key);
    if (value === undefined) return undefined;
    const Same = this.constructor as new (value: JsonValue, path: string) => this;
    return new Same(value, this.at(key));
  }

  object(key: string): this {
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

  /** The `rest`, where there is any. */
  get someRest(): Vendor | undefined {
    const { rest } = this;
    for (const _ in rest) return rest;
    return undefined;
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
  new RequestError('invalid_request', { param: path, message: `${path || 'body'}: expected ${expected}.` });

const nameOfType = (value: JsonValue): string => {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
};
