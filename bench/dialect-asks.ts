import type { DialectName } from '../plugins/model/request.ts';
import type { JsonObject, JsonValue } from '../plugins/wire/json.ts';

// One request for each thing that a client can ask for, in its own words. What a dialect has no words for is left out.

/** A request without anything special, in each dialect. */
export const plainAsk: Readonly<Record<DialectName, JsonObject>> = {
  'openai-chat': { model: 'm', messages: [{ role: 'user', content: 'Hi' }] },
  'openai-responses': { model: 'm', input: [{ role: 'user', content: 'Hi' }] },
  'anthropic-messages': { model: 'm', max_tokens: 4000, messages: [{ role: 'user', content: 'Hi' }] },
  gemini: { contents: [{ role: 'user', parts: [{ text: 'Hi' }] }] },
};

/** One thing that a request can ask for: the members that say it. */
export interface Feature {
  readonly name: string;
  /** Chat, Responses, Messages, Gemini. */
  readonly asks: readonly [Ask, Ask, Ask, Ask];
}

/** Undefined: the dialect has no words for it. */
type Ask = JsonObject | undefined;

const png = 'iVBORw0KGgo=';
const pdf = 'JVBERi0xLjQ=';
const imageUrl = 'https://images.example/cat.png';

const chatUser = (...content: JsonValue[]): JsonObject => ({ messages: [{ role: 'user', content }] });
const responsesUser = (...content: JsonValue[]): JsonObject => ({ input: [{ role: 'user', content }] });
const geminiUser = (...parts: JsonValue[]): JsonObject => ({ contents: [{ role: 'user', parts }] });

const schema: JsonObject = {
  type: 'object',
  properties: { city: { type: 'string' } },
  required: ['city'],
  additionalProperties: false,
};

const tools = {
  chat: [{ type: 'function', function: { name: 'weather', parameters: schema } }],
  responses: [{ type: 'function', name: 'weather', parameters: schema, strict: false }],
  messages: [{ name: 'weather', input_schema: schema }],
  gemini: [{ functionDeclarations: [{ name: 'weather', parametersJsonSchema: schema }] }],
};

/** Something that needs tools beside it. */
const withTools = (chat: Ask, responses: Ask, messages: Ask, gemini: Ask): Feature['asks'] => [
  chat && { tools: tools.chat, ...chat },
  responses && { tools: tools.responses, ...responses },
  messages && { tools: tools.messages, ...messages },
  gemini && { tools: tools.gemini, ...gemini },
];

const chatResult = (content: JsonValue): JsonObject => ({
  messages: [
    { role: 'user', content: 'Hi' },
    {
      role: 'assistant',
      content: null,
      tool_calls: [
        { id: 'call_1', type: 'function', function: { name: 'weather', arguments: '{"city":"Rome"}' } },
      ],
    },
    { role: 'tool', tool_call_id: 'call_1', content },
  ],
});

const responsesResult = (output: JsonValue): JsonObject => ({
  input: [
    { role: 'user', content: 'Hi' },
    { type: 'function_call', call_id: 'call_1', name: 'weather', arguments: '{"city":"Rome"}' },
    { type: 'function_call_output', call_id: 'call_1', output },
  ],
});

const messagesResult = (content: JsonValue, beside: JsonObject = {}): JsonObject => ({
  messages: [
    { role: 'user', content: 'Hi' },
    {
      role: 'assistant',
      content: [{ type: 'tool_use', id: 'call_1', name: 'weather', input: { city: 'Rome' } }],
    },
    { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'call_1', content, ...beside }] },
  ],
});

const geminiResult = (response: JsonObject, beside: JsonObject = {}): JsonObject => ({
  contents: [
    { role: 'user', parts: [{ text: 'Hi' }] },
    { role: 'model', parts: [{ functionCall: { id: 'call_1', name: 'weather', args: { city: 'Rome' } } }] },
    { role: 'user', parts: [{ functionResponse: { id: 'call_1', name: 'weather', response, ...beside } }] },
  ],
});

const generation = (config: JsonObject): JsonObject => ({ generationConfig: config });

const calling = (config: JsonObject): JsonObject => ({ toolConfig: { functionCallingConfig: config } });

