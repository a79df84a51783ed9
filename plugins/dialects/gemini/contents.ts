import type { Part, Source, SystemBlock, ToolResultPart, Turn, Vendor } from '../../model/request.ts';
import { openSeal, type SealKind, wrapSeal } from '../../model/seals.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../wire/json.ts';
import { notes } from '../../wire/notes.ts';
import { present } from '../../wire/present.ts';
import { badValue, wrongType } from '../fields.ts';
import { ProtoFields } from './fields.ts';
import { madeUpId } from './names.ts';
import { readFrom } from './provenance.ts';
import { filled, isEmptyObject, isText, name, snakeOf } from './wire.ts';

/** Turns that one content was split into, and that are written as that content again while nobody changed them. */
export interface SplitContent {
  readonly content: JsonObject;
  readonly turns: readonly Turn[];
}

const splitContents = notes<SplitContent>('content of gemini');

/** The content that `turn` came from; undefined for a turn that a policy made or changed. */
export const contentOf = (turn: Turn): SplitContent | undefined => splitContents.get(turn);

/**
 * `contents` → turns ("Content", API reference, read 2026-11-28). Results of functions become turns of their own, and
 * calls without an id get one that their results share.
 */
export const decodeContents = (contents: readonly JsonValue[]): Turn[] => {
  const calls = new CallIds();
  return contents.flatMap((value, at) => {
    const fields = new ProtoFields(value, `contents[${at}]`);
    const turns = splitResults(decodeTurn(fields, calls));
    for (const turn of turns) splitContents.set(turn, { content: fields.wire, turns });
    return turns;
  });
};

const roles: ReadonlyMap<string, Turn['role']> = new Map([
  ['user', 'user'],
  ['model', 'assistant'],
  ['function', 'user'], // the older role of results
]);

const decodeTurn = (fields: ProtoFields, calls: CallIds): Turn => {
  const role = roles.get(fields.optionalString('role') ?? 'user');
  if (!role) throw badValue(fields.at('role'), 'user or model');
  if (role === 'assistant') calls.begin();
  const parts = (fields.optionalList('parts') ?? []).map((part, at) =>
    decodePart(new ProtoFields(part, `${fields.path}.parts[${at}]`), calls),
  );
  return { role, parts, ...present({ vendor: filled({ ...fields.rest }) }) };
};

/** The model keeps results in turns of their own, as most dialects do; here they share a content with a user's text. */
const splitResults = (turn: Turn): Turn[] => {
  const results = turn.parts.filter((part) => part.type === 'tool-result');
  if (turn.role !== 'user' || results.length === 0) return [turn];
  if (results.length === turn.parts.length) return [{ ...turn, role: 'tool' }];
  const others = turn.parts.filter((part) => part.type !== 'tool-result');
  return [
    { role: 'tool', parts: results },
    { ...turn, parts: others },
  ];
};

/** Ties calls and results that carry no ids: by the name, in order, within what was called last. */
class CallIds {
  #open: { readonly id: string; readonly name: string }[] = [];
  #count = 0;

  /** A new turn of the model: results that come now belong to its calls. */
  begin(): void {
    this.#open = [];
  }

  call(id: string | undefined, called: string): string {
    const known = isText(id) ? id : this.#madeUp();
    this.#open.push({ id: known, name: called });
    return known;
  }

