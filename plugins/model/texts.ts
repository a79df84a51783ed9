import type { JsonObject, JsonValue } from '../wire/json.ts';
import type { ModelRequest, Part, SystemBlock, Tool, Turn } from './request.ts';

/** Whose words a text of a request is. */
export type TextPlace =
  | 'system'
  | 'user'
  | 'assistant'
  | 'reasoning'
  /** Arguments of an earlier tool call: the strings in their JSON. */
  | 'tool-input'
  /** What a tool gave back. */
  | 'tool-result'
  /** Text of a file or of a document that the provider reads as one. */
  | 'document'
  /** What the caller tells the model about a tool: descriptions and schemas. */
  | 'tool-definition'
  /** Strings in wire fields without a place in the model. */
  | 'vendor';

/** Gives the text to put in place of `text`; the same text when nothing is to change. */
export type TextVisitor = (text: string, place: TextPlace) => string;

/**
 * Visits every text of a request that reaches a model as words, and puts what the visitor gives in its place. Bytes
 * (images, audio, seals, ids) and names of tools are not words. Nodes without a change keep their identity, the request
 * included. Reasoning whose text changes loses its seal with its part: the seal is over the old words.
 */
export const mapTexts = (request: ModelRequest, visit: TextVisitor): ModelRequest => {
  const at = (place: TextPlace) => (text: string) => visit(text, place);
  const change = {
    system: mapSame(request.system, (it) => mapSystem(it, at)),
    turns: mapSame(request.turns, (it) => mapTurn(it, at)),
    tools: mapSame(request.tools, (it) => mapTool(it, at)),
    vendor: mapJson(request.vendor, at('vendor')) as JsonObject,
    output:
      request.output && (mapJson(request.output as unknown as JsonValue, at('tool-definition')) as unknown),
    metadata: request.metadata && (mapJson(request.metadata, at('vendor')) as JsonObject),
    endUser: request.endUser === undefined ? undefined : visit(request.endUser, 'vendor'),
  };
  return replaced(request, change as Partial<ModelRequest>);
};

/** Visits the same texts, to read them only. */
export const eachText = (request: ModelRequest, read: (text: string, place: TextPlace) => void): void => {
  mapTexts(request, (text, place) => {
    read(text, place);
    return text;
  });
};

/** As `eachText`, for the texts of one turn. */
export const eachTurnText = (turn: Turn, read: (text: string, place: TextPlace) => void): void => {
  mapTurn(turn, (place) => (text) => {
    read(text, place);
    return text;
  });
};

type At = (place: TextPlace) => (text: string) => string;

const mapSystem = (block: SystemBlock, at: At): SystemBlock =>
  replaced(block, {
    text: at('system')(block.text),
    ...(block.vendor ? { vendor: mapJson(block.vendor, at('vendor')) as JsonObject } : {}),
  });

const rolePlaces = {
  user: 'user',
  system: 'system',
  assistant: 'assistant',
  tool: 'tool-result',
} as const satisfies Record<Turn['role'], TextPlace>;

const mapTurn = (turn: Turn, at: At): Turn => {
  const place = rolePlaces[turn.role];
  const parts = mapSame(turn.parts, (part) => mapPart(part, place, at));
  return replaced(turn, {
    parts,
    ...(turn.vendor ? { vendor: mapJson(turn.vendor, at('vendor')) as JsonObject } : {}),
  });
};

/** Undefined: the part cannot stay. */
const mapPart = (part: Part, place: TextPlace, at: At): Part | undefined => {
  const vendor = part.vendor ? { vendor: mapJson(part.vendor, at('vendor')) as JsonObject } : {};
  switch (part.type) {
    case 'text':
    case 'refusal':
      return replaced(part, { text: at(place)(part.text), ...vendor });
    case 'reasoning': {
      const text = at('reasoning')(part.text);
      return text === part.text || part.signature === undefined
        ? replaced(part, { text, ...vendor })
        : undefined;
    }
    case 'tool-call':
      return replaced(part, { input: mapJsonText(part.input, at('tool-input')), ...vendor });
    case 'tool-result':
      return replaced(part, {
        parts: mapSame(part.parts, (it) => mapPart(it, 'tool-result', at)),
        ...vendor,
      });
    case 'file':
      return part.source.kind === 'text'
        ? replaced(part, {
            source: replaced(part.source, { text: at('document')(part.source.text) }),
            ...vendor,
          })
        : replaced(part, vendor);
    case 'opaque':
      return replaced(part, { value: mapJson(part.value, at('vendor')), ...vendor });
    default:
      return replaced(part, vendor);
  }
};

const mapTool = (tool: Tool, at: At): Tool => {
  const visit = at('tool-definition');
  if (tool.kind === 'opaque') return replaced(tool, { value: mapJson(tool.value, visit) });
  return replaced(tool, {
    ...(tool.description === undefined ? {} : { description: visit(tool.description) }),
    ...(tool.schema === undefined ? {} : { schema: mapJson(tool.schema, visit) as JsonObject }),
    ...(tool.vendor ? { vendor: mapJson(tool.vendor, at('vendor')) as JsonObject } : {}),
  });
};

/** JSON in a text: its strings one by one, so that it stays JSON. What is no JSON is a text like any other. */
export const mapJsonText = (json: string, visit: (text: string) => string): string => {
  let value: JsonValue;
  try {
    value = JSON.parse(json) as JsonValue;
  } catch {
    return visit(json);
  }
  const mapped = mapJson(value, visit);
  return mapped === value ? json : JSON.stringify(mapped);
};

/**
 * The strings of a value, and numbers long enough to name somebody; keys of objects are left alone. A number whose
 * digits change becomes a string. The value itself when none changes.
 */
export const mapJson = (value: JsonValue, visit: (text: string) => string): JsonValue => {
  if (typeof value === 'string') return isBytes(value) ? value : visit(value);
  if (typeof value === 'number') return mapNumber(value, visit);
  if (Array.isArray(value))
    return mapSame(value as readonly JsonValue[], (it) => mapJson(it, visit)) as JsonValue;
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value as JsonObject);
  const mapped = entries.map(([key, it]) => [key, mapJson(it as JsonValue, visit)] as const);
  return mapped.every(([, it], index) => it === entries[index]?.[1]) ? value : Object.fromEntries(mapped);
};

/** Account, card and social security numbers; shorter ones are counts and sizes. */
const leastTelling = 10_000_000;

const mapNumber = (value: number, visit: (text: string) => string): JsonValue => {
  if (!Number.isSafeInteger(value) || Math.abs(value) < leastTelling) return value;
  const digits = String(value);
  const mapped = visit(digits);
  return mapped === digits ? value : mapped;
};

/** Longer than any word: base64, which would break where a pattern seems to fit. */
const isBytes = (text: string): boolean =>
  text.startsWith('data:') || (text.length > 512 && /^[A-Za-z0-9+/_-]+={0,2}$/.test(text));

/** The same array when no element changes; elements that become undefined are left out. */
const mapSame = <T>(list: readonly T[], map: (it: T) => T | undefined): readonly T[] => {
  let changed: T[] | undefined;
  for (const [index, it] of list.entries()) {
    const next = map(it);
    if (next !== it) changed ??= list.slice(0, index);
    if (next !== undefined) changed?.push(next);
  }
  return changed ?? list;
};

/** The same object when no member changes. */
const replaced = <T extends object>(node: T, change: Partial<T>): T =>
  (Object.keys(change) as (keyof T)[]).every((key) => change[key] === node[key])
    ? node
    : { ...node, ...change };
