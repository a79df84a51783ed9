import type { ModelEvent } from '../../model/events.ts';
import type { ImageSettings, ModelRequest } from '../../model/request.ts';
import { gatewayError } from '../../refusals.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../wire/json.ts';
import { present } from '../../wire/present.ts';
import type { Codec, EncodedRequest, UpstreamTarget } from '../dialect.ts';
import { cannotCarry, Losses } from '../losses.ts';
import { wholeOnly, wholeReader } from '../whole.ts';
import { errors } from './error.ts';
import { upstreamPath } from './path.ts';
import { decodeUsage } from './usage.ts';
import { compact, textOf } from './wire.ts';

// "Image generation", ai.google.dev, read 2026-11-28: an answer of `generateContent` that is an image.

/** Shapes that the API takes. */
const ratios = ['1:1', '2:3', '3:2', '3:4', '4:3', '4:5', '5:4', '9:16', '16:9', '21:9'];

const encodeRequest = (request: ModelRequest, { model }: UpstreamTarget): EncodedRequest => {
  const losses = new Losses();
  const { image = {} } = request;
  refuseImpossible(image);
  losses.dropVendor(request.vendor);
  losses.dropPresent({ user: request.endUser, quality: image.quality });
  if (image.format !== undefined && image.format !== 'png') losses.drop('output_format');
  const aspectRatio = ratioOf(image.size, losses);
  const generationConfig = compact({
    responseModalities: ['IMAGE'],
    imageConfig: aspectRatio === undefined ? undefined : { aspectRatio },
  });
  const contents = [{ role: 'user', parts: [{ text: promptOf(request) }] }];
  return {
    path: upstreamPath(model, false),
    headers: [['content-type', 'application/json']],
    body: JSON.stringify({ contents, generationConfig }),
    dropped: losses.dropped,
  };
};

const refuseImpossible = ({ count = 1, delivery }: ImageSettings): void => {
  if (count > 1) throw cannotCarry('n', 'more than one image a call');
  if (delivery === 'url') throw cannotCarry('response_format', 'url: it gives the bytes');
};

const promptOf = ({ turns }: ModelRequest): string =>
  turns
    .flatMap(({ parts }) => parts)
    .map((part) => {
      if (part.type === 'text') return part.text;
      throw cannotCarry('prompt', 'anything but text');
    })
    .join('\n');

/** The shape nearest to `1024x1536`; the size is named where that is another shape. */
const ratioOf = (size: string | undefined, losses: Losses): string | undefined => {
  const [, width, height] = /^(\d+)x(\d+)$/.exec(size ?? '') ?? [];
  if (width === undefined || height === undefined) {
    if (size !== undefined && size !== 'auto') losses.drop('size');
    return undefined;
  }
  const wanted = Number(width) / Number(height);
  const far = (ratio: string) => Math.abs(Math.log(quotient(ratio) / wanted));
  const [nearest] = ratios.toSorted((a, b) => far(a) - far(b));
  if (nearest !== undefined && far(nearest) > 0.001) losses.drop('size');
  return nearest;
};

const quotient = (ratio: string): number => {
  const [width = 1, height = 1] = ratio.split(':').map(Number);
  return width / height;
};

/** An answer without an image is none: the prompt was blocked, or the model chose to talk. */
const readAnswer = (body: JsonObject): ModelEvent[] | undefined => {
  if (!Array.isArray(body.candidates) && !isJsonObject(body.promptFeedback)) return undefined;
  const images = partsOf(body).flatMap(({ inlineData }) =>
    isJsonObject(inlineData) && typeof inlineData.data === 'string' ? [inlineData.data] : [],
  );
  const usage = decodeUsage(body.usageMetadata)?.usage;
  const used: ModelEvent[] = usage ? [{ type: 'usage', usage }] : [];
  if (images.length === 0) return [...used, { type: 'error', error: gatewayError('content_filtered') }];
  return [
    { type: 'message-start', id: textOf(body.responseId), responseModel: textOf(body.modelVersion) },
    ...images.map((base64, index) => ({ type: 'image', index, ...present({ base64 }) }) as const),
    ...used,
    { type: 'message-stop' },
  ];
};

const partsOf = ({ candidates }: JsonObject): JsonObject[] =>
  objectsIn(candidates).flatMap(({ content }) => (isJsonObject(content) ? objectsIn(content.parts) : []));

const objectsIn = (value: JsonValue | undefined): JsonObject[] =>
  Array.isArray(value) ? value.filter(isJsonObject) : [];

const unserved = (): never => {
  throw new Error('no client of this dialect asks for images by themselves');
};

/** Images for clients of other dialects; this dialect's own clients ask for them in a chat. */
export const images: Codec = {
  encodeRequest,
  decodeResponse: () => wholeReader(readAnswer, errors),
  decodeRequest: unserved,
  patchRequest: unserved,
  observeResponse: unserved,
  encodeResponse: unserved,
  ...wholeOnly,
};