  result(id: string | undefined, called: string): string {
    const at = isText(id)
      ? this.#open.findIndex((call) => call.id === id)
      : this.#open.findIndex((call) => call.name === called);
    const [found] = at === -1 ? [] : this.#open.splice(at, 1);
    if (found) return found.id;
    return isText(id) ? id : (this.#open.shift()?.id ?? this.#madeUp());
  }

  #madeUp(): string {
    return madeUpId('', this.#count++);
  }
}

const decodePart = (fields: ProtoFields, calls: CallIds): Part => {
  const kind = partKinds.find((key) => fields.peek(key) !== undefined);
  const part = kind ? readers[kind](fields, calls) : undefined;
  if (part) return readFrom(part, fields.wire);
  const [wireType = 'part'] = Object.keys(fields.wire);
  return readFrom({ type: 'opaque', dialect: name, wireType, value: fields.wire, vendor: {} }, fields.wire);
};

type PartKind = 'text' | 'inlineData' | 'fileData' | 'functionCall' | 'functionResponse';

const readers: Readonly<Record<PartKind, (fields: ProtoFields, calls: CallIds) => Part>> = {
  text: (fields) => decodeText(fields),
  inlineData: (fields) => decodeInline(fields),
  fileData: (fields) => decodeFile(fields),
  functionCall: (fields, calls) => decodeCall(fields, calls),
  functionResponse: (fields, calls) => decodeResult(fields, calls),
};

const partKinds = Object.keys(readers) as readonly PartKind[];

/** A thought keeps its seal wrapped: what another dialect's upstream sealed already came so. */
const decodeText = (fields: ProtoFields): Part => {
  const text = fields.string('text');
  if (fields.peek('thought') !== true) {
    if (fields.peek('thought') === false) fields.take('thought');
    return { type: 'text', text, ...decodeSeal(fields, 'text'), vendor: fields.rest };
  }
  fields.take('thought');
  const signature = fields.optionalString('thoughtSignature');
  if (!isText(signature)) return { type: 'reasoning', text, vendor: fields.rest };
  const wrapped = openSeal(signature) ? signature : wrapOwn('thought', signature);
  return openSeal(wrapped)?.kind === 'redacted'
    ? { type: 'reasoning', text: '', redacted: wrapped, vendor: fields.rest }
    : { type: 'reasoning', text, signature: wrapped, vendor: fields.rest };
};

const decodeSeal = (fields: ProtoFields, kind: SealKind, callId?: string): { seal?: string } => {
  const value = fields.optionalString('thoughtSignature');
  return isText(value) ? { seal: wrapOwn(kind, value, callId) } : {};
};

/** A seal of this API for the model, where it may meet those of others. */
export const wrapOwn = (kind: SealKind, value: string, callId?: string): string =>
  wrapSeal({ dialect: name, kind, value, ...present({ callId }) });

const decodeInline = (fields: ProtoFields): Part => {
  const inline = new ProtoFields(fields.take('inlineData'), fields.at('inlineData'));
  const mediaType = inline.string('mimeType');
  const source: Source = { kind: 'base64', mediaType, data: inline.string('data') };
  return mediaPart(source, mediaType, bags(inline.rest, 'inlineData', fields));
};

const decodeFile = (fields: ProtoFields): Part => {
  const file = new ProtoFields(fields.take('fileData'), fields.at('fileData'));
  const mediaType = file.optionalString('mimeType');
  const uri = file.string('fileUri');
  const mime = present({ mediaType });
  const source: Source = isOwnFile(uri)
    ? { kind: 'file', fileId: uri, owner: name, ...mime }
    : { kind: 'url', url: uri, ...mime };
  return mediaPart(source, mediaType ?? '', bags(file.rest, 'fileData', fields));
};

/** Cloud Storage and the Files API: nobody else can read them. */
export const isOwnFile = (uri: string): boolean =>
  !/^https?:/i.test(uri) || /^https:\/\/generativelanguage\.googleapis\.com\//i.test(uri);

const mediaPart = (source: Source, mediaType: string, vendor: Vendor): Part => {
  if (mediaType.startsWith('image/')) return { type: 'image', source, vendor };
  if (mediaType.startsWith('audio/'))
    return { type: 'audio', source, format: audioFormat(mediaType), vendor };
  return { type: 'file', source, vendor };
};

const audioFormat = (mediaType: string): string => {
  const format = mediaType.slice('audio/'.length).replace(/^x-/, '');
  return format === 'mpeg' ? 'mp3' : format;
};

const decodeCall = (fields: ProtoFields, calls: CallIds): Part => {
  const called = new ProtoFields(fields.take('functionCall'), fields.at('functionCall'));
  const toolName = called.string('name');
  const id = calls.call(called.optionalString('id'), toolName);
  const input = JSON.stringify(called.optionalObject('args')?.wire ?? {});
  const sealed = decodeSeal(fields, 'call', id);
  return {
    type: 'tool-call',
    id,
    name: toolName,
    input,
    ...sealed,
    vendor: bags(called.rest, 'functionCall', fields),
  };
};

const decodeResult = (fields: ProtoFields, calls: CallIds): ToolResultPart => {
  const result = new ProtoFields(fields.take('functionResponse'), fields.at('functionResponse'));
  const toolName = result.string('name');
  const callId = calls.result(result.optionalString('id'), toolName);
  const response = result.optionalObject('response')?.wire ?? {};
  const media = (result.optionalList('parts') ?? []).map((part, at) =>
    decodePart(new ProtoFields(part, `${result.path}.parts[${at}]`), new CallIds()),
  );
  const { text, isError } = responseText(response);
  return {
    type: 'tool-result',
    callId,
    parts: [...(text === '' ? [] : [{ type: 'text' as const, text }]), ...media],
    ...(isError ? { isError } : {}),
    vendor: bags(result.rest, 'functionResponse', fields),
  };
};

/** What is left of a part, and under `key` what is left of the member that says what it is. */
const bags = (inner: Vendor, key: string, { rest }: ProtoFields): Vendor =>
  isEmptyObject(inner) ? rest : { ...rest, [key]: { ...inner } };

/** Members that hold all that a function has to say ("FunctionResponse.response", read 2026-11-28). */
const responseKeys = ['output', 'result', 'error'] as const;

/** What a function gave back as the text that other dialects have for it. */
const responseText = (response: JsonObject): { text: string; isError: boolean } => {
  const key = soleKey(response);
  if (key !== undefined) return { text: String(response[key]), isError: key === 'error' };
  return { text: Object.keys(response).length === 0 ? '' : JSON.stringify(response), isError: false };
};

/** The one member of a response that says all, in words; undefined for a response of another shape. */
export const soleKey = (response: JsonObject): (typeof responseKeys)[number] | undefined =>
  Object.keys(response).length === 1
    ? responseKeys.find((key) => typeof response[key] === 'string')
    : undefined;

/** Instructions; anything but text in them is refused, as the API does ("systemInstruction", read 2026-11-28). */
export const decodeSystem = (value: JsonValue | undefined): SystemBlock[] => {
  if (value === undefined) return [];
  if (!isJsonObject(value)) throw wrongType('systemInstruction', 'an object', value);
  const content = new ProtoFields(value, 'systemInstruction');
  const parts = content.optionalList('parts') ?? [];
  return parts.map((part, at) => {
    const fields = new ProtoFields(part, `systemInstruction.parts[${at}]`);
    return readFrom({ text: fields.string('text'), vendor: fields.rest }, value);
  });
};

/** Does `wire` hold a member under either spelling? */
export const spelled = (wire: JsonObject, camel: string): string | undefined =>
  [camel, snakeOf(camel)].find((key) => (wire[key] ?? undefined) !== undefined);
