import type { ModelEvent } from '../../model/events.ts';
import type { FinishReason, Usage } from '../../model/usage.ts';
import { gatewayError } from '../../refusals.ts';
import { isJsonObject, type JsonObject, type JsonValue, parseJsonObject } from '../../wire/json.ts';
import { present } from '../../wire/present.ts';
import { SseSplitter } from '../../wire/sse.ts';
import { BlockEvents } from '../answer-events.ts';
import type { ResponseDecoder } from '../dialect.ts';

// Events: Cohere API reference, "Chat with streaming", version 2, read 2026-11-28, and recordings of 2025.

const finishes: Readonly<Record<string, FinishReason>> = {
  COMPLETE: 'stop',
  STOP_SEQUENCE: 'stop_sequence',
  MAX_TOKENS: 'length',
  TOOL_CALL: 'tool_calls',
  ERROR_TOXIC: 'content_filter',
  ERROR_LIMIT: 'context_full',
  ERROR: 'error',
  TIMEOUT: 'error',
};

/** What an answer has said so far. Parts go by their kind and index on the wire; the plan is one part without an index. */
class Answer extends BlockEvents<string> {
  start(id: string): void {
    this.push({ type: 'message-start', id, responseModel: '', dialect: 'cohere-chat' });
  }

  finish(reason: JsonValue | undefined, usage: JsonValue | undefined): void {
    this.closeAll();
    const word = typeof reason === 'string' ? reason : '';
    const known = finishes[word] ?? 'stop';
    if (known === 'error') return this.fail(gatewayError('upstream_error'));
    this.push({
      type: 'finish',
      choice: 0,
      reason: known,
      ...present({ rawReason: word || undefined }),
    });
    const counted = usageOf(usage);
    if (counted) this.push({ type: 'usage', usage: counted });
    this.push({ type: 'message-stop' });
    this.ended = true;
  }
}

/** `tokens` is what the model read and wrote; `billed_units` leaves out what Cohere adds itself. */
const usageOf = (usage: JsonValue | undefined): Usage | undefined => {
  if (!isJsonObject(usage)) return undefined;
  const counts = isJsonObject(usage.tokens) ? usage.tokens : usage.billed_units;
  if (!isJsonObject(counts)) return undefined;
  const { input_tokens: input, output_tokens: output } = counts;
  if (typeof input !== 'number' || typeof output !== 'number') return undefined;
  const cached = usage.cached_tokens;
  return {
    inputTokens: input,
    outputTokens: output,
    ...(typeof cached === 'number' ? { cacheReadTokens: Math.min(cached, input) } : {}),
  };
};

/** Reads a stream of server-sent events. */
export const decodeStream = (): ResponseDecoder => {
  const sse = new SseSplitter();
  const answer = new Answer();
  const read = (frames: readonly { readonly data: string }[]) => {
    for (const { data } of frames) if (!answer.over) readFrame(data, answer);
  };
  return {
    push: (bytes) => {
      try {
        read(sse.push(bytes));
      } catch (cause) {
        if (!(cause instanceof RangeError)) throw cause;
        answer.fail(gatewayError('upstream_malformed')); // an event without end
      }
      return answer.take();
    },
    end: () => {
      read(sse.end().filter(({ data }) => parseJsonObject(data) !== undefined)); // a last frame that was cut is not read
      return answer.take();
    },
  };
};

const readFrame = (data: string, answer: Answer): void => {
  if (data.startsWith('[DONE]')) return;
  const event = parseJsonObject(data);
  if (!event) return answer.fail(gatewayError('upstream_malformed'));
  const handler = typeof event.type === 'string' ? handlers[event.type] : undefined;
  if (handler) handler(event, answer);
  else answer.push({ type: 'raw', dialect: 'cohere-chat', wireType: String(event.type), value: event });
};

type Handler = (event: JsonObject, answer: Answer) => void;

const messageOf = (event: JsonObject): JsonObject => {
  const delta = isJsonObject(event.delta) ? event.delta : {};
  return isJsonObject(delta.message) ? delta.message : {};
};

const indexOf = (event: JsonObject): string => String(event.index ?? 0);

const contentKey = (event: JsonObject): string => `content ${indexOf(event)}`;
const callKey = (event: JsonObject): string => `call ${indexOf(event)}`;
const planKey = 'plan';

