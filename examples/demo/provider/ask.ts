import { randomUUID } from 'node:crypto';

/** A function that the caller offers, with the JSON Schema of its arguments. */
export interface OfferedTool {
  readonly name: string;
  readonly schema: Schema;
}

/** What we read of a JSON Schema. */
export interface Schema {
  readonly type?: unknown;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Schema>>;
}

/** What one call wants, whatever its dialect. */
export interface Ask {
  readonly model: string;
  readonly stream: boolean;
  /** OpenAI only: a stream ends with its usage. */
  readonly streamUsage: boolean;
  /** Text of the last turn: of the user, or of the tools that ran for it. */
  readonly lastText: string;
  readonly tools: readonly OfferedTool[];
  /** The answer must call a tool. */
  readonly toolRequired: boolean;
  readonly parallelTools: boolean;
  /** `sealed`: reasoning that only its signature shows. */
  readonly reasoning: 'none' | 'shown' | 'sealed';
  /** Responses only: reasoning comes with what it can be sent back as. */
  readonly encrypts?: boolean;
  readonly maxTokens?: number | undefined;
  /** The answer ends before the first of them. */
  readonly stopSequences: readonly string[];
  /** The answer must be JSON that fits it. */
  readonly outputSchema?: Schema | undefined;
  /** The whole prompt, cached tokens included. */
  readonly promptTokens: number;
  readonly cacheReadTokens: number;
  readonly cacheWriteTokens: number;
}

/** Tokens of one answer; details are parts of the totals. */
export interface AnswerUsage {
  readonly inputTokens: number;
  readonly cacheReadTokens: number;
  readonly cacheWriteTokens: number;
  readonly outputTokens: number;
  readonly reasoningTokens: number;
}

export interface ToolCall {
  readonly name: string;
  /** JSON text. */
  readonly arguments: string;
}

/** What a model says, in no dialect. */
export interface Answer {
  /** Random, without the dialect's prefix. */
  readonly id: string;
  readonly model: string;
  readonly reasoning: string;
  /** False: only its seal goes out. */
  readonly reasoningShown: boolean;
  /** The deltas of a stream; joined, the text. */
  readonly pieces: readonly string[];
  readonly calls: readonly ToolCall[];
  readonly finish: 'stop' | 'stop-sequence' | 'length' | 'tool-calls';
  /** The one that ended the answer. */
  readonly stopSequence?: string | undefined;
  /** In the order in which they are sent; the last one holds. A healthy provider sends one. */
  readonly usage: readonly AnswerUsage[];
}

/** A token is four characters to this provider. */
export const tokensIn = (text: string): number => Math.ceil(text.length / 4);

/**
 * Answers a call: with the text of its last turn, word by word, so that answers can be told apart; with as many tool
 * calls as that text asks for (`call tools: 2`); or with JSON when the call has a schema for it. `events` fixes the number
 * of text deltas.
 */
export const answerTo = (ask: Ask, events?: number): Answer => {
  const calls = callsFor(ask);
  const reasoning = ask.reasoning === 'none' ? '' : `The user wrote ${ask.lastText.length} characters.`;
  const reasoningTokens = tokensIn(reasoning);
  const { said, stopSequence } = stopped(calls.length > 0 ? '' : wordsFor(ask), ask.stopSequences);
  const text = cutToTokens(said, ask.maxTokens === undefined ? undefined : ask.maxTokens - reasoningTokens);
  const pieces = piecesOf(text, events);
  return {
    id: randomUUID().replaceAll('-', ''),
    model: ask.model,
    reasoning,
    reasoningShown: ask.reasoning === 'shown',
    pieces,
    calls,
    ...finishOf({ calls, cut: text.length < said.length, stopSequence }),
    usage: [
      {
        inputTokens: ask.promptTokens,
        cacheReadTokens: ask.cacheReadTokens,
        cacheWriteTokens: ask.cacheWriteTokens,
        outputTokens:
          reasoningTokens + tokensIn([...pieces, ...calls.map((call) => call.arguments)].join('')),
        reasoningTokens,
      },
    ],
  };
};

const wordsFor = ({ lastText, outputSchema }: Ask): string =>
  outputSchema
    ? JSON.stringify(sample(outputSchema, 1))
    : `You said: ${lastText}\n\nThis is a fake provider on this machine.`;

/** `text` up to the first stop sequence in it. */
const stopped = (text: string, sequences: readonly string[]): { said: string; stopSequence?: string } => {
  const places = sequences.flatMap((sequence) => {
    const at = text.indexOf(sequence);
    return at === -1 ? [] : [{ said: text.slice(0, at), stopSequence: sequence }];
  });
  return places.sort((a, b) => a.said.length - b.said.length)[0] ?? { said: text };
};

interface HowItEnds {
  readonly calls: readonly ToolCall[];
  /** The limit of tokens cut its text. */
  readonly cut: boolean;
  readonly stopSequence: string | undefined;
}

const finishOf = ({ calls, cut, stopSequence }: HowItEnds): Pick<Answer, 'finish' | 'stopSequence'> => {
  if (calls.length > 0) return { finish: 'tool-calls' };
  if (cut) return { finish: 'length' };
  return stopSequence === undefined ? { finish: 'stop' } : { finish: 'stop-sequence', stopSequence };
};

const callsFor = ({ tools, toolRequired, parallelTools, lastText }: Ask): ToolCall[] => {
  if (tools.length === 0) return [];
  const said = /tool says: (.*)/.exec(lastText)?.[1];
  const wanted = Number(/call tools: (\d{1,2})/.exec(lastText)?.[1] ?? (toolRequired ? 1 : 0));
  return Array.from({ length: parallelTools ? wanted : Math.min(1, wanted) }, (_, index) => {
    const tool = tools[index % tools.length];
    const argument =
      said === undefined ? sample(tool?.schema ?? {}, index + 1) : echoed(tool?.schema ?? {}, said);
    return { name: tool?.name ?? '', arguments: JSON.stringify(argument) };
  });
};

/** Arguments that all say the same. */
const echoed = ({ properties = {} }: Schema, said: string): Record<string, string> =>
  Object.fromEntries(Object.keys(properties).map((name) => [name, said]));

/** A value that fits `schema` well enough for a tool to run; `count` makes calls of one answer differ. */
const sample = (schema: Schema, count: number): unknown => {
  if (schema.enum) return schema.enum[0];
  if (schema.type === 'number' || schema.type === 'integer') return count;
  if (schema.type === 'boolean') return true;
  if (schema.type === 'array') return [];
  if (schema.type === 'string') return `sample ${count}`;
  const properties = Object.entries(schema.properties ?? {});
  return Object.fromEntries(properties.map(([name, of]) => [name, sample(of, count)]));
};

const cutToTokens = (text: string, tokens: number | undefined): string =>
  tokens === undefined ? text : text.slice(0, Math.max(0, tokens) * 4).toWellFormed();

/** `text` word by word, or in exactly `count` pieces, lengthened when it has fewer words. */
const piecesOf = (text: string, count: number | undefined): string[] => {
  const words = text.match(/\S*\s*/g)?.filter((word) => word !== '') ?? [];
  if (count === undefined || text === '') return words;
  while (words.length < count) words.push(' and');
  return Array.from({ length: count }, (_, index) =>
    words.slice(share(index, words.length, count), share(index + 1, words.length, count)).join(''),
  );
};

const share = (index: number, total: number, count: number): number => Math.floor((index * total) / count);
