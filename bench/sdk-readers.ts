import Anthropic from '@anthropic-ai/sdk';
import { GoogleGenAI } from '@google/genai';
import OpenAI from 'openai';
import type { DialectName } from '../plugins/model/request.ts';

// What an application learns from an answer when the official SDK of its dialect reads it. Nothing here is shared with
// the gateway: this is the other opinion.

/** What an application sees, whichever dialect told it. */
export interface Seen {
  readonly text: string;
  readonly reasoning: string;
  readonly calls: readonly { readonly name: string; readonly input: unknown }[];
  /** `refused`: the model refused in OpenAI's own member for that, and ended as it always does. */
  readonly finish: 'stop' | 'length' | 'tools' | 'filter' | 'refused' | 'other';
  /** Tokens: all of the prompt, of it from a cache, all of the answer, of it for reasoning. */
  readonly usage: readonly [input: number, cached: number, output: number, reasoning: number];
}

/** Reads a whole answer or a stream with the SDK of `dialect`. Throws what the SDK throws. */
export const readBySdk = (
  dialect: DialectName,
  { body, stream }: { body: Uint8Array; stream: boolean },
): Promise<Seen> => readers[dialect](fetching(body, stream), stream);

type Fetch = typeof globalThis.fetch;

const fetching =
  (body: Uint8Array, stream: boolean): Fetch =>
  async () =>
    new Response(Buffer.from(body), {
      headers: { 'content-type': stream ? 'text/event-stream' : 'application/json' },
    });

const sdkOptions = { apiKey: 'none', maxRetries: 0 };

/** Arguments by what they say. None are none, and what is no object may stand in one where it must be one. */
const argumentsOf = (value: unknown): unknown => {
  if (typeof value !== 'string') return value ?? {};
  try {
    return JSON.parse(value === '' ? '{}' : value) ?? {};
  } catch {
    return { partial_json: value };
  }
};

type Wire = Readonly<Record<string, unknown>>;

/** SDK types leave out what servers add: reasoning, other counts. */
const loose = (value: unknown): Wire => (value ?? {}) as Wire;

const num = (value: unknown): number => (typeof value === 'number' ? value : 0);

// Chat

const readChat = async (fetch: Fetch, stream: boolean): Promise<Seen> => {
  const client = new OpenAI({ ...sdkOptions, fetch });
  const ask = { model: 'm', messages: [] };
  const seen = new ChatSeen();
  if (!stream) {
    const answer = await client.chat.completions.create(ask);
    for (const choice of answer.choices)
      if ((choice.index ?? 0) === 0) seen.add(wholeCalls(choice.message), choice.finish_reason);
    return seen.done(answer.usage);
  }
  let usage: unknown;
  for await (const chunk of await client.chat.completions.create({ ...ask, stream: true })) {
    usage = chunk.usage ?? loose(loose(chunk).x_groq).usage ?? usage;
    for (const choice of chunk.choices ?? [])
      if ((choice.index ?? 0) === 0) seen.add(choice.delta, choice.finish_reason);
  }
  return seen.done(usage);
};

/** In a whole answer each call is one, whatever a server says of its index. */
const wholeCalls = (message: unknown): Wire => {
  const calls = (loose(message).tool_calls ?? []) as unknown[];
  return { ...loose(message), tool_calls: calls.map((call, index) => ({ ...loose(call), index })) };
};

class ChatSeen {
  #refused = false;
  #text = '';
  #reasoning = '';
  #details = '';
  #finish: unknown;
  readonly #calls = new Map<string, { name: string; text: string; value?: unknown }>();
  #last = '';

  add(message: unknown, finish: unknown): void {
    const wire = loose(message);
    this.#finish = finish ?? this.#finish;
    this.#addContent(wire.content);
    if (typeof wire.refusal === 'string') this.#text += wire.refusal;
    this.#refused ||= Boolean(wire.refusal);
    const reasoning = (wire.reasoning_content as unknown) || (wire.reasoning as unknown);
    if (typeof reasoning === 'string') this.#reasoning += reasoning;
    for (const detail of ((wire.reasoning_details ?? []) as unknown[]).map(loose))
      this.#details += detail.text ?? detail.summary ?? '';
    const legacy = wire.function_call as unknown;
    for (const [at, call] of ((wire.tool_calls ?? []) as unknown[]).entries()) this.#addCall(loose(call), at);
    if (legacy) this.#addCall({ index: 0, function: legacy } as never, 0);
  }

