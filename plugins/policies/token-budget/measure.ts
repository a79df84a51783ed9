import type { ModelRequest, Part, Source, Tool } from '../../model/request.ts';
import { eachText } from '../../model/texts.ts';
import type { TokenCounter } from './tokenizer.ts';
import { type Weight, weigh } from './weigh.ts';

/** How large a prompt is, before any model has counted it. */
export interface PromptSize extends Weight {
  /** Tokens that turns, parts and tools cost beside their texts. */
  readonly frameTokens: number;
  readonly images: number;
  readonly hasTools: boolean;
  readonly hasSchema: boolean;
  readonly audioTokens: number;
  readonly fileTokens: number;
}

/** Measures a prompt. Bytes of images, sound and files count as what they are, never as text. */
export const measure = (request: ModelRequest): PromptSize => {
  let tokens = 0;
  let bytes = 0;
  eachPromptText(request, (text) => {
    const weight = weigh(text);
    tokens += weight.tokens;
    bytes += weight.bytes;
  });
  const frame = { tokens: 24, images: 0, audioTokens: 0, fileTokens: 0 };
  for (const tool of request.tools) frame.tokens += toolFrame(tool);
  for (const { parts } of request.turns) {
    frame.tokens += 8;
    for (const part of parts) addPart(frame, part);
  }
  const { tokens: frameTokens, ...media } = frame;
  const hasSchema = request.output?.kind === 'schema';
  return { tokens, bytes, frameTokens, hasTools: request.tools.length > 0, hasSchema, ...media };
};

/** What the tokenizer makes of the prompt's texts. */
export const countTexts = (request: ModelRequest, count: TokenCounter): number => {
  let tokens = 0;
  eachPromptText(request, (text) => {
    tokens += count(text);
  });
  return tokens;
};

/** Every text that a provider turns into input tokens. Of JSON the whole: its keys are read, too. */
const eachPromptText = (request: ModelRequest, read: (text: string) => void): void => {
  eachText(request, (text, place) => {
    if (place !== 'tool-definition' && place !== 'tool-input') read(text);
  });
  for (const tool of request.tools) read(toolText(tool));
  if (request.output?.kind === 'schema') read(JSON.stringify(request.output.schema));
  for (const { parts } of request.turns) {
    for (const part of parts) if (part.type === 'tool-call') read(`${part.name} ${part.input}`);
  }
};

/**
 * A tool that the provider runs brings its results into the prompt, and no gateway sees them: one search brought 10,000
 * tokens (recorded on claude-opus-4-1, 2025). Other tools of a provider's own come with a description of theirs.
 */
const toolFrame = (tool: Tool): number => {
  if (tool.kind === 'function') return 24;
  return /search|fetch|retriev|code|mcp|browser/i.test(tool.wireType) ? 20_000 : 1_000;
};

const toolText = (tool: Tool): string =>
  tool.kind === 'opaque'
    ? JSON.stringify(tool.value)
    : `${tool.name} ${tool.description ?? ''} ${tool.schema ? JSON.stringify(tool.schema) : ''}`;

interface Frame {
  tokens: number;
  images: number;
  audioTokens: number;
  fileTokens: number;
}

const addPart = (frame: Frame, part: Part): void => {
  frame.tokens += 4;
  switch (part.type) {
    case 'image':
      frame.images++;
      return;
    case 'audio':
      frame.audioTokens += audioTokens(part.source);
      return;
    case 'file':
      if (part.source.kind !== 'text') frame.fileTokens += fileTokens(part.source);
      return;
    case 'tool-call':
      frame.tokens += 16; // its id
      return;
    case 'tool-result':
      frame.tokens += 16;
      for (const it of part.parts) addPart(frame, it);
      return;
    case 'reasoning':
      frame.tokens += Math.ceil((part.redacted?.length ?? 0) / 3);
      return;
    case 'opaque':
      // Keys of its JSON, which are no text, and bytes that may be in it.
      frame.tokens += 32 + Math.ceil(JSON.stringify(part.value).length / 32);
      return;
    default:
      return;
  }
};

/** Most tokens of the prompt that are sound. */
export const soundTokens = ({ turns }: ModelRequest): number => {
  let tokens = 0;
  for (const { parts } of turns) {
    for (const part of parts) if (part.type === 'audio') tokens += audioTokens(part.source);
  }
  return tokens;
};

/** 32 tokens a second (Gemini, "Audio understanding", read 2026-11-24; OpenAI takes 10), at the least bytes a second that speech codecs need. */
const audioTokens = (source: Source): number =>
  source.kind === 'base64' ? Math.max(64, Math.ceil((source.data.length * 3) / 4 / 32)) : unseenAudio;

const fileTokens = (source: Source): number =>
  source.kind === 'base64' ? Math.max(4000, Math.ceil((source.data.length * 3) / 16)) : unseenFile;

/** Tokens that are held for what lies elsewhere, where nobody here can see how large it is. */
const unseenAudio = 20_000;
const unseenFile = 100_000;
