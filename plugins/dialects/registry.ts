import type { DialectName } from '../model/request.ts';
import { anthropicMessages } from './anthropic-messages/index.ts';
import type { Dialect } from './dialect.ts';
import { gemini } from './gemini/index.ts';
import { openaiChat } from './openai-chat/index.ts';

/** Every dialect, one line each. */
export const dialects: Readonly<Record<DialectName, Dialect>> = {
  'openai-chat': openaiChat,
  'anthropic-messages': anthropicMessages,
  gemini,
};

/** Whether `name`, which came from outside, is one of them. */
export const isDialectName = (name: unknown): name is DialectName =>
  typeof name === 'string' && Object.hasOwn(dialects, name);