const handlers: Readonly<Record<string, Handler>> = {
  'message-start': (event, answer) => answer.start(typeof event.id === 'string' ? event.id : ''),
  'tool-plan-delta': (event, answer) => {
    const { tool_plan: text } = messageOf(event);
    if (typeof text !== 'string') return;
    answer.push({ type: 'reasoning-delta', part: answer.open(planKey, { kind: 'reasoning' }), text });
  },
  'content-start': (event, answer) => {
    const { content } = messageOf(event);
    if (!isJsonObject(content)) return;
    startContent(contentKey(event), content, answer);
  },
  'content-delta': (event, answer) => {
    const { content } = messageOf(event);
    if (isJsonObject(content)) sayContent(contentKey(event), content, answer);
  },
  'content-end': (event, answer) => answer.close(contentKey(event)),
  'tool-call-start': (event, answer) => {
    answer.close(planKey);
    const { tool_calls: call } = messageOf(event);
    if (isJsonObject(call)) startCall(callKey(event), call, answer);
  },
  'tool-call-delta': (event, answer) => {
    const { tool_calls: call } = messageOf(event);
    const said = isJsonObject(call) && isJsonObject(call.function) ? call.function.arguments : undefined;
    if (typeof said !== 'string' || said === '') return;
    answer.push({
      type: 'tool-input-delta',
      part: answer.open(callKey(event), { kind: 'tool-call' }),
      json: said,
    });
  },
  'tool-call-end': (event, answer) => answer.close(callKey(event)),
  'citation-start': (event, answer) => {
    const { citations } = messageOf(event);
    if (isJsonObject(citations)) cite(citations, answer);
  },
  'citation-end': () => {},
  'message-end': (event, answer) => {
    const delta = isJsonObject(event.delta) ? event.delta : {};
    answer.finish(delta.finish_reason, delta.usage);
  },
};

const startContent = (key: string, content: JsonObject, answer: Answer): void => {
  answer.open(key, { kind: content.type === 'thinking' ? 'reasoning' : 'text' });
  sayContent(key, content, answer);
};

const sayContent = (key: string, content: JsonObject, answer: Answer): void => {
  const { text, thinking } = content;
  if (typeof thinking === 'string' && thinking !== '') {
    answer.push({ type: 'reasoning-delta', part: answer.open(key, { kind: 'reasoning' }), text: thinking });
  }
  if (typeof text === 'string' && text !== '') {
    answer.push({ type: 'text-delta', part: answer.open(key, { kind: 'text' }), text });
  }
};

const startCall = (key: string, call: JsonObject, answer: Answer): void => {
  const described = isJsonObject(call.function) ? call.function : {};
  const id = typeof call.id === 'string' ? call.id : key;
  const part = answer.open(key, { kind: 'tool-call', id, name: String(described.name ?? '') });
  const { arguments: said } = described;
  if (typeof said === 'string' && said !== '') answer.push({ type: 'tool-input-delta', part, json: said });
};

const cite = (citation: JsonObject, answer: Answer): void => {
  const { start, end, text, sources, content_index: index } = citation;
  const part = answer.open(`content ${String(index ?? 0)}`, { kind: 'text' });
  const [source] = Array.isArray(sources) ? sources : [];
  const document = isJsonObject(source) && isJsonObject(source.document) ? source.document : {};
  answer.push({
    type: 'citation',
    part,
    citation: present({
      start: typeof start === 'number' ? start : undefined,
      end: typeof end === 'number' ? end : undefined,
      citedText: typeof text === 'string' ? text : undefined,
      title: typeof document.title === 'string' ? document.title : undefined,
      url: typeof document.url === 'string' ? document.url : undefined,
    }),
  });
};

/** Reads a whole JSON answer: the same events as its stream would give. */
export const decodeResponse = (): ResponseDecoder => {
  const chunks: Uint8Array[] = [];
  return {
    push: (bytes) => {
      chunks.push(bytes);
      return [];
    },
    end: () => readWhole(parseJsonObject(Buffer.concat(chunks).toString('utf8'))),
  };
};

const readWhole = (body: JsonObject | undefined): ModelEvent[] => {
  const answer = new Answer();
  if (!body || !isJsonObject(body.message)) {
    answer.fail(gatewayError('upstream_malformed'));
    return answer.take();
  }
  const { content, tool_plan: plan, tool_calls: calls, citations } = body.message;
  answer.start(typeof body.id === 'string' ? body.id : '');
  if (typeof plan === 'string' && plan !== '') {
    answer.push({ type: 'reasoning-delta', part: answer.open(planKey, { kind: 'reasoning' }), text: plan });
    answer.close(planKey);
  }
  objectsIn(content).forEach((it, at) => {
    startContent(`content ${at}`, it, answer);
  });
  for (const citation of objectsIn(citations)) cite(citation, answer);
  objectsIn(content).forEach((_, at) => {
    answer.close(`content ${at}`);
  });
  objectsIn(calls).forEach((call, at) => {
    startCall(`call ${at}`, call, answer);
    answer.close(`call ${at}`);
  });
  answer.finish(body.finish_reason, body.usage);
  return answer.take();
};

const objectsIn = (list: JsonValue | undefined): JsonObject[] =>
  Array.isArray(list) ? list.filter(isJsonObject) : [];
