import type { CacheMark, FilePart, Part, Source } from '../../model/request.ts';
import type { JsonValue } from '../../wire/json.ts';
import { present } from '../../wire/present.ts';
import { Fields, wrongType } from '../fields.ts';
import { readFrom } from './provenance.ts';

/** The `content` of a message or of a tool result: a string, or blocks in order. */
export const decodeBlocks = (content: JsonValue | undefined, path: string): Part[] => {
  if (typeof content === 'string') return [{ type: 'text', text: content }];
  if (Array.isArray(content)) return content.map((block, at) => decodeBlock(block, `${path}[${at}]`));
  throw wrongType(path, 'a string or an array of content blocks', content);
};

/** Takes `cache_control`; a mark that the model cannot hold stays in the `rest`. */
export const decodeCache = (fields: Fields): CacheMark | undefined => {
  const wire = fields.peek('cache_control');
  if (wire === undefined) return undefined;
  const mark = new Fields(wire, fields.at('cache_control'));
  const isEphemeral = mark.take('type') === 'ephemeral';
  const ttl = mark.known('ttl', lifetimes);
  if (!isEphemeral || mark.someRest) return undefined;
  fields.take('cache_control');
  return present({ ttl });
};

const lifetimes: ReadonlyMap<JsonValue | undefined, NonNullable<CacheMark['ttl']>> = new Map([
  ['5m', '5m'],
  ['1h', '1h'],
]);

const decodeBlock = (block: JsonValue, path: string): Part => {
  const fields = new Fields(block, path);
  const type = fields.string('type');
  const read = decoders.get(type)?.(fields);
  if (!read) return { type: 'opaque', dialect: 'anthropic-messages', wireType: type, value: block };
  return readFrom({ ...read, ...present({ cache: decodeCache(fields), vendor: fields.someRest }) }, block);
};

/** What a decoder reads of its block; undefined when only this dialect can understand it. */
type DecodeBlock = (fields: Fields) => Part | undefined;

const decodeImage: DecodeBlock = (fields) => {
  const source = decodeSource(fields.object('source'));
  return source && { type: 'image', source };
};

const decodeDocument: DecodeBlock = (fields) => {
  const source = decodeDocumentSource(fields.object('source'));
  return source && { type: 'file', source, ...present({ filename: fields.optionalString('title') }) };
};

const decodeToolResult: DecodeBlock = (fields) => {
  const content = fields.take('content');
  return {
    type: 'tool-result',
    callId: fields.string('tool_use_id'),
    parts: content === undefined ? [] : decodeBlocks(content, fields.at('content')),
    ...present({ isError: fields.optionalBoolean('is_error') }),
  };
};

/** Every block that the model can hold. */
const decoders: ReadonlyMap<string, DecodeBlock> = new Map<string, DecodeBlock>([
  ['text', (fields) => ({ type: 'text', text: fields.string('text') })],
  ['image', decodeImage],
  ['document', decodeDocument],
  [
    'thinking',
    (fields) => ({
      type: 'reasoning',
      text: fields.string('thinking'),
      ...present({ signature: fields.optionalString('signature') || undefined }),
    }),
  ],
  ['redacted_thinking', (fields) => ({ type: 'reasoning', text: '', redacted: fields.string('data') })],
  [
    'tool_use',
    (fields) => ({
      type: 'tool-call',
      id: fields.string('id'),
      name: fields.string('name'),
      input: JSON.stringify(fields.object('input').wire),
    }),
  ],
  ['tool_result', decodeToolResult],
]);

const decodeSource = (source: Fields): Source | undefined => {
  switch (source.string('type')) {
    case 'base64':
      return { kind: 'base64', mediaType: source.string('media_type'), data: source.string('data') };
    case 'url':
      return { kind: 'url', url: source.string('url') };
    case 'file':
      return { kind: 'file', fileId: source.string('file_id'), owner: 'anthropic-messages' };
    default:
      return undefined;
  }
};

/** Documents may also be plain text. Custom chunks (`content` with blocks) stay opaque: only this API cites by chunk. */
const decodeDocumentSource = (source: Fields): FilePart['source'] | undefined => {
  switch (source.string('type')) {
    case 'text':
      return { kind: 'text', text: source.string('data') };
    case 'content': {
      const content = source.take('content');
      return typeof content === 'string' ? { kind: 'text', text: content } : undefined;
    }
    default:
      return decodeSource(source);
  }
};
