import type { JsonObject, JsonValue } from '../../../plugins/wire/json.ts';
import { tokensIn } from './ask.ts';
import { countIn, refuseUnknown, textIn, wrong } from './dialect.ts';

const embedMembers = new Set(['model', 'input', 'dimensions', 'encoding_format', 'user']);

/**
 * `POST /v1/embeddings` as OpenAI's server has it (API reference, "Create embeddings", read 2026-11-28). The first
 * number of each vector is the length of its text, so that answers can be told apart.
 */
export const embed = (body: JsonObject): JsonObject => {
  refuseUnknown(body, embedMembers, '');
  const texts = textsIn(body.input);
  const dimensions = countIn(body.dimensions, 'dimensions') ?? 8;
  const tokens = texts.reduce((sum, text) => sum + tokensIn(text), 0);
  return {
    object: 'list',
    data: texts.map((text, index) => ({
      object: 'embedding',
      index,
      embedding: encoded(vectorOf(text, dimensions), body.encoding_format),
    })),
    model: textIn(body.model, 'model'),
    usage: { prompt_tokens: tokens, total_tokens: tokens },
  };
};

const textsIn = (input: JsonValue | undefined): string[] => {
  const list = Array.isArray(input) && typeof input[0] !== 'number' ? input : [input];
  return list.map((it) => {
    if (typeof it === 'string') return it;
    if (Array.isArray(it)) return it.join(' ');
    throw wrong('input', 'expected texts or tokens', 'invalid_type');
  });
};

const vectorOf = (text: string, dimensions: number): number[] =>
  Array.from({ length: dimensions }, (_, at) => (at === 0 ? text.length : 1 / (at + 1)));

const encoded = (vector: number[], format: JsonValue | undefined): JsonValue =>
  format === 'base64' ? Buffer.from(new Float32Array(vector).buffer).toString('base64') : vector;

const drawMembers = new Set(
  'model prompt n size quality response_format output_format output_compression background moderation style user'.split(
    ' ',
  ),
);

/** One white pixel. */
const pixel =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8/5+hHgAHggJ/PchI7wAAAABJRU5ErkJggg==';

/** `POST /v1/images/generations` (API reference, "Create image", read 2026-11-28): as many white pixels as asked for. */
export const draw = (body: JsonObject): JsonObject => {
  refuseUnknown(body, drawMembers, '');
  const prompt = textIn(body.prompt, 'prompt');
  const count = countIn(body.n, 'n') ?? 1;
  const inputTokens = tokensIn(prompt);
  return {
    created: 1_700_000_000,
    data: Array.from({ length: count }, () => ({ b64_json: pixel, revised_prompt: prompt })),
    usage: { input_tokens: inputTokens, output_tokens: 100 * count, total_tokens: inputTokens + 100 * count },
  };
};