  #addContent(content: unknown): void {
    if (typeof content === 'string') this.#text += content;
    else if (content && !Array.isArray(content)) this.#text += JSON.stringify(content); // Cloudflare
    if (!Array.isArray(content)) return;
    for (const part of content.map(loose)) {
      if (part.type === 'thinking')
        for (const thought of (part.thinking ?? []) as unknown[])
          this.#reasoning += loose(thought).text ?? '';
      else if (typeof part.text === 'string') this.#text += part.text;
    }
  }

  #addCall(call: Wire, at: number): void {
    const { id, index } = call as { id?: string; index?: number };
    const key = index === undefined ? (id ?? (at === 0 ? this.#last : String(at))) : String(index);
    this.#last = key;
    const isCustom = Boolean(call.custom) && call.type !== 'function';
    const called = loose(isCustom ? call.custom : call.function) as {
      name?: string;
      arguments?: unknown;
      input?: string;
    };
    const known = this.#calls.get(key) ?? { name: '', text: '' };
    known.name ||= called.name ?? '';
    if (typeof called.arguments === 'string') known.text += called.arguments;
    else if (called.arguments) known.value = called.arguments;
    if (isCustom)
      known.value = { input: `${(known.value as { input?: string })?.input ?? ''}${called.input ?? ''}` };
    this.#calls.set(key, known);
  }

  done(usage: unknown): Seen {
    const counts = loose(usage);
    const reasoning = num(loose(counts.completion_tokens_details).reasoning_tokens);
    const [input, completion] = [num(counts.prompt_tokens), num(counts.completion_tokens)];
    const outside = num(counts.total_tokens) - input - completion === reasoning ? reasoning : 0;
    const output = completion + outside;
    const cached =
      loose(counts.prompt_tokens_details).cached_tokens ??
      counts.cached_tokens ??
      counts.prompt_cache_hit_tokens;
    const named = [...this.#calls.values()].filter(({ name }) => name !== ''); // Snowflake has empty ones
    const calls = named.map(({ name, text, value }) => ({
      name,
      input: value ?? argumentsOf(text),
    }));
    return {
      text: this.#text,
      reasoning: this.#reasoning || this.#details, // Snowflake has the details alone
      calls,
      finish: finishOf(this.#finish || 'stop', { called: calls.length > 0, refused: this.#refused }),
      usage: [input, Math.min(num(cached), input), output, Math.min(reasoning, output)],
    };
  }
}

const finishes: Readonly<Record<string, Seen['finish']>> = {
  stop: 'stop',
  eos: 'stop',
  end_turn: 'stop',
  stop_sequence: 'stop',
  pause_turn: 'stop',
  STOP: 'stop',
  1: 'stop', // Vertex AI over gRPC tells enumerations by number
  completed: 'stop',
  complete: 'stop',
  CONTINUATION: 'stop',
  length: 'length',
  model_length: 'length',
  max_tokens: 'length',
  max_output_tokens: 'length',
  MAX_TOKENS: 'length',
  model_context_window_exceeded: 'length',
  tool_calls: 'tools',
  function_call: 'tools',
  tool_use: 'tools',
  content_filter: 'filter',
  refusal: 'filter',
  SAFETY: 'filter',
  MODEL_ARMOR: 'filter',
  PROHIBITED_CONTENT: 'filter',
  RECITATION: 'filter',
  BLOCKLIST: 'filter',
  SPII: 'filter',
};

/** Whoever sees a call runs it, whatever word ends a good answer. */
const finishOf = (
  word: unknown,
  { called, refused = false }: { called: boolean; refused?: boolean },
): Seen['finish'] => {
  const finish = finishes[String(word)] ?? 'other';
  if (finish !== 'stop') return finish;
  return called ? 'tools' : refused ? 'refused' : 'stop';
};

// Responses

const readResponses = async (fetch: Fetch, stream: boolean): Promise<Seen> => {
  const client = new OpenAI({ ...sdkOptions, fetch });
  const ask = { model: 'm', input: 'i' };
  const done: unknown[] = [];
  const response = stream
    ? await client.responses
        .stream(ask)
        .on('event', (event) => {
          if (event.type === 'response.output_item.done') done.push(event.item);
        })
        .finalResponse()
    : await client.responses.create(ask);
  if (!isOver(response.status)) throw new Error(`the response is ${response.status}`);
  // ChatGPT's own server ends its streams with a response without items: applications see them come.
  const items = (response.output.length > 0 ? response.output : done).map(loose);
  const texts = (value: unknown, ...types: string[]) =>
    ((value ?? []) as unknown[])
      .map(loose)
      .filter((part) => types.includes(part.type as string))
      .map((part) => (part.text ?? part.refusal ?? '') as string)
      .join('');
  const calls = items.flatMap((item) => {
    if ((item.type as string) === 'function_call')
      return [{ name: item.name as string, input: argumentsOf(item.arguments) }];
    if ((item.type as string) === 'custom_tool_call')
      return [{ name: item.name as string, input: { input: item.input as string } }];
    return [];
  });
  const refused = items.some((item) => texts(item.content, 'refusal') !== '');
  const of = (type: string) => items.filter((item) => (item.type as string) === type);
  const usage = loose(response.usage);
  return {
    text: of('message')
      .map((item) => texts(item.content, 'output_text', 'refusal'))
      .join(''),
    reasoning: of('reasoning')
      .map((item) => texts(item.summary, 'summary_text') + texts(item.content, 'reasoning_text'))
      .join(''),
    calls,
    finish: finishOf(response.incomplete_details?.reason ?? response.status, {
      called: calls.length > 0,
      refused,
    }),
    usage: [
      num(usage.input_tokens),
      Math.min(num(loose(usage.input_tokens_details).cached_tokens), num(usage.input_tokens)),
      num(usage.output_tokens),
      Math.min(num(loose(usage.output_tokens_details).reasoning_tokens), num(usage.output_tokens)),
    ],
  };
};

/** Failed, or still in the background. */
const isOver = (status: string | undefined): boolean =>
  !['failed', 'queued', 'in_progress', 'cancelled'].includes(status ?? '');

// Messages

const readMessages = async (fetch: Fetch, stream: boolean): Promise<Seen> => {
  const client = new Anthropic({ ...sdkOptions, fetch });
  const ask = { model: 'm', max_tokens: 1, messages: [] };
  const inputs = new Map<number, string>();
  const message = stream
    ? await client.messages
        .stream(ask)
        .on('streamEvent', (event) => {
          if (event.type === 'content_block_delta' && event.delta.type === 'input_json_delta')
            inputs.set(event.index, (inputs.get(event.index) ?? '') + event.delta.partial_json);
        })
        .finalMessage()
    : await client.messages.create(ask);
  const blocks = message.content;
  // Of arguments that were cut the SDK makes an object; what came is in the events.
  const calls = blocks.flatMap((block, index) =>
    block.type === 'tool_use'
      ? [{ name: block.name, input: argumentsOf(inputs.get(index) || block.input) }]
      : [],
  );
  const usage = loose(message.usage);
  const cached = num(usage.cache_read_input_tokens);
  return {
    text: blocks.map((block) => (block.type === 'text' ? block.text : '')).join(''),
    reasoning: blocks.map((block) => (block.type === 'thinking' ? block.thinking : '')).join(''),
    calls,
    finish: finishOf(message.stop_reason, { called: calls.length > 0 }),
    usage: [
      num(usage.input_tokens) + cached + num(usage.cache_creation_input_tokens),
      cached,
      num(usage.output_tokens),
      num(loose(usage.output_tokens_details).thinking_tokens),
    ],
  };
};

// Gemini

const readGemini = async (fetch: Fetch, stream: boolean): Promise<Seen> => {
  const usual = globalThis.fetch;
  globalThis.fetch = fetch; // the SDK takes no other
  try {
    const { models } = new GoogleGenAI({ apiKey: 'none' });
    const ask = { model: 'm', contents: 'i' };
    const seen = new GeminiSeen();
    if (stream) for await (const chunk of await models.generateContentStream(ask)) seen.add(chunk);
    else seen.add(await models.generateContent(ask));
    return seen.done();
  } finally {
    globalThis.fetch = usual;
  }
};

class GeminiSeen {
  #text = '';
  #reasoning = '';
  readonly #calls: Seen['calls'][number][] = [];
  #finish: unknown;
  #usage: Wire = {};
  #streamed: { name: string; args: Record<string, unknown> } | undefined;

  add(chunk: unknown): void {
    const { candidates, usageMetadata, promptFeedback } = loose(chunk);
    if (Object.keys(loose(usageMetadata)).some((key) => key.endsWith('TokenCount')))
      this.#usage = loose(usageMetadata);
    const candidate = ((candidates ?? []) as unknown[]).map(loose).find((it) => num(it.index) === 0);
    if (!candidate && promptFeedback) this.#finish = loose(promptFeedback).blockReason;
    this.#finish = candidate?.finishReason ?? this.#finish;
    for (const part of ((loose(candidate?.content).parts ?? []) as unknown[]).map(loose)) this.#addPart(part);
  }

  #addPart({ text, thought, functionCall }: Wire): void {
    if (typeof text === 'string')
      if (thought) this.#reasoning += text;
      else this.#text += text;
    if (!functionCall) return;
    const call = loose(functionCall) as {
      name?: string;
      args?: object;
      partialArgs?: [];
      willContinue?: boolean;
    };
    if (call.partialArgs || call.willContinue || this.#streamed) return this.#addPartial(call);
    this.#calls.push({ name: call.name ?? '', input: call.args ?? {} });
  }

  #addPartial({
    name,
    partialArgs = [],
    willContinue,
  }: {
    name?: string;
    partialArgs?: unknown[];
    willContinue?: boolean;
  }): void {
    if (name) this.#streamed = { name, args: {} };
    if (!this.#streamed) return;
    for (const partial of partialArgs.map(loose)) place(this.#streamed.args, partial);
    if (willContinue) return;
    this.#calls.push({ name: this.#streamed.name, input: this.#streamed.args });
    this.#streamed = undefined;
  }

  done(): Seen {
    const usage = this.#usage;
    const reasoning = num(usage.thoughtsTokenCount);
    const input = num(usage.promptTokenCount) + num(usage.toolUsePromptTokenCount);
    return {
      text: this.#text,
      reasoning: this.#reasoning,
      calls: this.#calls,
      finish: finishOf(this.#finish, { called: this.#calls.length > 0 }),
      usage: [
        input,
        num(usage.cachedContentTokenCount),
        num(usage.candidatesTokenCount) + reasoning,
        reasoning,
      ],
    };
  }
}

/** Sets a value of Vertex AI's streamed arguments: `$.a.b[0]`. */
const place = (args: Record<string, unknown>, partial: Wire): void => {
  const keys = String(partial.jsonPath).match(/[^$.[\]'"]+/g) ?? [];
  const value =
    [partial.stringValue, partial.numberValue, partial.boolValue].find((it) => it !== undefined) ?? null;
  let at: Record<string, unknown> = args;
  for (const [depth, key] of keys.entries()) {
    if (depth === keys.length - 1) {
      const known = at[key];
      at[key] = typeof known === 'string' && typeof value === 'string' ? known + value : value;
      return;
    }
    at[key] ??= /^\d+$/.test(keys[depth + 1] ?? '') ? [] : {};
    at = at[key] as Record<string, unknown>;
  }
};

const readers: Readonly<Record<DialectName, (fetch: Fetch, stream: boolean) => Promise<Seen>>> = {
  'openai-chat': readChat,
  'openai-responses': readResponses,
  'anthropic-messages': readMessages,
  gemini: readGemini,
};
