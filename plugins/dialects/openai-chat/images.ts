import type { GeneratedImage, ModelEvent } from '../../model/events.ts';
import type { ImageSettings, ModelRequest } from '../../model/request.ts';
import { isJsonObject, type JsonDocument, type JsonObject, type JsonValue } from '../../wire/json.ts';
import { present } from '../../wire/present.ts';
import type { AnswerContext, Codec, EncodedRequest, ResponseEncoder, UpstreamTarget } from '../dialect.ts';
import { badValue, Fields } from '../fields.ts';
import { unsupported } from '../openai/writing.ts';
import { wholeOnly, wholeReader, wholeWriter } from '../whole.ts';
import { errors, patched } from './whole.ts';
import { name } from './wire.ts';

// Fields: OpenAI API reference, "Create image", read 2026-11-28.

const path = '/images/generations';

/** Streams of partial images are refused: nothing would be won by half of one. */
const decodeRequest = (document: JsonDocument): ModelRequest => {
  const fields = new Fields(document.value, '');
  const requestModel = fields.string('model');
  if (requestModel === '') throw badValue('model', 'the name of a model');
  const prompt = fields.string('prompt');
  if (fields.optionalBoolean('stream')) throw unsupported('stream', 'a stream of partial images');
  return {
    operation: 'images',
    dialect: name,
    requestModel,
    stream: false,
    streamUsage: false,
    system: [],
    turns: [{ role: 'user', parts: [{ type: 'text', text: prompt }] }],
    tools: [],
    sampling: {},
    stopSequences: [],
    ...present({ endUser: fields.optionalString('user') }),
    image: decodeSettings(fields),
    vendor: fields.rest,
  };
};

const decodeSettings = (fields: Fields): ImageSettings =>
  present({
    count: fields.optionalCount('n'),
    size: fields.optionalString('size'),
    quality: fields.optionalString('quality'),
    delivery: deliveryOf(fields.optionalString('response_format')),
    format: fields.optionalString('output_format'),
  });

const deliveryOf = (format: string | undefined): ImageSettings['delivery'] => {
  if (format === undefined) return undefined;
  if (format === 'url') return 'url';
  if (format === 'b64_json') return 'base64';
  throw badValue('response_format', 'url or b64_json');
};

const encodeRequest = (request: ModelRequest, { model }: UpstreamTarget): EncodedRequest => {
  const own = request.dialect === name;
  const { image = {} } = request;
  const body = {
    ...(own ? request.vendor : {}),
    model,
    prompt: promptOf(request),
    ...present({
      n: image.count,
      size: image.size,
      quality: image.quality,
      response_format: image.delivery && (image.delivery === 'url' ? 'url' : 'b64_json'),
      output_format: image.format,
      user: request.endUser,
    }),
  };
  const dropped = own ? [] : Object.keys(request.vendor);
  return { path, headers: [['content-type', 'application/json']], body: JSON.stringify(body), dropped };
};

const promptOf = ({ turns }: ModelRequest): string =>
  turns
    .flatMap(({ parts }) => parts)
    .map((part) => {
      if (part.type === 'text') return part.text;
      throw unsupported('prompt', 'anything but text');
    })
    .join('\n');

const encodeResponse = ({ nowSeconds }: AnswerContext): ResponseEncoder =>
  wholeWriter(
    ({ events, start, usage }) => ({
      created: start?.createdSeconds ?? nowSeconds,
      data: events
        .filter((event) => event.type === 'image')
        .toSorted((a, b) => a.index - b.index)
        .map(({ base64, url, revisedPrompt }) =>
          present({ b64_json: base64, url, revised_prompt: revisedPrompt }),
        ),
      ...(usage ? { usage: writeUsage(usage) } : {}),
    }),
    errors,
  );

const writeUsage = ({
  inputTokens,
  outputTokens,
}: {
  inputTokens: number;
  outputTokens: number;
}): JsonObject => ({
  input_tokens: inputTokens,
  output_tokens: outputTokens,
  total_tokens: inputTokens + outputTokens,
});

const readAnswer = (body: JsonObject): ModelEvent[] | undefined => {
  if (!Array.isArray(body.data)) return undefined;
  return [
    {
      type: 'message-start',
      id: '',
      responseModel: '',
      ...(typeof body.created === 'number' ? { createdSeconds: body.created } : {}),
    },
    ...body.data.flatMap((item, index) => (isJsonObject(item) ? [readImage(item, index)] : [])),
    ...readUsage(body.usage),
    { type: 'message-stop' },
  ];
};

const readImage = (item: JsonObject, index: number): GeneratedImage => ({
  type: 'image',
  index,
  ...(typeof item.b64_json === 'string' ? { base64: item.b64_json } : {}),
  ...(typeof item.url === 'string' ? { url: item.url } : {}),
  ...(typeof item.revised_prompt === 'string' ? { revisedPrompt: item.revised_prompt } : {}),
});

const readUsage = (usage: JsonValue | undefined): ModelEvent[] =>
  isJsonObject(usage) && typeof usage.input_tokens === 'number' && typeof usage.output_tokens === 'number'
    ? [{ type: 'usage', usage: { inputTokens: usage.input_tokens, outputTokens: usage.output_tokens } }]
    : [];

/** Images as OpenAI and the servers that copy it have them. */
export const images: Codec = {
  decodeRequest,
  encodeRequest,
  patchRequest: patched(path),
  encodeResponse,
  decodeResponse: () => wholeReader(readAnswer, errors),
  observeResponse: () => wholeReader(readAnswer, errors),
  ...wholeOnly,
};
