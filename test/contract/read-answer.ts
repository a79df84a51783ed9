import type { ClientAnswer } from './host.ts';
import type { ContractClient } from './scenarios.ts';

/** What a client makes of an answer; read here without the code under test. */
export interface ReadAnswer {
  readonly text: string;
  readonly tools: readonly { readonly name: string; readonly input: unknown }[];
  readonly finish?: string;
  readonly inputTokens?: number;
  readonly outputTokens?: number;
  /** Code of an error body or of an error inside the stream. */
  readonly errorCode?: string;
  /** How the stream ended; a whole body is `complete` when it could be read. */
  readonly ending: 'complete' | 'error-event' | 'cut';
}

interface ChatError {
  readonly code?: string;
}

interface ChatUsage {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
}

interface ChatCall {
  readonly index?: number;
  readonly function: { readonly name?: string; readonly arguments: string };
}

interface ChatSaid {
  readonly content?: string | null;
  readonly tool_calls?: readonly ChatCall[];
}

/** A Chat completion or one chunk of it. */
interface ChatBody {
  readonly error?: ChatError;
  readonly choices?: readonly {
    readonly message?: ChatSaid;
    readonly delta?: ChatSaid;
    readonly finish_reason?: string | null;
  }[];
  readonly usage?: ChatUsage | null;
}

interface MessagesError {
  readonly type: string;
  readonly details?: { readonly error_code?: string };
}

interface MessagesUsage {
  readonly input_tokens?: number;
  readonly output_tokens: number;
}

interface MessagesBlock {
  readonly type: string;
  readonly text?: string;
  readonly name?: string;
  readonly input?: unknown;
}

interface MessagesBody {
  readonly error?: MessagesError;
  readonly content?: readonly MessagesBlock[];
  readonly stop_reason?: string;
  readonly usage?: MessagesUsage;
}

interface MessagesEvent {
  readonly type: string;
  readonly index?: number;
  readonly message?: MessagesBody;
  readonly content_block?: MessagesBlock;
  readonly delta?: { readonly text?: string; readonly partial_json?: string; readonly stop_reason?: string };
  readonly usage?: MessagesUsage;
  readonly error?: MessagesError;
}

/** The `data:` of each event, in order. */
const dataOf = (text: string): string[] =>
  text
    .split(/\r?\n\r?\n/)
    .flatMap((frame) => frame.split(/\r?\n/).find((line) => line.startsWith('data:')) ?? [])
    .map((line) => line.slice(5).trim());

export const readAnswer = (dialect: ContractClient, answer: ClientAnswer): ReadAnswer => {
  const isStream = answer.headers.get('content-type')?.startsWith('text/event-stream') ?? false;
  const read = readers[dialect];
  const result = isStream ? read.stream(dataOf(answer.text)) : read.whole(answer.text);
  return answer.broken ? { ...result, ending: 'cut' } : result;
};

interface Reader {
  whole(body: string): ReadAnswer;
  stream(data: readonly string[]): ReadAnswer;
}

const failed = (errorCode: string): ReadAnswer => ({ text: '', tools: [], errorCode, ending: 'complete' });

const chatTokens = (usage: ChatUsage | null | undefined) =>
  usage ? { inputTokens: usage.prompt_tokens, outputTokens: usage.completion_tokens } : {};