/** The rows of the table, in its order. */
export const features: readonly Feature[] = [
  {
    name: 'instructions',
    asks: [
      {
        messages: [
          { role: 'system', content: 'Be kind' },
          { role: 'user', content: 'Hi' },
        ],
      },
      { instructions: 'Be kind' },
      { system: 'Be kind' },
      { systemInstruction: { parts: [{ text: 'Be kind' }] } },
    ],
  },
  {
    name: 'instructions amid the turns',
    asks: [
      {
        messages: [
          { role: 'user', content: 'Hi' },
          { role: 'system', content: 'Be kind' },
        ],
      },
      {
        input: [
          { role: 'user', content: 'Hi' },
          { role: 'system', content: 'Be kind' },
        ],
      },
      {
        messages: [
          { role: 'user', content: 'Hi' },
          { role: 'system', content: 'Be kind' },
        ],
      },
      undefined,
    ],
  },
  {
    name: 'the beginning of the answer',
    asks: [
      {
        messages: [
          { role: 'user', content: 'Hi' },
          { role: 'assistant', content: 'Once' },
        ],
      },
      {
        input: [
          { role: 'user', content: 'Hi' },
          { role: 'assistant', content: 'Once' },
        ],
      },
      {
        messages: [
          { role: 'user', content: 'Hi' },
          { role: 'assistant', content: 'Once' },
        ],
      },
      {
        contents: [
          { role: 'user', parts: [{ text: 'Hi' }] },
          { role: 'model', parts: [{ text: 'Once' }] },
        ],
      },
    ],
  },
  {
    name: 'image, its bytes',
    asks: [
      chatUser({ type: 'image_url', image_url: { url: `data:image/png;base64,${png}` } }),
      responsesUser({ type: 'input_image', image_url: `data:image/png;base64,${png}`, detail: 'auto' }),
      {
        messages: [
          {
            role: 'user',
            content: [{ type: 'image', source: { type: 'base64', media_type: 'image/png', data: png } }],
          },
        ],
      },
      geminiUser({ inlineData: { mimeType: 'image/png', data: png } }),
    ],
  },
  {
    name: 'image, by URL',
    asks: [
      chatUser({ type: 'image_url', image_url: { url: imageUrl } }),
      responsesUser({ type: 'input_image', image_url: imageUrl, detail: 'auto' }),
      { messages: [{ role: 'user', content: [{ type: 'image', source: { type: 'url', url: imageUrl } }] }] },
      geminiUser({ fileData: { mimeType: 'image/png', fileUri: imageUrl } }),
    ],
  },
  {
    name: 'PDF, its bytes',
    asks: [
      chatUser({
        type: 'file',
        file: { filename: 'a.pdf', file_data: `data:application/pdf;base64,${pdf}` },
      }),
      responsesUser({
        type: 'input_file',
        filename: 'a.pdf',
        file_data: `data:application/pdf;base64,${pdf}`,
      }),
      {
        messages: [
          {
            role: 'user',
            content: [
              { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: pdf } },
            ],
          },
        ],
      },
      geminiUser({ inlineData: { mimeType: 'application/pdf', data: pdf } }),
    ],
  },
  {
    name: "file, by the provider's id",
    asks: [
      chatUser({ type: 'file', file: { file_id: 'file-1' } }),
      responsesUser({ type: 'input_file', file_id: 'file-1' }),
      {
        messages: [
          { role: 'user', content: [{ type: 'document', source: { type: 'file', file_id: 'file_1' } }] },
        ],
      },
      geminiUser({
        fileData: {
          mimeType: 'application/pdf',
          fileUri: 'https://generativelanguage.googleapis.com/v1beta/files/1',
        },
      }),
    ],
  },
  {
    name: 'audio',
    asks: [
      chatUser({ type: 'input_audio', input_audio: { data: 'AAAA', format: 'wav' } }),
      undefined,
      undefined,
      geminiUser({ inlineData: { mimeType: 'audio/wav', data: 'AAAA' } }),
    ],
  },
  { name: 'functions', asks: withTools({}, {}, {}, {}) },
  {
    name: 'a function must be called',
    asks: withTools(
      { tool_choice: 'required' },
      { tool_choice: 'required' },
      { tool_choice: { type: 'any' } },
      calling({ mode: 'ANY' }),
    ),
  },
  {
    name: 'this function must be called',
    asks: withTools(
      { tool_choice: { type: 'function', function: { name: 'weather' } } },
      { tool_choice: { type: 'function', name: 'weather' } },
      { tool_choice: { type: 'tool', name: 'weather' } },
      calling({ mode: 'ANY', allowedFunctionNames: ['weather'] }),
    ),
  },
  {
    name: 'no function may be called',
    asks: withTools(
      { tool_choice: 'none' },
      { tool_choice: 'none' },
      { tool_choice: { type: 'none' } },
      calling({ mode: 'NONE' }),
    ),
  },
  {
    name: 'one call at a time',
    asks: withTools(
      { parallel_tool_calls: false },
      { parallel_tool_calls: false },
      { tool_choice: { type: 'auto', disable_parallel_tool_use: true } },
      undefined,
    ),
  },
  {
    name: 'calls and results',
    asks: withTools(
      chatResult('sunny'),
      responsesResult('sunny'),
      messagesResult('sunny'),
      geminiResult({ output: 'sunny' }),
    ),
  },
  {
    name: 'a result that failed',
    asks: withTools(
      undefined,
      undefined,
      messagesResult('no such city', { is_error: true }),
      geminiResult({ error: 'no such city' }),
    ),
  },
  {
    name: 'an image in a result',
    asks: withTools(
      undefined,
      responsesResult([{ type: 'input_image', image_url: `data:image/png;base64,${png}`, detail: 'auto' }]),
      messagesResult([{ type: 'image', source: { type: 'base64', media_type: 'image/png', data: png } }]),
      geminiResult({ output: '' }, { parts: [{ inlineData: { mimeType: 'image/png', data: png } }] }),
    ),
  },
  {
    name: 'a tool of free text',
    asks: [
      { tools: [{ type: 'custom', custom: { name: 'shell' } }] },
      { tools: [{ type: 'custom', name: 'shell' }] },
      undefined,
      undefined,
    ],
  },
  {
    name: 'a tool that the provider runs',
    asks: [
      { web_search_options: {} },
      { tools: [{ type: 'web_search' }] },
      { tools: [{ type: 'web_search_20250305', name: 'web_search' }] },
      { tools: [{ googleSearch: {} }] },
    ],
  },
  {
    name: 'most output tokens',
    asks: [
      { max_completion_tokens: 50 },
      { max_output_tokens: 50 },
      { max_tokens: 50 },
      generation({ maxOutputTokens: 50 }),
    ],
  },
  {
    name: 'temperature',
    asks: [
      { temperature: 0.3 },
      { temperature: 0.3 },
      { temperature: 0.3 },
      generation({ temperature: 0.3 }),
    ],
  },
  { name: 'top p', asks: [{ top_p: 0.9 }, { top_p: 0.9 }, { top_p: 0.9 }, generation({ topP: 0.9 })] },
  { name: 'top k', asks: [{ top_k: 40 }, undefined, { top_k: 40 }, generation({ topK: 40 })] },
  { name: 'seed', asks: [{ seed: 7 }, undefined, undefined, generation({ seed: 7 })] },
  {
    name: 'penalties',
    asks: [
      { presence_penalty: 0.5 },
      { presence_penalty: 0.5 },
      undefined,
      generation({ presencePenalty: 0.5 }),
    ],
  },
  { name: 'bias of tokens', asks: [{ logit_bias: { 50256: -100 } }, undefined, undefined, undefined] },
  {
    name: 'stop sequences',
    asks: [{ stop: ['END'] }, undefined, { stop_sequences: ['END'] }, generation({ stopSequences: ['END'] })],
  },
  { name: 'several answers', asks: [{ n: 2 }, undefined, undefined, generation({ candidateCount: 2 })] },
  {
    name: 'log probabilities',
    asks: [
      { logprobs: true, top_logprobs: 2 },
      { include: ['message.output_text.logprobs'], top_logprobs: 2 },
      undefined,
      generation({ responseLogprobs: true, logprobs: 2 }),
    ],
  },
  {
    name: 'any JSON',
    asks: [
      { response_format: { type: 'json_object' } },
      { text: { format: { type: 'json_object' } } },
      undefined,
      generation({ responseMimeType: 'application/json' }),
    ],
  },
  {
    name: 'JSON of a schema',
    asks: [
      { response_format: { type: 'json_schema', json_schema: { name: 'place', schema, strict: true } } },
      { text: { format: { type: 'json_schema', name: 'place', schema, strict: true } } },
      { output_config: { format: { type: 'json_schema', schema } } },
      generation({ responseMimeType: 'application/json', responseJsonSchema: schema }),
    ],
  },
  {
    name: 'effort of reasoning',
    asks: [
      { reasoning_effort: 'high' },
      { reasoning: { effort: 'high' } },
      { thinking: { type: 'adaptive' }, output_config: { effort: 'high' } },
      generation({ thinkingConfig: { thinkingLevel: 'HIGH' } }),
    ],
  },
  {
    name: 'tokens for reasoning',
    asks: [
      undefined,
      undefined,
      { thinking: { type: 'enabled', budget_tokens: 2048 } },
      generation({ thinkingConfig: { thinkingBudget: 2048 } }),
    ],
  },
  {
    name: 'no reasoning',
    asks: [
      { reasoning_effort: 'none' },
      { reasoning: { effort: 'none' } },
      { thinking: { type: 'disabled' } },
      generation({ thinkingConfig: { thinkingBudget: 0 } }),
    ],
  },
  {
    name: 'earlier reasoning, sealed',
    asks: [
      {
        messages: [
          { role: 'user', content: 'Hi' },
          {
            role: 'assistant',
            content: 'Yes',
            reasoning_details: [{ type: 'reasoning.text', text: 'Hm', signature: 'c2VhbA==' }],
          },
          { role: 'user', content: 'So?' },
        ],
      },
      {
        input: [
          { role: 'user', content: 'Hi' },
          {
            type: 'reasoning',
            id: 'rs_1',
            summary: [{ type: 'summary_text', text: 'Hm' }],
            encrypted_content: 'c2VhbA==',
          },
          { role: 'assistant', content: 'Yes' },
          { role: 'user', content: 'So?' },
        ],
      },
      {
        messages: [
          { role: 'user', content: 'Hi' },
          {
            role: 'assistant',
            content: [
              { type: 'thinking', thinking: 'Hm', signature: 'c2VhbA==' },
              { type: 'text', text: 'Yes' },
            ],
          },
          { role: 'user', content: 'So?' },
        ],
      },
      {
        contents: [
          { role: 'user', parts: [{ text: 'Hi' }] },
          {
            role: 'model',
            parts: [
              { text: 'Hm', thought: true },
              { text: 'Yes', thoughtSignature: 'c2VhbA==' },
            ],
          },
          { role: 'user', parts: [{ text: 'So?' }] },
        ],
      },
    ],
  },
  {
    name: 'a mark for the cache',
    asks: [
      chatUser({ type: 'text', text: 'Hi', prompt_cache_breakpoint: { mode: 'explicit' } }),
      undefined,
      {
        messages: [
          { role: 'user', content: [{ type: 'text', text: 'Hi', cache_control: { type: 'ephemeral' } }] },
        ],
      },
      undefined,
    ],
  },
  {
    name: 'a key for the cache',
    asks: [{ prompt_cache_key: 'k' }, { prompt_cache_key: 'k' }, undefined, undefined],
  },
  {
    name: 'the end user',
    asks: [{ user: 'u1' }, { safety_identifier: 'u1' }, { metadata: { user_id: 'u1' } }, undefined],
  },
  {
    name: 'labels',
    asks: [{ metadata: { a: 'b' } }, { metadata: { a: 'b' } }, undefined, { labels: { a: 'b' } }],
  },
  {
    name: 'tier of service',
    asks: [
      { service_tier: 'priority' },
      { service_tier: 'priority' },
      { service_tier: 'standard_only' },
      { serviceTier: 'priority' },
    ],
  },
  { name: 'verbosity', asks: [{ verbosity: 'low' }, { text: { verbosity: 'low' } }, undefined, undefined] },
  {
    name: 'what a server remembers',
    asks: [
      undefined,
      { previous_response_id: 'resp_1' },
      { thread: 'thread_1' },
      { cachedContent: 'cachedContents/1' },
    ],
  },
  {
    name: 'a member that we do not know',
    asks: [{ brand_new: 1 }, { brand_new: 1 }, { brand_new: 1 }, { brandNew: 1 }],
  },
];
