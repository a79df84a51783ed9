import type { Vendor } from '../../model/request.ts';
import { RequestError } from '../../refusals.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../wire/json.ts';
import { member, snakeOf } from './wire.ts';

/**
 * Reads the members of one wire object by their camelCase names; clients may spell them in snake_case as well. A
 * member of the wrong type is refused with the client's path to it; null counts as absent. What nobody asked for is left
 * over as `rest`.
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

  /** The path to a member. */
  at(key: string): string {
    return this.path === '' ? key : `${this.path}.${key}`;
  }

  take(key: string): JsonValue | undefined {
    this.#read.add(key);
    this.#read.add(snakeOf(key));
    return member(this.wire, key);
  }

  /** The member, still counted among the `rest`. */
  peek(key: string): JsonValue | undefined {
    return member(this.wire, key);
  }

  optionalString(key: string): string | undefined {
    const value = this.take(key);
    if (value === undefined || typeof value === 'string') return value;
    throw wrongType(this.at(key), 'a string', value);
  }

  string(key: string): string {
    return this.optionalString(key) ?? this.#missing(key, 'a string');
  }

  /** Numbers may come as strings, too. */
  optionalNumber(key: string): number | undefined {
    const value = this.take(key);
    if (value === undefined || typeof value === 'number') return value;
    if (typeof value === 'string' && value.trim() !== '' && Number.isFinite(Number(value)))
      return Number(value);
    throw wrongType(this.at(key), 'a number', value);
  }

  /** A whole number, at least 0. */
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

  optionalStrings(key: string): string[] | undefined {
    return this.optionalList(key)?.map((entry, at) => {
      if (typeof entry === 'string') return entry;
      throw wrongType(`${this.at(key)}[${at}]`, 'a string', entry);
    });
  }

  optionalObject(key: string): Fields | undefined {
    const value = this.take(key);
    return value === undefined ? undefined : new Fields(value, this.at(key));
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
export const wrongType = (path: string, expected: string, value: JsonValue | undefined): RequestError =>
  badValue(
    path,
    value === undefined ? `${expected}, found nothing` : `${expected}, found ${typeName(value)}`,
  );

/** The refusal of a value at `path` that is none of what is `expected`. */
export const badValue = (path: string, expected: string): RequestError =>
  new RequestError('invalid_request', { param: path, message: `${path || 'body'}: expected ${expected}.` });

const typeName = (value: JsonValue): string => {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
};
