import { createAnthropic } from '@ai-sdk/anthropic';
import { createGoogleGenerativeAI } from '@ai-sdk/google';
import { createOpenAI } from '@ai-sdk/openai';
import Anthropic from '@anthropic-ai/sdk';
import { type GenerateContentResponse, GoogleGenAI } from '@google/genai';
import { ChatOpenAI } from '@langchain/openai';
import { generateText, jsonSchema, type LanguageModel, streamText, type ToolSet, tool } from 'ai';
import OpenAI from 'openai';

/** Where a client is sent, and as whom. */
export interface Gateway {
  readonly url: string;
  readonly key: string;
  /** How often the SDK may ask again; its own default when absent. */
  readonly retries?: number;
}

/** One question. `tool` is a function that takes one text; the client only hears of the call. */
export interface Question {
  readonly model: string;
  readonly text: string;
  readonly tool?: string;
}

/** What a client heard: all text, and the arguments of each call, parsed. */
export interface Heard {
  readonly text: string;
  readonly calls: readonly unknown[];
}

export const ways = ['whole', 'streamed'] as const;
export type Way = (typeof ways)[number];

/** An unmodified SDK with the settings that it has by itself. */
export type Client = (gateway: Gateway, way: Way, question: Question) => Promise<Heard>;

/** JSON Schema of the arguments of every `tool`. */
export const toolSchema = {
  type: 'object' as const,
  properties: { text: { type: 'string' as const } },
  required: ['text'],
  additionalProperties: false,
};

const description = 'Sends a text';

const retriesOf = ({ retries }: Gateway) => (retries === undefined ? {} : { maxRetries: retries });

const openai = (gateway: Gateway) =>
  new OpenAI({ apiKey: gateway.key, baseURL: `${gateway.url}/v1`, ...retriesOf(gateway) });

const openaiChat: Client = async (gateway, way, { model, text, tool: name }) => {
  const { completions } = openai(gateway).chat;
  const body = {
    model,
    messages: [{ role: 'user' as const, content: text }],
    ...(name && {
      tools: [{ type: 'function' as const, function: { name, description, parameters: toolSchema } }],
    }),
  };
  const answer =
    way === 'whole' ? await completions.create(body) : await completions.stream(body).finalChatCompletion();
  const message = answer.choices[0]?.message;
  return {
    text: message?.content ?? '',
    calls: (message?.tool_calls ?? []).flatMap((call) =>
      call.type === 'function' ? [JSON.parse(call.function.arguments)] : [],
    ),
  };
};

const openaiResponses: Client = async (gateway, way, { model, text, tool: name }) => {
  const { responses } = openai(gateway);
  const body = {
    model,
    input: text,
    ...(name && {
      tools: [{ type: 'function' as const, name, description, parameters: toolSchema, strict: false }],
    }),
  };
  const answer =
    way === 'whole' ? await responses.create(body) : await responses.stream(body).finalResponse();
  return {
    text: answer.output_text,
    calls: answer.output.flatMap((item) =>
      item.type === 'function_call' ? [JSON.parse(item.arguments)] : [],
    ),
  };
};

const anthropic: Client = async (gateway, way, { model, text, tool: name }) => {
  const { messages } = new Anthropic({ apiKey: gateway.key, baseURL: gateway.url, ...retriesOf(gateway) });
  const body = {
    model,
    max_tokens: 2000,
    messages: [{ role: 'user' as const, content: text }],
    ...(name && { tools: [{ name, description, input_schema: toolSchema }] }),
  };
  const { content } =
    way === 'whole' ? await messages.create(body) : await messages.stream(body).finalMessage();
  return {
    text: content.map((block) => (block.type === 'text' ? block.text : '')).join(''),
    calls: content.flatMap((block) => (block.type === 'tool_use' ? [block.input] : [])),
  };
};

