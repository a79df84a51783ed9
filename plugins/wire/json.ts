import { isUtf8 } from 'node:buffer';

export type JsonValue = string | number | boolean | null | JsonValue[] | JsonObject;
export interface JsonObject {
  [key: string]: JsonValue;
}

/** Deepest nesting of a request that is read; deeper ones are refused. */
export const maxJsonDepth = 100;

/** Why a text is no JSON that we pass on: what is wrong and where. */
export class JsonError extends Error {
  override readonly name = 'JsonError';
}

/**
 * A JSON object together with the text that it was read from, so that what nobody changed can be sent on
 * byte for byte. Only texts that every JSON parser reads alike become documents.
 */
export interface JsonDocument {
  readonly text: string;
  readonly value: JsonObject;
  /** Where the value of each top-level member stands in `text`: [start, end). */
  readonly members: ReadonlyMap<string, readonly [start: number, end: number]>;
}

/**
 * Reads a JSON object that every reader must understand alike.
 *
 * Refused with a `JsonError` that names the place: invalid UTF-8, a byte order mark, syntax errors (NaN included),
 * anything but an object at the top, duplicate keys, lone surrogates, nesting deeper than `maxJsonDepth`.
 */
export const parseJsonDocument = (bytes: Uint8Array): JsonDocument => {
  if (!isUtf8(bytes)) throw new JsonError('the body is not valid UTF-8');
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  const members = scan(text);
  const value = parseText(text);
  if (text.includes('\\u')) refuseLoneSurrogates(value, '');
  return { text, value, members };
};

/** The text of `document` with the given top-level members set to JSON texts; everything else stays as it was. */
export const patchMembers = (document: JsonDocument, patches: Readonly<Record<string, string>>): string => {
  const edits: { start: number; end: number; text: string }[] = [];
  let added = '';
  for (const [key, text] of Object.entries(patches)) {
    const range = document.members.get(key);
    if (range) edits.push({ start: range[0], end: range[1], text });
    else added += `${added === '' && document.members.size === 0 ? '' : ','}${JSON.stringify(key)}:${text}`;
  }
  if (added !== '') {
    const brace = document.text.lastIndexOf('}');
    edits.push({ start: brace, end: brace, text: added });
  }
  edits.sort((a, b) => a.start - b.start);
  let out = '';
  let from = 0;
  for (const { start, end, text } of edits) {
    out += document.text.slice(from, start) + text;
    from = end;
  }
  return out + document.text.slice(from);
};

/** The value of a JSON text; undefined for a text that is none. For what providers and models write. */
export const parseJson = (text: string): JsonValue | undefined => {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return undefined;
  }
};

/** The object of a JSON text; undefined for any other text. */
export const parseJsonObject = (text: string): JsonObject | undefined => {
  const value = parseJson(text);
  return isJsonObject(value) ? value : undefined;
};

export const isJsonObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const parseText = (text: string): JsonObject => {
  try {
    return JSON.parse(text) as JsonObject; // an object: `scan` saw its brace
  } catch (cause) {
    const position = /position (\d+)/.exec(String(cause))?.[1];
    throw new JsonError(`the body is not valid JSON${position ? ` (at position ${position})` : ''}`);
  }
};

const quote = 0x22;
const comma = 0x2c;
const colon = 0x3a;
const openBracket = 0x5b;
const backslash = 0x5c;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;

/**
 * One pass over the text for what `JSON.parse` lets through: depth and duplicate keys. Returns the ranges of the
 * top-level members. Texts that are no JSON at all are left to `JSON.parse`, which runs next.
 */
const scan = (text: string): Map<string, readonly [number, number]> => {
  const members = new Map<string, readonly [number, number]>();
  let at = skipBlank(text, 0);
  if (text.charCodeAt(at) !== openBrace) throw new JsonError('the body must be a JSON object');
  // One entry per open container: its keys, or undefined for an array.
  const open: (Set<string> | undefined)[] = [];
  let expectsKey = false;
  let topKey: string | undefined;
  let topStart = 0;
  const closeTopMember = (end: number) => {
    if (topKey === undefined) return;
    members.set(topKey, [topStart, trimEnd(text, topStart, end)]);
    topKey = undefined;
  };
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === quote) {
      const end = endOfString(text, at);
      if (expectsKey) {
        expectsKey = false;
        const raw = text.slice(at + 1, end);
        const key = raw.includes('\\') ? unescapeKey(raw) : raw;
        const keys = open[open.length - 1];
        if (keys?.has(key))
          throw new JsonError(
            `the key ${JSON.stringify(key.slice(0, 80))} stands twice in one object (at position ${at})`,
          );
        keys?.add(key);
        if (open.length === 1) {
          const afterColon = text.indexOf(':', end) + 1;
          topKey = key;
          topStart = skipBlank(text, afterColon);
          at = afterColon - 1;
          continue;
        }
      }
      at = end;
    } else if (code === openBrace || code === openBracket) {
      open.push(code === openBrace ? new Set() : undefined);
      if (open.length > maxJsonDepth)
        throw new JsonError(`the body is nested deeper than ${maxJsonDepth} levels`);
      expectsKey = code === openBrace;
    } else if (code === closeBrace || code === closeBracket) {
      if (open.length === 1) closeTopMember(at);
      open.pop();
      expectsKey = false;
    } else if (code === comma) {
      if (open.length === 1) closeTopMember(at);
      expectsKey = open[open.length - 1] !== undefined;
    } else if (code === colon) {
      expectsKey = false;
    }
  }
  return members;
};

const skipBlank = (text: string, from: number): number => {
  let at = from;
  while (isBlank(text.charCodeAt(at))) at++;
  return at;
};

const trimEnd = (text: string, start: number, end: number): number => {
  let at = end;
  while (at > start && isBlank(text.charCodeAt(at - 1))) at--;
  return at;
};

const isBlank = (code: number): boolean => code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;

/** The index of the quote that ends the string opening at `start`. */
const endOfString = (text: string, start: number): number => {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let slashes = 0;
    while (text.charCodeAt(end - 1 - slashes) === backslash) slashes++;
    if (slashes % 2 === 0) return end;
  }
  throw new JsonError(`a string is not closed (it opens at position ${start})`);
};

const unescapeKey = (raw: string): string => {
  try {
    return JSON.parse(`"${raw}"`) as string;
  } catch {
    throw new JsonError('a key holds an invalid escape');
  }
};

const refuseLoneSurrogates = (value: JsonValue, path: string): void => {
  if (typeof value === 'string') {
    if (!value.isWellFormed()) throw new JsonError(`${path || 'the body'} holds a lone surrogate`);
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  for (const [key, child] of Object.entries(value)) {
    if (!key.isWellFormed()) throw new JsonError(`a key in ${path || 'the body'} holds a lone surrogate`);
    refuseLoneSurrogates(
      child,
      Array.isArray(value) ? `${path}[${key}]` : path === '' ? key : `${path}.${key}`,
    );
  }
};
