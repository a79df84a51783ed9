import type { DialectName, Operation, UpstreamDialectName } from '../model/request.ts';
import { anthropicMessages } from './anthropic-messages/index.ts';
import { anthropicBedrock, anthropicVertex } from './anthropic-messages/platforms.ts';
import { bedrockConverse } from './bedrock-converse/index.ts';
import { cohereChat } from './cohere-chat/index.ts';
import type { Dialect, PlatformName, UpstreamDialect } from './dialect.ts';
import { gemini } from './gemini/index.ts';
import { openaiChat } from './openai-chat/index.ts';
import { openaiResponses } from './openai-responses/index.ts';

/** Every dialect of clients, one line each; upstreams speak them, too. */
export const dialects: Readonly<Record<DialectName, Dialect>> = {
  'openai-chat': openaiChat,
  'openai-responses': openaiResponses,
  'anthropic-messages': anthropicMessages,
  gemini,
};

/** Every dialect of upstreams. */
export const upstreamDialects: Readonly<Record<UpstreamDialectName, UpstreamDialect>> = {
  ...dialects,
  'anthropic-vertex': anthropicVertex,
  'anthropic-bedrock': anthropicBedrock,
  'cohere-chat': cohereChat,
  'bedrock-converse': bedrockConverse,
};

/** A dialect as clients speak one operation; undefined when it has none. The same one is always the same object. */
export const dialectFor = (name: DialectName, operation: Operation): Dialect | undefined =>
  views[name].operations[operation] as Dialect | undefined; // made of a `Dialect`

/**
 * The same for upstreams, and for one that a cloud hosts: the very object that `dialectFor` gives, where clients speak it
 * too.
 */
export const upstreamDialectFor = (
  name: UpstreamDialectName,
  operation: Operation,
  platform?: PlatformName,
): UpstreamDialect | undefined => {
  const { operations, at } = views[name];
  return (platform && at[platform]?.[operation]) ?? operations[operation];
};

/** Can calls of this operation go to upstreams of this dialect? What an upstream does not count, we count ourselves. */
export const canServe = (name: UpstreamDialectName, operation: Operation): boolean =>
  operation === 'count-tokens' || upstreamDialectFor(name, operation) !== undefined;

type Views = Partial<Record<Operation, UpstreamDialect>>;

/** A dialect with the codecs of one operation in the place of those of chat. */
const viewsOf = (dialect: UpstreamDialect, codecs: UpstreamDialect['operations'] = {}): Views =>
  Object.fromEntries(
    Object.entries(codecs).map(([operation, codec]) => [operation, { ...dialect, ...codec }]),
  );

/** Each dialect as it speaks each operation, and as a cloud does. */
const views = Object.fromEntries(
  Object.entries(upstreamDialects).map(([name, dialect]) => [
    name,
    {
      operations: { chat: dialect, ...viewsOf(dialect, dialect.operations) },
      at: Object.fromEntries(
        Object.entries(dialect.operationsAt ?? {}).map(([platform, codecs]) => [
          platform,
          viewsOf(dialect, codecs),
        ]),
      ),
    },
  ]),
) as Record<
  UpstreamDialectName,
  { readonly operations: Views; readonly at: Partial<Record<PlatformName, Views>> }
>;

/** Whether `name`, which came from outside, is one that clients speak. */
export const isDialectName = (name: unknown): name is DialectName =>
  typeof name === 'string' && Object.hasOwn(dialects, name);
