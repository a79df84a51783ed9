import type { DialectName } from '../model/request.ts';
import { anthropicMessages } from './anthropic-messages/index.ts';
import type { Dialect } from './dialect.ts';
import { openaiChat } from './openai-chat/index.ts';
import { openaiResponses } from './openai-responses/index.ts';

/** Every dialect, one line each. */
export const dialects: Readonly<Record<DialectName, Dialect>> = {
  'openai-chat': openaiChat,
  'openai-responses': openaiResponses,
  'anthropic-messages': anthropicMessages,
};

/** Whether `name`, which came from outside, is one of them. */
export const isDialectName = (name: unknown): name is DialectName =>
  typeof name === 'string' && Object.hasOwn(dialects, name);
