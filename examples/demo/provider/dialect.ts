import type { IncomingHttpHeaders } from 'node:http';
import { isJsonObject, type JsonObject, type JsonValue } from '../../../plugins/wire/json.ts';
import type { Answer, Ask } from './ask.ts';

/** How the error is told beyond its status; each dialect has its own place for it. */
export interface ErrorDetail {
  readonly code?: string;
  readonly param?: string;
  /** Anthropic only: what a request has that the server cannot do, by its own names. */
  readonly unsupported?: readonly string[];
}

/** Why this provider does not answer a call. */
export class ProviderError extends Error {
  override readonly name = 'ProviderError';
  readonly status: number;
  readonly detail: ErrorDetail;

  constructor(status: number, message: string, detail: ErrorDetail = {}) {
    super(message);
    this.status = status;
    this.detail = detail;
  }
}

/** A 400 that names the place. */
export const wrong = (param: string, message: string, code = 'invalid_value'): ProviderError =>
  new ProviderError(400, `${param}: ${message}`, { code, param });

/** One API as its provider sees it: what it takes, refuses and sends. */
export interface ProviderDialect {
  /** Path of its chat calls. */
  readonly path: string;
  /** What a path says instead of the body, where it does; undefined for one that is no chat call. */
  saidByPath?(path: string): JsonObject | undefined;
  /** The headers that it takes a key in, one is enough, and their values. */
  credentials(key: string): Readonly<Record<string, string>>;
  /** Reads a call. Throws a `ProviderError` for whatever this API would not take, the bodies of other APIs first of all. */
  readAsk(body: JsonObject, headers: IncomingHttpHeaders, said: JsonObject): Ask;
  /** A whole answer. */
  unary(answer: Answer, ask: Ask): JsonObject;
  /** A streamed answer, one server-sent event each. */
  frames(answer: Answer, ask: Ask): string[];
  errorBody(error: ProviderError): JsonObject;
  /** An error inside a stream. */
  errorFrame(error: ProviderError): string;
  models(names: readonly string[]): JsonObject;
  /** Whole answers to its other calls, by path: embeddings, images, counts. */
  readonly others?: Readonly<Record<string, (body: JsonObject) => JsonObject>>;
}

/** A member that must be a list of objects. */
export const objectsIn = (value: JsonValue | undefined, where: string): JsonObject[] => {
  if (!Array.isArray(value)) throw wrong(where, 'expected a list', 'invalid_type');
  return value.map((entry, index) => objectIn(entry, `${where}[${index}]`));
};

export const objectIn = (value: JsonValue | undefined, where: string): JsonObject => {
  if (!isJsonObject(value)) throw wrong(where, 'expected an object', 'invalid_type');
  return value;
};

export const textIn = (value: JsonValue | undefined, where: string): string => {
  if (typeof value !== 'string') throw wrong(where, 'expected a string', 'invalid_type');
  return value;
};

/** Absent and null are alike. */
export const countIn = (value: JsonValue | undefined, where: string): number | undefined => {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0) return value;
  throw wrong(where, 'expected a whole number', 'invalid_type');
};

export const refuseUnknown = (object: JsonObject, known: ReadonlySet<string>, where: string): void => {
  const unknown = Object.keys(object).find((key) => !known.has(key));
  if (unknown !== undefined) throw wrong(`${where}${unknown}`, 'unknown parameter', 'unknown_parameter');
};

/** `text` in pieces of `length`; the last may be shorter. */
export const slices = (text: string, length: number): string[] =>
  Array.from({ length: Math.ceil(text.length / length) }, (_, index) =>
    text.slice(index * length, (index + 1) * length),
  );
