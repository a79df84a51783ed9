import type { DialectName, Operation } from '../model/request.ts';
import { anthropicMessages } from './anthropic-messages/index.ts';
import type { Dialect } from './dialect.ts';
import { openaiChat } from './openai-chat/index.ts';

/** Every dialect, one line each. */
export const dialects: Readonly<Record<DialectName, Dialect>> = {
  'openai-chat': openaiChat,
  'anthropic-messages': anthropicMessages,
};

/**
 * A dialect as it speaks one operation; undefined when it has none. The same operation of the same dialect is always the
 * same object.
 */
export const dialectFor = (name: DialectName, operation: Operation): Dialect | undefined =>
  operation === 'chat' ? dialects[name] : others.get(`${name} ${operation}`);

const others: ReadonlyMap<string, Dialect> = new Map(
  Object.values(dialects).flatMap((dialect) =>
    Object.entries(dialect.operations ?? {}).map(
      ([operation, codec]) => [`${dialect.name} ${operation}`, { ...dialect, ...codec }] as const,
    ),
  ),
);

/** Whether `name`, which came from outside, is one of them. */
export const isDialectName = (name: unknown): name is DialectName =>
  typeof name === 'string' && Object.hasOwn(dialects, name);
