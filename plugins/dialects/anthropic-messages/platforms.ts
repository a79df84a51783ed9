import type { ModelRequest, Part } from '../../model/request.ts';
import { gatewayError } from '../../refusals.ts';
import { EventStreamReader, eventStreamType } from '../../wire/event-stream.ts';
import type { JsonObject } from '../../wire/json.ts';
import { sseFrame } from '../../wire/sse.ts';
import type {
  EncodedRequest,
  HeaderList,
  ResponseDecoder,
  UpstreamDialect,
  UpstreamTarget,
} from '../dialect.ts';
import { cannotCarry } from '../losses.ts';
import { anthropicMessages } from './index.ts';

/** How a cloud that hosts Claude wants to be asked. */
interface Platform {
  /** Goes into the body, where the API itself has a header. */
  readonly version: string;
  readonly path: (model: string, request: ModelRequest) => string;
  /** Members that the path or the platform says instead. */
  readonly without: readonly string[];
}

const platformRequest =
  ({ version, path, without }: Platform) =>
  (request: ModelRequest, target: UpstreamTarget): EncodedRequest => {
    if (hasImageByUrl(request)) throw cannotCarry('image_url', 'images by URL; send their bytes');
    const encoded = anthropicMessages.encodeRequest(request, target);
    const body = JSON.parse(encoded.body) as JsonObject;
    for (const member of without) delete body[member];
    const betas = encoded.headers.find(([name]) => name === 'anthropic-beta')?.[1].split(/\s*,\s*/);
    const headers: HeaderList = [['content-type', 'application/json']];
    return {
      ...encoded,
      path: path(target.model, request),
      headers,
      body: JSON.stringify({
        anthropic_version: version,
        ...(betas ? { anthropic_beta: betas } : {}),
        ...body,
      }),
    };
  };

/** Only Anthropic itself fetches images. */
const hasImageByUrl = ({ turns }: ModelRequest): boolean => turns.some(({ parts }) => parts.some(isByUrl));

const isByUrl = (part: Part): boolean =>
  part.type === 'tool-result'
    ? part.parts.some(isByUrl)
    : part.type === 'image' && part.source.kind === 'url';

/** Claude on Vertex AI (Anthropic's documentation, "Claude on Vertex AI", read 2026-11-28). The base URL ends with `/publishers/anthropic`. */
export const anthropicVertex: UpstreamDialect = {
  name: 'anthropic-vertex',
  sealsOf: 'anthropic-messages',
  wantsBytesOf: () => true,
  encodeRequest: platformRequest({
    version: 'vertex-2023-10-16',
    path: (model, { stream }) =>
      `/models/${encodeURIComponent(model)}:${stream ? 'streamRawPredict' : 'rawPredict'}`,
    without: ['model'],
  }),
  decodeResponse: anthropicMessages.decodeResponse,
  decodeStream: anthropicMessages.decodeStream,
  decodeError: anthropicMessages.decodeError,
};

/** Reads Anthropic's events out of Amazon's frames, which hold each one in base64. */
const decodeFramed = (): ResponseDecoder => {
  const frames = new EventStreamReader();
  const decoder = anthropicMessages.decodeStream();
  return {
    push: (bytes) => {
      try {
        return frames.push(bytes).flatMap(({ kind, payload }) => {
          if (kind !== 'event' || typeof payload.bytes !== 'string') {
            return [{ type: 'error', error: gatewayError('upstream_error') } as const];
          }
          return decoder.push(Buffer.from(asEvent(Buffer.from(payload.bytes, 'base64').toString('utf8'))));
        });
      } catch {
        return [{ type: 'error', error: gatewayError('upstream_malformed') }];
      }
    },
    end: () => decoder.end(),
  };
};

const asEvent = (json: string): string => {
  const { type } = JSON.parse(json) as { readonly type?: string };
  return sseFrame(json, type);
};

/** Claude on Amazon Bedrock by `InvokeModel`, which loses nothing (Anthropic's documentation, "Claude on Amazon Bedrock", read 2026-11-28). */
export const anthropicBedrock: UpstreamDialect = {
  name: 'anthropic-bedrock',
  sealsOf: 'anthropic-messages',
  wantsBytesOf: () => true,
  streamType: eventStreamType,
  encodeRequest: platformRequest({
    version: 'bedrock-2023-05-31',
    path: (model, { stream }) =>
      `/model/${encodeURIComponent(model)}/${stream ? 'invoke-with-response-stream' : 'invoke'}`,
    without: ['model', 'stream'],
  }),
  decodeResponse: anthropicMessages.decodeResponse,
  decodeStream: decodeFramed,
  decodeError: anthropicMessages.decodeError,
};
