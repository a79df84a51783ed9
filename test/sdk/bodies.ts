import type { ResponseInputItem, ResponseOutputItem } from 'openai/resources/responses/responses';
import { isJsonObject, type JsonObject, type JsonValue } from '../../plugins/wire/json.ts';
import type { UpstreamName } from './upstream.ts';

const objectsIn = (value: JsonValue | undefined): JsonObject[] =>
  Array.isArray(value) ? value.filter(isJsonObject) : [];

/** Messages, which Gemini's dialect calls contents. */
const messagesIn = (body: JsonValue | undefined): JsonObject[] =>
  isJsonObject(body) ? objectsIn(body.messages ?? body.contents) : [];

/** The messages' roles, in order, of a body that an upstream saw. */
export const rolesIn = (body: JsonValue): JsonValue[] => messagesIn(body).map(({ role }) => role ?? null);

/** The content blocks of one type, in order, of all messages of a body. */
export const blocksIn = (body: JsonValue | undefined, type: string): JsonObject[] =>
  messagesIn(body)
    .flatMap(({ content }) => objectsIn(content))
    .filter((block) => block.type === type);

/** The parts that hold `member`, in order, of all contents of a body in Gemini's dialect. */
export const partsIn = (body: JsonValue | undefined, member: string): JsonObject[] =>
  messagesIn(body)
    .flatMap(({ parts }) => objectsIn(parts))
    .filter((part) => member in part);

/** What the assistant thought, message by message, of a body in OpenAI's dialect. */
export const reasoningIn = (body: JsonValue | undefined): JsonValue[] =>
  messagesIn(body).flatMap(({ reasoning_content }) => reasoning_content ?? []);

/** Roles of three turns in each of which, but the last, two tools were called. */
export const rolesOfThreeTurns: Record<UpstreamName, readonly string[][]> = {
  openai: [
    ['user'],
    ['user', 'assistant', 'tool', 'tool'],
    ['user', 'assistant', 'tool', 'tool', 'assistant', 'tool', 'tool'],
  ],
  // Results of parallel calls belong into one message.
  anthropic: [['user'], ['user', 'assistant', 'user'], ['user', 'assistant', 'user', 'assistant', 'user']],
  gemini: [['user'], ['user', 'model', 'user'], ['user', 'model', 'user', 'model', 'user']],
};

/** Items as they go back: `parsed` members are the stream helper's own. */
export const asInput = (output: readonly ResponseOutputItem[]): ResponseInputItem[] =>
  JSON.parse(
    JSON.stringify(output, (key, value: unknown) =>
      key === 'parsed' || key === 'parsed_arguments' ? undefined : value,
    ),
  ) as ResponseInputItem[];