const openai: Reader = {
  whole: (text) => {
    const { error, choices, usage } = JSON.parse(text) as ChatBody;
    if (error) return failed(error.code ?? '');
    const choice = choices?.[0];
    return {
      text: choice?.message?.content ?? '',
      tools: (choice?.message?.tool_calls ?? []).map(({ function: { name = '', arguments: input } }) => ({
        name,
        input: JSON.parse(input) as unknown,
      })),
      finish: choice?.finish_reason ?? '',
      ...chatTokens(usage),
      ending: 'complete',
    };
  },
  stream: (data) => {
    const chunks = data.filter((it) => it !== '[DONE]').map((it) => JSON.parse(it) as ChatBody);
    const error = chunks.find((chunk) => chunk.error)?.error;
    const choices = chunks.flatMap((chunk) => chunk.choices ?? []);
    const calls = choices.flatMap(({ delta }) => delta?.tool_calls ?? []);
    const finish = choices.findLast(({ finish_reason }) => finish_reason)?.finish_reason;
    return {
      text: choices.map(({ delta }) => delta?.content ?? '').join(''),
      tools: [...new Set(calls.map(({ index }) => index))].map((at) => {
        const own = calls.filter(({ index }) => index === at);
        return {
          name: own[0]?.function.name ?? '',
          input: JSON.parse(own.map((call) => call.function.arguments).join('')) as unknown,
        };
      }),
      ...(finish ? { finish } : {}),
      ...chatTokens(chunks.findLast(({ usage }) => usage)?.usage),
      ...(error ? { errorCode: error.code ?? '' } : {}),
      ending: error ? 'error-event' : data.at(-1) === '[DONE]' ? 'complete' : 'cut',
    };
  },
};

const codeOf = ({ type, details }: MessagesError): string => details?.error_code ?? type;

const anthropic: Reader = {
  whole: (text) => {
    const { error, content = [], stop_reason, usage } = JSON.parse(text) as MessagesBody;
    if (error) return failed(codeOf(error));
    return {
      text: content.map((block) => block.text ?? '').join(''),
      tools: content
        .filter(({ type }) => type === 'tool_use')
        .map(({ name = '', input }) => ({ name, input })),
      finish: stop_reason ?? '',
      ...(usage ? { inputTokens: usage.input_tokens ?? -1, outputTokens: usage.output_tokens } : {}),
      ending: 'complete',
    };
  },
  stream: (data) => {
    const events = data.map((it) => JSON.parse(it) as MessagesEvent);
    const error = events.find(({ type }) => type === 'error')?.error;
    const deltas = events.filter(({ type }) => type === 'content_block_delta');
    const last = events.find(({ type }) => type === 'message_delta');
    const inputOf = (at: number | undefined) =>
      deltas.map(({ index, delta }) => (index === at ? (delta?.partial_json ?? '') : '')).join('') || '{}';
    return {
      text: deltas.map(({ delta }) => delta?.text ?? '').join(''),
      tools: events
        .filter(({ content_block }) => content_block?.type === 'tool_use')
        .map(({ index, content_block }) => ({
          name: content_block?.name ?? '',
          input: JSON.parse(inputOf(index)) as unknown,
        })),
      ...(last
        ? {
            finish: last.delta?.stop_reason ?? '',
            inputTokens: last.usage?.input_tokens ?? events[0]?.message?.usage?.input_tokens ?? -1,
            outputTokens: last.usage?.output_tokens ?? -1,
          }
        : {}),
      ...(error ? { errorCode: codeOf(error) } : {}),
      ending: error ? 'error-event' : events.at(-1)?.type === 'message_stop' ? 'complete' : 'cut',
    };
  },
};

interface ResponseItem {
  readonly type: string;
  readonly content?: readonly { readonly text?: string }[];
  readonly name?: string;
  readonly arguments?: string;
}

interface ResponseBody {
  readonly error?: ChatError | null;
  readonly output?: readonly ResponseItem[];
  readonly status?: string;
  readonly incomplete_details?: { readonly reason: string } | null;
  readonly usage?: { readonly input_tokens: number; readonly output_tokens: number } | null;
}

interface ResponsesEvent {
  readonly type: string;
  readonly delta?: string;
  readonly response?: ResponseBody;
  readonly item?: ResponseItem;
  readonly code?: string;
  readonly error?: ChatError;
}

const callsIn = (items: readonly ResponseItem[]): ReadAnswer['tools'] =>
  items
    .filter(({ type }) => type === 'function_call')
    .map(({ name = '', arguments: json = '' }) => ({ name, input: JSON.parse(json) as unknown }));

