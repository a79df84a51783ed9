import type { ModelEvent } from '../../model/events.ts';
import type { ModelRequest } from '../../model/request.ts';
import type { JsonDocument, JsonObject } from '../../wire/json.ts';
import type { Codec, EncodedRequest, UpstreamTarget } from '../dialect.ts';
import { decodeStreamError, encodeError } from '../openai/error.ts';
import { type ErrorBodies, wholeOnly, wholeReader, wholeWriter } from '../whole.ts';
import { decodeRequest, encodeRequest as encodeChat } from './request.ts';

// OpenAI API reference, "Get input token counts", and `openai` 7.57.0, read 2026-11-28.

/** What of a request is counted; the rest is about the answer. */
const counted: ReadonlySet<string> = new Set([
  'model',
  'input',
  'instructions',
  'tools',
  'tool_choice',
  'parallel_tool_calls',
  'reasoning',
  'text',
  'conversation',
  'previous_response_id',
  'truncation',
]);

const encodeRequest = (request: ModelRequest, target: UpstreamTarget): EncodedRequest => {
  const { path, body, dropped } = encodeChat(request, target);
  const members = Object.entries(JSON.parse(body) as JsonObject).filter(([key]) => counted.has(key));
  return {
    path: `${path}/input_tokens`,
    headers: [['content-type', 'application/json']],
    body: JSON.stringify(Object.fromEntries(members)),
    dropped,
  };
};

const errors: ErrorBodies = {
  read: decodeStreamError,
  write: (error) => encodeError(error).body,
};

const readAnswer = ({ input_tokens: inputTokens }: JsonObject): ModelEvent[] | undefined =>
  typeof inputTokens === 'number'
    ? [{ type: 'usage', usage: { inputTokens, outputTokens: 0 } }, { type: 'message-stop' }]
    : undefined;

const decoder = () => wholeReader(readAnswer, errors);

/** `/responses/input_tokens`. */
export const countTokens: Codec = {
  decodeRequest: (document: JsonDocument): ModelRequest => ({
    ...decodeRequest(document),
    operation: 'count-tokens',
  }),
  encodeRequest,
  patchRequest: (_document, request, target) => encodeRequest(request, target),
  encodeResponse: () =>
    wholeWriter(
      ({ usage }) => ({ object: 'response.input_tokens', input_tokens: usage?.inputTokens ?? 0 }),
      errors,
    ),
  decodeResponse: decoder,
  observeResponse: decoder,
  ...wholeOnly,
};
