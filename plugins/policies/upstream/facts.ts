import { createHmac } from 'node:crypto';
import type { ModelRequest, Part, Turn } from '../../model/request.ts';
import type { PaceClass, SizeClass } from '../../ports/health-board.ts';

/** What routing goes by: sizes and kinds of a request, never its content. */
export interface RequestFacts {
  /** Estimated. */
  readonly inputTokens: number;
  readonly maxOutputTokens: number | undefined;
  readonly size: SizeClass;
  readonly pace: PaceClass;
  readonly turns: number;
  readonly stream: boolean;
  readonly images: boolean;
  readonly audio: boolean;
  readonly files: boolean;
  readonly tools: boolean;
  readonly jsonSchema: boolean;
}

/**
 * Characters that make a token. English prose has 4 to 4.5 in o200k_base, code 3 to 3.5, JSON 2.5 to 3; wherever a
 * count must not be passed, the budgets count by themselves.
 */
const charactersPerToken = 4;

/** Tokens that an image costs, give or take: between a small and a large one of any provider. */
const imageTokens = 1000;
/** Tokens of what we cannot look into: a page or a minute. */
const opaqueTokens = 1500;

const sizes: readonly (readonly [size: SizeClass, belowTokens: number])[] = [
  ['small', 1_000],
  ['medium', 8_000],
  ['large', 64_000],
];

/** Reads a request once. Takes time by its number of parts, not by their length. */
export const requestFacts = (request: ModelRequest): RequestFacts => {
  const seen: Tally = { characters: 0, tokens: 0, images: false, audio: false, files: false };
  for (const { text } of request.system) seen.characters += text.length;
  for (const { parts } of request.turns) tally(parts, seen);
  for (const tool of request.tools) seen.characters += toolCharacters(tool);
  const inputTokens = Math.ceil(seen.characters / charactersPerToken) + seen.tokens;
  const size = sizes.find(([, below]) => inputTokens < below)?.[0] ?? 'huge';
  return {
    inputTokens,
    maxOutputTokens: request.maxOutputTokens,
    size,
    pace: `${size}/${request.stream ? 'stream' : 'whole'}`,
    turns: request.turns.length,
    stream: request.stream,
    images: seen.images,
    audio: seen.audio,
    files: seen.files,
    tools: request.tools.length > 0,
    jsonSchema: request.output?.kind === 'schema',
  };
};

interface Tally {
  characters: number;
  tokens: number;
  images: boolean;
  audio: boolean;
  files: boolean;
}

const tally = (parts: readonly Part[], seen: Tally): void => {
  for (const part of parts) {
    switch (part.type) {
      case 'text':
      case 'refusal':
      case 'reasoning':
        seen.characters += part.text.length;
        break;
      case 'tool-call':
        seen.characters += part.name.length + part.input.length;
        break;
      case 'tool-result':
        tally(part.parts, seen);
        break;
      case 'image':
        seen.images = true;
        seen.tokens += imageTokens;
        break;
      case 'audio':
        seen.audio = true;
        seen.tokens += opaqueTokens;
        break;
      case 'file':
        if (part.source.kind === 'text') {
          seen.characters += part.source.text.length;
          break;
        }
        seen.files = true;
        seen.tokens += opaqueTokens;
        break;
      case 'opaque':
        seen.tokens += opaqueTokens;
    }
  }
};

/** A schema has a few hundred characters in each of its members; to write it out would cost more than it is worth. */
const toolCharacters = (tool: ModelRequest['tools'][number]): number =>
  tool.kind === 'opaque' ? 400 : 200 + (tool.description?.length ?? 0);

/** What of a text goes into the key of its conversation. The rest would cost time and tell few conversations apart. */
const keyCharacters = 1024;

/**
 * Names the conversation that a request belongs to, by what all its requests have in common: instructions and the first
 * turn. A keyed hash, so that nobody can tell from it, or try out, what was said.
 */
export const conversationKey = ({ system, turns }: ModelRequest, secret: string): string => {
  const hash = createHmac('sha256', secret);
  for (const text of [...system.map((it) => it.text), ...firstTexts(turns)]) {
    hash.update(`${text.length}:${text.slice(0, keyCharacters)}`);
  }
  return hash.digest('base64url');
};

const firstTexts = (turns: readonly Turn[]): string[] => {
  const first = turns.find(({ role }) => role === 'user') ?? turns[0];
  return first?.parts.flatMap((part) => (part.type === 'text' ? [part.text] : [])) ?? [];
};
