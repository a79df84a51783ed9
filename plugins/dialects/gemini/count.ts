import type { ModelEvent } from '../../model/events.ts';
import type { ModelRequest } from '../../model/request.ts';
import { isJsonObject, type JsonDocument, type JsonObject, patchMembers } from '../../wire/json.ts';
import type { Codec, EncodedRequest, UpstreamTarget } from '../dialect.ts';
import { wholeOnly, wholeReader, wholeWriter } from '../whole.ts';
import { encodeRequest as encodeChat } from './encode.ts';
import { errors } from './error.ts';
import { resourceOf, verbPath } from './path.ts';
import { decodeCountRequest } from './request.ts';
import { snakeOf } from './wire.ts';

// "Counting tokens", ai.google.dev API reference, read 2026-11-28.

/** The Gemini API counts `contents`, or all of a request when it stands inside of `generateContentRequest`. */
const encodeRequest = (request: ModelRequest, target: UpstreamTarget): EncodedRequest => {
  const { body, dropped } = encodeChat(request, target);
  const members = JSON.parse(body) as JsonObject; // our own text
  const isPlain = Object.keys(members).every((key) => key === 'contents');
  const whole = { generateContentRequest: { model: resourceOf(target.model), ...members } };
  return { ...head(target), body: isPlain ? body : JSON.stringify(whole), dropped };
};

const head = ({ model }: UpstreamTarget): Pick<EncodedRequest, 'path' | 'headers'> => ({
  path: verbPath(model, 'countTokens'),
  headers: [['content-type', 'application/json']],
});

/** The client's own text; the name of the model may stand in it once more. */
const patchRequest = (
  document: JsonDocument,
  _request: ModelRequest,
  target: UpstreamTarget,
): EncodedRequest => {
  const patches: Record<string, string> = {};
  for (const key of [wholeKey, snakeOf(wholeKey)]) {
    const inner = document.value[key];
    if (isJsonObject(inner)) patches[key] = JSON.stringify({ ...inner, model: resourceOf(target.model) });
  }
  return { ...head(target), body: patchMembers(document, patches), dropped: [] };
};

const wholeKey = 'generateContentRequest';

const readAnswer = ({
  totalTokens: inputTokens,
  cachedContentTokenCount: cached,
}: JsonObject): ModelEvent[] | undefined => {
  if (typeof inputTokens !== 'number') return undefined;
  const cacheReadTokens = typeof cached === 'number' ? { cacheReadTokens: cached } : {};
  return [
    { type: 'usage', usage: { inputTokens, outputTokens: 0, ...cacheReadTokens } },
    { type: 'message-stop' },
  ];
};

const decoder = () => wholeReader(readAnswer, errors);

/** `:countTokens`. */
export const countTokens: Codec = {
  decodeRequest: decodeCountRequest,
  encodeRequest,
  patchRequest,
  encodeResponse: () => wholeWriter(({ usage }) => ({ totalTokens: usage?.inputTokens ?? 0 }), errors),
  decodeResponse: decoder,
  observeResponse: decoder,
  ...wholeOnly,
};
