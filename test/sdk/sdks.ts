import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import type { World } from './world.ts';

const messages = [{ role: 'user' as const, content: 'Hello' }];

/** What both SDKs take as options of one call. */
export interface CallOptions {
  readonly maxRetries?: number;
  readonly signal?: AbortSignal;
}

/** An official SDK, as far as a test can treat both alike. `model` is asked to answer `Hello`. */
export interface Sdk {
  /** Holds its error classes. */
  readonly errors: typeof OpenAI | typeof Anthropic;
  /** Its error's member for the code that names the cause. */
  readonly codeMember: 'code' | 'errorCode';
  /** A whole answer; `key` instead of the valid one. */
  create(world: World, model: string, options?: CallOptions & { readonly key?: string }): Identified;
  /** The chunks or events of a stream. */
  stream(world: World, model: string, options?: CallOptions): AsyncGenerator<object>;
  /** A stream that the SDK joins to a whole answer. */
  joined(world: World, model: string): Promise<object>;
}

/** The request id is where the SDK shows it. */
type Identified = Promise<{ readonly _request_id?: string | null }>;

export const sdks: Readonly<Record<'openai' | 'anthropic', Sdk>> = {
  openai: {
    errors: OpenAI,
    codeMember: 'code',
    create: ({ openai }, model, { key, ...options } = {}) =>
      openai
        .withOptions(key === undefined ? {} : { apiKey: key })
        .chat.completions.create({ model, messages }, options),
    async *stream({ openai }, model, options) {
      yield* await openai.chat.completions.create({ model, messages, stream: true }, options);
    },
    joined: ({ openai }, model) => openai.chat.completions.stream({ model, messages }).finalChatCompletion(),
  },
  anthropic: {
    errors: Anthropic,
    codeMember: 'errorCode',
    create: ({ anthropic }, model, { key, ...options } = {}) =>
      anthropic
        .withOptions(key === undefined ? {} : { apiKey: key })
        .messages.create({ model, messages, max_tokens: 2000 }, options),
    async *stream({ anthropic }, model, options) {
      yield* await anthropic.messages.create({ model, messages, max_tokens: 2000, stream: true }, options);
    },
    joined: ({ anthropic }, model) =>
      anthropic.messages.stream({ model, messages, max_tokens: 2000 }).finalMessage(),
  },
};
