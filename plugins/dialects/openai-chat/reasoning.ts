import type { ReasoningPart } from '../../model/request.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../wire/json.ts';
import { present } from '../../wire/present.ts';
import type { Fields } from '../fields.ts';
import { isText, textOf } from '../openai/wire.ts';
import { readFrom, shapeOf } from './provenance.ts';

// OpenAI's own API has no field for reasoning. Compatible servers use `reasoning_content` or `reasoning` for its text
// and OpenRouter's `reasoning_details` for what must come back byte for byte (openrouter.ai, "Reasoning tokens",
// read 2026-11-24).

/** One item of `reasoning_details`. */
export interface ReasoningDetail {
  readonly text: string;
  readonly signature?: string;
  readonly redacted?: string;
  /** The item without the members above. */
  readonly rest: JsonObject;
}

/** The items of `reasoning_details` that have a place in the model. */
export const readDetails = (value: JsonValue | undefined): ReasoningDetail[] =>
  Array.isArray(value) ? value.flatMap((item) => (isJsonObject(item) ? readDetail(item) : [])) : [];

const readDetail = (item: JsonObject): ReasoningDetail[] => {
  const { text, summary, signature, data, ...rest } = item;
  switch (item.type) {
    case 'reasoning.text':
    case 'reasoning.summary':
      return [{ text: textOf(text) || textOf(summary), ...(isText(signature) ? { signature } : {}), rest }];
    case 'reasoning.encrypted':
      return isText(data) ? [{ text: '', redacted: data, rest }] : [];
    default:
      return [];
  }
};

/** The item again, with the text and seals given. `rest` of an item that never was one may be empty. */
export const writeDetail = (
  rest: Readonly<JsonObject>,
  {
    text,
    signature,
    redacted,
  }: { text?: string; signature?: string | undefined; redacted?: string | undefined },
): JsonObject => {
  if (redacted !== undefined) return { ...rest, type: 'reasoning.encrypted', data: redacted };
  const type = rest.type ?? 'reasoning.text';
  return {
    ...rest,
    type,
    ...present({ [type === 'reasoning.summary' ? 'summary' : 'text']: text, signature }),
  };
};

/** The text of whichever member holds it, and that member's name. */
export const plainReasoning = (message: Readonly<JsonObject>): { key: string; text: string } => {
  if (isText(message.reasoning_content)) return { key: 'reasoning_content', text: message.reasoning_content };
  return { key: 'reasoning', text: textOf(message.reasoning) };
};

/** The reasoning in an assistant message of the history. Items that continue each other become one part. */
export const decodeReasoning = (message: Fields): ReasoningPart[] => {
  const { key, text } = plainReasoning(message.wire);
  if (text !== '') for (const read of ['reasoning_content', 'reasoning']) message.take(read);
  const details = joinDetails(readDetails(message.take('reasoning_details')));
  const parts = details.map(({ rest, ...detail }) =>
    readFrom({ type: 'reasoning', ...detail, vendor: {} } as const, rest),
  );
  if (text === '' || parts.some((part) => part.text !== '')) return parts;
  const plain: ReasoningPart = readFrom({ type: 'reasoning', text, vendor: {} }, { [key]: text });
  // A seal that came without its text belongs to the text that came beside it.
  const sealed = parts.findIndex((part) => part.signature !== undefined);
  if (sealed === -1) return [plain, ...parts];
  return parts.map((part, at) => (at === sealed ? { ...part, text } : part));
};

/** Clients keep the items of a stream as they came: several texts with one index, the seal in the last of them. */
const joinDetails = (details: readonly ReasoningDetail[]): ReasoningDetail[] => {
  const joined: ReasoningDetail[] = [];
  for (const detail of details) {
    const last = joined.at(-1);
    if (last && continues(last, detail))
      joined.splice(-1, 1, { ...last, ...detail, text: last.text + detail.text });
    else joined.push(detail);
  }
  return joined;
};

const continues = (last: ReasoningDetail, next: ReasoningDetail): boolean =>
  next.rest.index !== undefined &&
  next.rest.index === last.rest.index &&
  last.signature === undefined &&
  last.redacted === undefined &&
  next.redacted === undefined;

/** The members of an assistant message for `parts`. `shape` tells which of them the client used. */
export const encodeReasoning = (
  parts: readonly ReasoningPart[],
  shape: JsonObject | undefined,
): JsonObject => {
  const text = parts.map((part) => part.text).join('');
  const details = parts.flatMap(encodeDetail);
  return {
    ...(text === '' ? {} : { [plainKey(shape)]: text }),
    ...(details.length === 0 ? {} : { reasoning_details: details }),
  };
};

const plainKey = (shape: JsonObject | undefined): string =>
  shape && isText(shape.reasoning) && !isText(shape.reasoning_content) ? 'reasoning' : 'reasoning_content';

const encodeDetail = (part: ReasoningPart): JsonObject[] => {
  const shape = shapeOf(part) ?? {};
  const came = shape.type !== undefined;
  if (!came && part.signature === undefined && part.redacted === undefined) return [];
  return [writeDetail(shape, part)];
};