const textIn = (items: readonly ResponseItem[]): string =>
  items.flatMap(({ content = [] }) => content.map((part) => part.text ?? '')).join('');

const endOf = ({ status = '', incomplete_details: details, usage }: ResponseBody) => ({
  finish: details?.reason ?? status,
  ...(usage ? { inputTokens: usage.input_tokens, outputTokens: usage.output_tokens } : {}),
});

const responses: Reader = {
  whole: (text) => {
    const body = JSON.parse(text) as ResponseBody;
    if (body.error) return failed(body.error.code ?? '');
    const items = body.output ?? [];
    return {
      text: textIn(items),
      tools: callsIn(items),
      ...endOf(body),
      ending: 'complete',
    };
  },
  /** What ends a stream repeats all of it, and that is what SDKs hand over. */
  stream: (data) => {
    const events = data.map((it) => JSON.parse(it) as ResponsesEvent);
    const error = events.find(({ type }) => type === 'error');
    const last = events.findLast(({ type }) => /^response\.(completed|incomplete)$/.test(type));
    const items = events
      .filter(({ type }) => type === 'response.output_item.done')
      .flatMap(({ item }) => item ?? []);
    const deltas = events.filter(({ type }) => type === 'response.output_text.delta');
    return {
      text: last?.response
        ? textIn(last.response.output ?? [])
        : deltas.map(({ delta = '' }) => delta).join(''),
      tools: callsIn(last?.response?.output ?? items),
      ...(last?.response ? endOf(last.response) : {}),
      ...(error ? { errorCode: error.code ?? error.error?.code ?? '' } : {}),
      ending: error ? 'error-event' : last ? 'complete' : 'cut',
    };
  },
};

interface GeminiBody {
  readonly error?: { readonly details?: readonly { readonly reason?: string }[]; readonly status: string };
  readonly candidates?: readonly {
    readonly content?: {
      readonly parts?: readonly {
        readonly text?: string;
        readonly thought?: boolean;
        readonly functionCall?: { readonly name: string; readonly args: unknown };
      }[];
    };
    readonly finishReason?: string;
  }[];
  readonly usageMetadata?: { readonly promptTokenCount: number; readonly candidatesTokenCount?: number };
}

/** A stream has no mark at its end: it is whole when it says how the answer finished. */
const joined = (chunks: readonly GeminiBody[]): ReadAnswer => {
  const error = chunks.find((chunk) => chunk.error)?.error;
  const candidates = chunks.flatMap((chunk) => chunk.candidates ?? []);
  const parts = candidates.flatMap(({ content }) => content?.parts ?? []);
  const usage = chunks.findLast(({ usageMetadata }) => usageMetadata)?.usageMetadata;
  const finish = candidates.findLast(({ finishReason }) => finishReason)?.finishReason;
  return {
    text: parts.map(({ text = '', thought }) => (thought ? '' : text)).join(''),
    tools: parts.flatMap(({ functionCall: call }) => (call ? [{ name: call.name, input: call.args }] : [])),
    ...(finish ? { finish } : {}),
    ...(usage ? { inputTokens: usage.promptTokenCount, outputTokens: usage.candidatesTokenCount ?? 0 } : {}),
    ...(error ? { errorCode: error.details?.find(({ reason }) => reason)?.reason ?? error.status } : {}),
    ending: error ? 'error-event' : finish ? 'complete' : 'cut',
  };
};

const gemini: Reader = {
  whole: (text) => ({ ...joined([JSON.parse(text) as GeminiBody]), ending: 'complete' }),
  stream: (data) => joined(data.map((it) => JSON.parse(it) as GeminiBody)),
};

const readers: Record<ContractClient, Reader> = {
  'openai-chat': openai,
  'openai-responses': responses,
  'anthropic-messages': anthropic,
  gemini,
};
