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

/**
 * The Gemini API counts `contents`, or all of a request when it stands inside of `generateContentRequest`; Vertex AI counts
 * four members of it, without anything around them.
 */
const encodeRequest = (request: ModelRequest, target: UpstreamTarget): EncodedRequest => {
  const { body, dropped } = encodeChat(request, target);
  const members = JSON.parse(body) as JsonObject; // our own text
  if (target.platform === 'vertex') return atVertex(members, { target, dropped });
  const isPlain = Object.keys(members).every((key) => key === 'contents');
  const whole = { generateContentRequest: { model: resourceOf(target.model), ...members } };
  return { ...head(target), body: isPlain ? body : JSON.stringify(whole), dropped };
};

const vertexMembers: ReadonlySet<string> = new Set([
  'contents',
  'systemInstruction',
  'tools',
  'generationConfig',
]);

const atVertex = (
  members: JsonObject,
  { target, dropped }: { target: UpstreamTarget; dropped: readonly string[] },
): EncodedRequest => ({
  ...head(target),
  body: JSON.stringify(Object.fromEntries(Object.entries(members).filter(([key]) => vertexMembers.has(key)))),
  dropped: [...dropped, ...Object.keys(members).filter((key) => !vertexMembers.has(key))],
});

const head = ({ model }: UpstreamTarget): Pick<EncodedRequest, 'path' | 'headers'> => ({
  path: verbPath(model, 'countTokens'),
  headers: [['content-type', 'application/json']],
});

/** The client's own text, where it has the form of the platform; the name of the model may stand in it once more. */
const patchRequest = (
  document: JsonDocument,
  request: ModelRequest,
  target: UpstreamTarget,
): EncodedRequest => {
  const key = [wholeKey, snakeOf(wholeKey)].find((it) => isJsonObject(document.value[it]));
  const fits = key === undefined ? isFlat(document.value, target) : target.platform !== 'vertex';
  if (!fits) return encodeRequest(request, target);
  const inner = key === undefined ? undefined : document.value[key];
  const patches =
    key !== undefined && isJsonObject(inner)
      ? { [key]: JSON.stringify({ ...inner, model: resourceOf(target.model) }) }
      : {};
  return { ...head(target), body: patchMembers(document, patches), dropped: [] };
};

const isFlat = (wire: JsonObject, { platform }: UpstreamTarget): boolean =>
  Object.keys(wire).every((key) => key === 'contents' || (platform === 'vertex' && vertexMembers.has(key)));

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