/** Asks again only when it is told to. */
const google: Client = async ({ url, key }, way, { model, text, tool: name }) => {
  const { models } = new GoogleGenAI({ apiKey: key, httpOptions: { baseUrl: url } });
  const body = {
    model,
    contents: text,
    ...(name && {
      config: {
        tools: [{ functionDeclarations: [{ name, description, parametersJsonSchema: toolSchema }] }],
      },
    }),
  };
  const chunks =
    way === 'whole'
      ? [await models.generateContent(body)]
      : await Array.fromAsync(await models.generateContentStream(body));
  const parts = chunks.flatMap(
    ({ candidates }: GenerateContentResponse) => candidates?.[0]?.content?.parts ?? [],
  );
  return {
    text: parts.map((part) => (part.thought ? '' : (part.text ?? ''))).join(''),
    calls: parts.flatMap(({ functionCall }) => (functionCall ? [functionCall.args] : [])),
  };
};

/** The AI SDK with one of its providers. A stream that fails tells it to `onError` only. */
const aiSdk =
  (modelOf: (gateway: Gateway, model: string) => LanguageModel): Client =>
  async (gateway, way, { model, text, tool: name }) => {
    const tools: ToolSet = name ? { [name]: tool({ description, inputSchema: jsonSchema(toolSchema) }) } : {};
    const asked = { model: modelOf(gateway, model), prompt: text, tools, ...retriesOf(gateway) };
    if (way === 'whole') {
      const answer = await generateText(asked);
      return { text: answer.text, calls: answer.toolCalls.map(({ input }) => input) };
    }
    const errors: unknown[] = [];
    const stream = streamText({ ...asked, onError: ({ error }) => void errors.push(error) });
    const texts = await Array.fromAsync(stream.textStream);
    if (errors.length > 0) throw errors[0];
    return { text: texts.join(''), calls: (await stream.toolCalls).map(({ input }) => input) };
  };

const langchain =
  (api: { readonly useResponsesApi: boolean }): Client =>
  async (gateway, way, { model, text, tool: name }) => {
    const { url, key } = gateway;
    const chat = new ChatOpenAI({
      model,
      apiKey: key,
      configuration: { baseURL: `${url}/v1` },
      ...retriesOf(gateway),
      ...api,
    });
    const bound = name
      ? chat.bindTools([{ type: 'function', function: { name, description, parameters: toolSchema } }])
      : chat;
    const answer =
      way === 'whole'
        ? await bound.invoke(text)
        : (await Array.fromAsync(await bound.stream(text))).reduce((all, chunk) => all.concat(chunk));
    return { text: answer.text, calls: (answer.tool_calls ?? []).map(({ args }) => args) };
  };

/** Every JavaScript SDK, and those of several APIs once for each. */
export const clients = {
  'openai (chat)': openaiChat,
  'openai (responses)': openaiResponses,
  '@anthropic-ai/sdk': anthropic,
  '@google/genai': google,
  'ai with openai (chat)': aiSdk(({ url, key }, model) =>
    createOpenAI({ apiKey: key, baseURL: `${url}/v1` }).chat(model),
  ),
  'ai with openai (responses)': aiSdk(({ url, key }, model) =>
    createOpenAI({ apiKey: key, baseURL: `${url}/v1` }).responses(model),
  ),
  'ai with anthropic': aiSdk(({ url, key }, model) =>
    createAnthropic({ apiKey: key, baseURL: `${url}/v1` })(model),
  ),
  'ai with google': aiSdk(({ url, key }, model) =>
    createGoogleGenerativeAI({ apiKey: key, baseURL: `${url}/v1beta` })(model),
  ),
  '@langchain/openai (chat)': langchain({ useResponsesApi: false }),
  '@langchain/openai (responses)': langchain({ useResponsesApi: true }),
} satisfies Record<string, Client>;

export type ClientName = keyof typeof clients;
export const clientNames = Object.keys(clients) as ClientName[];
