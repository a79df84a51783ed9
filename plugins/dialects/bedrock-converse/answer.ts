import { randomUUID } from 'node:crypto';
import type { ModelEvent } from '../../model/events.ts';
import type { FinishReason, Usage } from '../../model/usage.ts';
import { gatewayError } from '../../refusals.ts';
import { isJsonObject, type JsonObject, type JsonValue, parseJson } from '../../wire/json.ts';
import { present } from '../../wire/present.ts';
import { BlockEvents } from '../answer-events.ts';
import type { ResponseDecoder } from '../dialect.ts';

// Events and members: Amazon Bedrock API reference, "ConverseStream" and "Converse", read 2026-11-28, and recordings.

const finishes: Readonly<Record<string, FinishReason>> = {
  end_turn: 'stop',
  stop_sequence: 'stop_sequence',
  max_tokens: 'length',
  model_context_window_exceeded: 'context_full',
  tool_use: 'tool_calls',
  content_filtered: 'content_filter',
  guardrail_intervened: 'content_filter',
  malformed_model_output: 'error',
  malformed_tool_use: 'error',
};

/** What an answer has said so far. Bedrock tells neither an id nor a model. */
export class Answer extends BlockEvents<number> {
  #stopReason: string | undefined;

  start(): void {
    const id = `msg_${randomUUID().replaceAll('-', '')}`;
    this.push({ type: 'message-start', id, responseModel: '', dialect: 'bedrock-converse' });
  }

  stop(reason: JsonValue | undefined): void {
    this.closeAll();
    this.#stopReason = typeof reason === 'string' ? reason : '';
    const known = finishes[this.#stopReason] ?? 'stop';
    if (known === 'error') {
      this.fail(
        gatewayError('upstream_error', { message: 'The model wrote an answer that could not be used.' }),
      );
      return;
    }
    this.push({
      type: 'finish',
      choice: 0,
      reason: known,
      ...present({ rawReason: this.#stopReason || undefined }),
    });
  }

  /** The counts come last, and with them the end. */
  metadata(usage: JsonValue | undefined): void {
    if (this.ended || this.#stopReason === undefined) return;
    this.ended = true;
    const counted = usageOf(usage);
    if (counted) this.push({ type: 'usage', usage: counted });
    this.push({ type: 'message-stop' });
  }
}

/** `inputTokens` leaves out what was read from and written to the cache. */
const usageOf = (usage: JsonValue | undefined): Usage | undefined => {
  if (!isJsonObject(usage)) return undefined;
  const { inputTokens: fresh, outputTokens: output } = usage;
  if (typeof fresh !== 'number' || typeof output !== 'number') return undefined;
  const read = countOf(usage.cacheReadInputTokens ?? usage.cacheReadInputTokenCount);
  const written = countOf(usage.cacheWriteInputTokens ?? usage.cacheWriteInputTokenCount);
  return {
    inputTokens: fresh + (read ?? 0) + (written ?? 0),
    outputTokens: output,
    ...present({ cacheReadTokens: read, cacheWriteTokens: written }),
  };
};

const countOf = (value: JsonValue | undefined): number | undefined =>
  typeof value === 'number' && value > 0 ? value : undefined;

/** Says one delta, or one block of a whole answer, which has the same members. */
export const sayContent = (block: number, content: JsonObject, answer: Answer): void => {
  const { text, toolUse, reasoningContent } = content;
  if (typeof text === 'string') {
    const part = answer.open(block, { kind: 'text' });
    if (text !== '') answer.push({ type: 'text-delta', part, text });
  } else if (isJsonObject(toolUse)) sayToolUse(block, toolUse, answer);
  else if (isJsonObject(reasoningContent)) sayReasoning(block, reasoningContent, answer);
  else if (isJsonObject(content.citationsContent)) sayCited(block, content.citationsContent, answer);
  else
    answer.push({
      type: 'raw',
      dialect: 'bedrock-converse',
      wireType: Object.keys(content).join(),
      value: content,
    });
};

/** The name comes with the start, the input in pieces of JSON text; whole answers have it as an object. */
export const sayToolUse = (block: number, toolUse: JsonObject, answer: Answer): void => {
  const { toolUseId: id, name, input } = toolUse;
  const part = answer.open(block, {
    kind: 'tool-call',
    ...present({
      id: typeof id === 'string' ? id : undefined,
      name: typeof name === 'string' ? name : undefined,
    }),
  });
  const json = isJsonObject(input) ? JSON.stringify(input) : input;
  if (typeof json === 'string' && json !== '') answer.push({ type: 'tool-input-delta', part, json });
};

const sayReasoning = (block: number, content: JsonObject, answer: Answer): void => {
  const whole = isJsonObject(content.reasoningText) ? content.reasoningText : content;
  const { text, signature } = whole;
  const redacted = content.redactedContent;
  if (typeof redacted === 'string') {
    answer.open(block, { kind: 'reasoning', redacted });
    return;
  }
  const part = answer.open(block, { kind: 'reasoning' });
  if (typeof text === 'string' && text !== '') answer.push({ type: 'reasoning-delta', part, text });
  if (typeof signature === 'string') answer.push({ type: 'reasoning-signature', part, signature });
};

const sayCited = (block: number, { content }: JsonObject, answer: Answer): void => {
  const part = answer.open(block, { kind: 'text' });
  for (const it of Array.isArray(content) ? content : []) {
    if (isJsonObject(it) && typeof it.text === 'string')
      answer.push({ type: 'text-delta', part, text: it.text });
  }
};

/** Reads a whole JSON answer: the same events as its stream would give. */
export const decodeResponse = (): ResponseDecoder => {
  const chunks: Uint8Array[] = [];
  return {
    push: (bytes) => {
      chunks.push(bytes);
      return [];
    },
    end: () => readWhole(parseJson(Buffer.concat(chunks).toString('utf8'))),
  };
};

const readWhole = (body: JsonValue | undefined): ModelEvent[] => {
  const answer = new Answer();
  const message = isJsonObject(body) && isJsonObject(body.output) ? body.output.message : undefined;
  if (!isJsonObject(body) || !isJsonObject(message) || !Array.isArray(message.content)) {
    answer.fail(gatewayError('upstream_malformed'));
    return answer.take();
  }
  answer.start();
  message.content.forEach((content, block) => {
    if (!isJsonObject(content)) return;
    sayContent(block, content, answer);
    answer.close(block);
  });
  answer.stop(body.stopReason);
  answer.metadata(body.usage);
  return answer.take();
};
