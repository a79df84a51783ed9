import type { AudioPart, FilePart, ImagePart, Part, Source } from '../../model/request.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../wire/json.ts';
import { present } from '../../wire/present.ts';
import { Fields, wrongType } from '../fields.ts';
import { extras } from '../openai/extras.ts';
import { sourceOfFile, sourceOfUrl, urlOf } from '../openai/sources.ts';
import { bag } from '../openai/wire.ts';
import { unsupported, type Writing } from '../openai/writing.ts';
import { readFrom, wireOf } from './provenance.ts';
import { name } from './wire.ts';

/** The parts of a message's `content`: text, or a list of parts of any type. Null and empty text hold none. */
export const decodeContent = (message: Fields): Part[] => {
  const content = message.take('content');
  if (content === undefined || content === '') return [];
  if (typeof content === 'string') return [{ type: 'text', text: content }];
  if (Array.isArray(content))
    return content.map((item, at) => decodePart(item, `${message.path}.content[${at}]`));
  throw wrongType(message.at('content'), 'a string or an array of parts', content);
};

const decodePart = (value: JsonValue, path: string): Part => {
  const fields = new Fields(value, path);
  const type = fields.string('type');
  const read = readers.get(type)?.(fields);
  const part = read ?? { type: 'opaque', dialect: name, wireType: type, value: fields.wire };
  return readFrom(part, fields.wire);
};

/** A part of a type that has a place in the model; undefined when its members do not fit there. */
const readers: ReadonlyMap<string, (fields: Fields) => Part | undefined> = new Map<
  string,
  (fields: Fields) => Part | undefined
>([
  ['text', (fields) => ({ type: 'text', text: fields.string('text'), ...extras(fields) })],
  ['refusal', (fields) => ({ type: 'refusal', text: fields.string('refusal'), ...extras(fields) })],
  ['image_url', (fields) => decodeImage(fields)],
  ['input_audio', (fields) => decodeAudio(fields)],
  ['file', (fields) => decodeFile(fields)],
  ['thinking', (fields) => decodeThinking(fields)],
]);

/** `image_url` is an object; several compatible servers also take the URL alone. */
const decodeImage = (fields: Fields): Part => {
  const image = typeof fields.wire.image_url === 'string' ? undefined : fields.object('image_url');
  const url = image ? image.string('url') : fields.string('image_url');
  const detail = image?.optionalString('detail');
  return {
    type: 'image',
    source: sourceOfUrl(url),
    ...present({ detail }),
    ...extras(fields, bag('image_url', image?.rest ?? {})),
  };
};

const decodeAudio = (fields: Fields): Part => {
  const audio = fields.object('input_audio');
  const format = audio.string('format');
  return {
    type: 'audio',
    source: { kind: 'base64', mediaType: `audio/${format}`, data: audio.string('data') },
    format,
    ...extras(fields, bag('input_audio', audio.rest)),
  };
};

const decodeFile = (fields: Fields): Part | undefined => {
  const file = fields.object('file');
  const fileId = file.optionalString('file_id');
  const content = file.optionalString('file_data');
  if (fileId === undefined && content === undefined) return undefined;
  const source: Source =
    fileId === undefined ? sourceOfFile(content ?? '') : { kind: 'file', fileId, owner: name };
  const filename = file.optionalString('filename');
  return { type: 'file', source, ...present({ filename }), ...extras(fields, bag('file', file.rest)) };
};

/** Mistral's reasoning, as it stands in the history of a conversation (docs.mistral.ai, "Reasoning", read 2026-11-24). */
const decodeThinking = (fields: Fields): Part | undefined => {
  const text = thinkingText(fields.take('thinking'));
  return text === undefined ? undefined : { type: 'reasoning', text, vendor: fields.rest };
};

/** The text of Mistral's `thinking`, a list of text items; undefined when there is anything else in it. */
export const thinkingText = (items: JsonValue | undefined): string | undefined => {
  if (typeof items === 'string') return items;
  if (!Array.isArray(items)) return undefined;
  const texts = items.map((item) => (isJsonObject(item) ? item.text : item));
  return texts.every((text) => typeof text === 'string') ? texts.join('') : undefined;
};

/** Parts that this API takes from users only. */
export const isMedia = (part: Part): boolean =>
  part.type === 'image' || part.type === 'audio' || (part.type === 'file' && part.source.kind !== 'text');

/** One item of a `content` list. Throws `RequestError('unsupported_field')` at `path` for what Chat cannot say. */
export const encodePart = (part: Part, path: string, writing: Writing): JsonObject =>
  wireOf(part) ?? writing.extend(partBody(part, path), part, 'messages.content.');

const partBody = (part: Part, path: string): JsonObject => {
  switch (part.type) {
    case 'text':
      return { type: 'text', text: part.text };
    case 'refusal':
      return { type: 'refusal', refusal: part.text };
    case 'image':
      return {
        type: 'image_url',
        image_url: { url: imageUrl(part, path), ...present({ detail: part.detail }) },
      };
    case 'audio':
      return { type: 'input_audio', input_audio: { data: audioBytes(part, path), format: part.format } };
    case 'file':
      return fileBody(part, path);
    case 'reasoning':
      return { type: 'thinking', thinking: [{ type: 'text', text: part.text }] };
    case 'opaque':
      if (part.dialect === name && isJsonObject(part.value)) return part.value;
      throw unsupported(path, `a part of type ${part.wireType}`);
    default:
      throw unsupported(path, `a part of type ${part.type} here`);
  }
};

const imageUrl = ({ source }: ImagePart, path: string): string => {
  if (source.kind === 'file') throw unsupported(path, 'an image by file id');
  return urlOf(source);
};

const audioBytes = ({ source }: AudioPart, path: string): string => {
  if (source.kind !== 'base64') throw unsupported(path, 'audio other than base64');
  return source.data;
};

const fileBody = ({ source, filename }: FilePart, path: string): JsonObject => {
  switch (source.kind) {
    case 'text':
      return { type: 'text', text: source.text };
    case 'base64':
      // The API wants a name with every file that is sent along.
      return { type: 'file', file: { filename: filename ?? defaultFilename, file_data: urlOf(source) } };
    case 'file':
      if (source.owner !== name) throw unsupported(path, 'a file of another provider');
      return { type: 'file', file: { file_id: source.fileId, ...present({ filename }) } };
    case 'url':
      throw unsupported(path, 'a file by URL');
  }
};

const defaultFilename = 'document.pdf';
