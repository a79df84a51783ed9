import type { AudioPart, FilePart, ImagePart, Part, Source, Turn } from '../../model/request.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../wire/json.ts';
import { present } from '../../wire/present.ts';
import { Fields, wrongType } from '../fields.ts';
import { extras } from '../openai/extras.ts';
import { sourceOfFile, sourceOfUrl, urlOf } from '../openai/sources.ts';
import { bag } from '../openai/wire.ts';
import { unsupported, type Writing } from '../openai/writing.ts';
import { readFrom, wireOf } from './provenance.ts';
import { name } from './wire.ts';

/** The parts of `content` or `output`: text, or a list of parts of any type. Null and empty text hold none. */
export const decodeContent = (item: Fields, member: 'content' | 'output'): Part[] => {
  const content = item.take(member);
  if (content === undefined || content === '') return [];
  if (typeof content === 'string') return [{ type: 'text', text: content }];
  if (Array.isArray(content)) return content.map((part, at) => decodePart(part, `${item.at(member)}[${at}]`));
  throw wrongType(item.at(member), 'a string or an array of parts', content);
};

const decodePart = (value: JsonValue, path: string): Part => {
  const fields = new Fields(value, path);
  const type = fields.string('type');
  const read = readers.get(type)?.(fields);
  const part = read ?? { type: 'opaque', dialect: name, wireType: type, value: fields.wire };
  return readFrom(part, fields.wire);
};

const decodeText = (fields: Fields): Part => {
  takeIfEmpty(fields);
  return { type: 'text', text: fields.string('text'), ...extras(fields) };
};

/** An answer that comes back brings its empty lists along. */
const takeIfEmpty = (fields: Fields): void => {
  for (const member of ['annotations', 'logprobs']) {
    const list = fields.wire[member];
    if (Array.isArray(list) && list.length === 0) fields.take(member);
  }
};

const decodeImage = (fields: Fields): Part | undefined => {
  const url = fields.optionalString('image_url');
  const fileId = fields.optionalString('file_id');
  if (url === undefined && fileId === undefined) return undefined;
  const source: Source =
    fileId === undefined ? sourceOfUrl(url ?? '') : { kind: 'file', fileId, owner: name };
  return {
    type: 'image',
    source,
    ...present({ detail: fields.optionalString('detail') }),
    ...extras(fields),
  };
};

const decodeFile = (fields: Fields): Part | undefined => {
  const filename = fields.optionalString('filename');
  const source = fileSource(fields);
  return source && { type: 'file', source, ...present({ filename }), ...extras(fields) };
};

const fileSource = (fields: Fields): Source | undefined => {
  const fileId = fields.optionalString('file_id');
  if (fileId !== undefined) return { kind: 'file', fileId, owner: name };
  const content = fields.optionalString('file_data');
  if (content !== undefined) return sourceOfFile(content);
  const url = fields.optionalString('file_url');
  return url === undefined ? undefined : { kind: 'url', url };
};

const decodeAudio = (fields: Fields): Part => {
  const audio = fields.object('input_audio');
  const format = audio.string('format');
  const source: Source = { kind: 'base64', mediaType: `audio/${format}`, data: audio.string('data') };
  return { type: 'audio', source, format, ...extras(fields, bag('input_audio', audio.rest)) };
};

/** A part of a type that has a place in the model; undefined when its members do not fit there. */
const readers: ReadonlyMap<string, (fields: Fields) => Part | undefined> = new Map<
  string,
  (fields: Fields) => Part | undefined
>([
  ['input_text', decodeText],
  ['output_text', decodeText],
  ['text', decodeText],
  ['refusal', (fields) => ({ type: 'refusal', text: fields.string('refusal'), ...extras(fields) })],
  ['input_image', decodeImage],
  ['input_file', decodeFile],
  ['input_audio', decodeAudio],
]);

/** Where a part is written: the client's path to it, and whose turn it is in. */
export interface Place {
  readonly path: string;
  readonly role: Turn['role'];
  readonly writing: Writing;
}

/** One item of a `content` or `output` list. Throws `RequestError('unsupported_field')` for what Responses cannot say. */
export const encodePart = (part: Part, place: Place): JsonObject => {
  const known = wireOf(part);
  if (known) return known;
  const { item: _, ...vendor } = part.vendor ?? {};
  return place.writing.extend(partBody(part, place), { ...part, vendor }, 'messages.content.');
};

const partBody = (part: Part, place: Place): JsonObject => {
  const { path, role, writing } = place;
  switch (part.type) {
    case 'text':
      return textBody(part.text, role);
    case 'refusal':
      // A refusal of another dialect comes without the message that it would have to be an output of.
      return writing.own ? { type: 'refusal', refusal: part.text } : textBody(part.text, role);
    case 'image':
      return imageBody(part, path);
    case 'file':
      return fileBody(part, place);
    case 'audio':
      return audioBody(part, place);
    case 'opaque':
      if (part.dialect === name && isJsonObject(part.value)) return part.value;
      throw unsupported(path, `a part of type ${part.wireType}`);
    default:
      throw unsupported(path, `a part of type ${part.type} here`);
  }
};

const textBody = (text: string, role: Turn['role']): JsonObject =>
  role === 'assistant' ? { type: 'output_text', text } : { type: 'input_text', text };

const imageBody = ({ source, detail = 'auto' }: ImagePart, path: string): JsonObject => {
  if (source.kind !== 'file') return { type: 'input_image', image_url: urlOf(source), detail };
  refuseForeignFile(source.owner, path);
  return { type: 'input_image', file_id: source.fileId, detail };
};

const fileBody = ({ source, filename }: FilePart, { path, role }: Place): JsonObject => {
  switch (source.kind) {
    case 'text':
      return textBody(source.text, role);
    case 'base64':
      // The API wants a name with every file that is sent along.
      return { type: 'input_file', filename: filename ?? 'document.pdf', file_data: urlOf(source) };
    case 'url':
      return { type: 'input_file', file_url: source.url };
    case 'file':
      refuseForeignFile(source.owner, path);
      return { type: 'input_file', file_id: source.fileId };
  }
};

const audioBody = ({ source, format }: AudioPart, { path, writing }: Place): JsonObject => {
  if (!writing.own || source.kind !== 'base64') throw unsupported(path, 'audio');
  return { type: 'input_audio', input_audio: { data: source.data, format } };
};

const refuseForeignFile = (owner: string, path: string): void => {
  if (owner !== name) throw unsupported(path, 'a file of another API; send its bytes');
};
