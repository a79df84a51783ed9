import type { ReasoningEffort } from '../../model/request.ts';
import type { ServerName } from '../servers.ts';

/** What one kind of server takes otherwise than OpenAI does. Names are members of a request of Chat Completions. */
export interface Server {
  /** What it calls the limit of output tokens. Under the other name it refuses the limit, or does not hold it. */
  readonly limit: 'max_completion_tokens' | 'max_tokens';
  /** Members that may go past that limit: taken out where there is one. llama.cpp's, which others do not know, for all. */
  readonly overridesLimit: readonly string[];
  /** It knows the role `developer`; else that is `system`. */
  readonly knowsDeveloper: boolean;
  /** Answered with an error. */
  readonly refuses: readonly string[];
  /** Read by nobody there: what they ask for would not happen. */
  readonly ignores: readonly string[];
  /** What it calls members of ours. */
  readonly renames: Readonly<Record<string, string>>;
  /** Members of messages that are answered with an error. */
  readonly refusesInMessages: readonly string[];
  /** Its word for a choice of any tool that must be called. */
  readonly requiredChoice: 'required' | 'any';
  /** `nine`: ids of tool calls are nine letters and digits. */
  readonly callIds: 'any' | 'nine';
  /** Most stop sequences; absent: no limit that we know. */
  readonly mostStops?: number;
  /** `always`: it counts every stream and does not take the wish for it. */
  readonly streamUsage: 'asked' | 'always';
  /** What an answer may have to be. */
  readonly formats: readonly ('json_object' | 'json_schema')[];
  /**
   * How it is told how much to reason, and the efforts that it knows; absent: all. `thinking`: whether in `thinking`, how
   * much in `reasoning_effort`.
   */
  readonly effort: {
    readonly as: 'reasoning_effort' | 'reasoning' | 'thinking';
    readonly known?: readonly ReasoningEffort[];
  };
  /** It thinks unless it is told not to, and refuses to be made to call a tool while it thinks. */
  readonly thinksUnlessTold: boolean;
}

/** What servers take that nobody has special words for. */
const plain: Server = {
  limit: 'max_tokens',
  overridesLimit: ['n_predict'],
  knowsDeveloper: false,
  refuses: [],
  ignores: [],
  renames: {},
  refusesInMessages: [],
  requiredChoice: 'required',
  callIds: 'any',
  streamUsage: 'asked',
  formats: ['json_object', 'json_schema'],
  effort: { as: 'reasoning_effort' },
  thinksUnlessTold: false,
};

/** Members that come from OpenAI's own platform. */
const platform = [
  'store',
  'metadata',
  'safety_identifier',
  'prompt_cache_key',
  'prompt_cache_options',
  'prompt_cache_retention',
  'service_tier',
  'verbosity',
  'prediction',
  'moderation',
];

const openai: Server = {
  ...plain,
  limit: 'max_completion_tokens',
  knowsDeveloper: true,
  refuses: ['top_k'],
  refusesInMessages: ['reasoning_content', 'reasoning', 'reasoning_details'],
  mostStops: 4,
};

/**
 * One row a kind of server. What was read for it on 2026-11-28 (stored copies; each with its own date or commit), what
 * follows from it, and what does not. Nothing was sent to any of them.
 *
 * - `openai`, `azure`: not read again; openai/openai-openapi f85dbe2 (2026-08-21). Azure is taken to be the same.
 * - `compatible`: a guess, no server. It suits SGLang (sgl-project/sglang 004c82e, entrypoints/openai/protocol.py: both
 *   names of the limit, every effort). Those that have no row were not looked up.
 * - `vllm`: vllm-project/vllm 002032e, entrypoints/openai/chat_completion/protocol.py: `max_completion_tokens` goes before
 *   `max_tokens`, both hold; every effort; what it does not know is logged and ignored. Older ones know fewer efforts.
 * - `ollama`: ollama/ollama fb30760 (2026-08-21), openai/openai.go: `max_tokens` alone; no `tool_choice`; every effort.
 * - `llamacpp`: ggml-org/llama.cpp 00efb3e, server-task.cpp, and 006639c, server-common.cpp: `n_predict` goes before
 *   `max_completion_tokens` before `max_tokens`. Pull requests 19831 (2026-02: older ones hold `max_tokens` alone) and 26941
 *   (2026-08: efforts reach the template; older ones know `none` alone).
 * - `mistral`: mistralai/client-python 05629d2 (2026-06-30), the same members; its `reasoning_effort` is an open list, of
 *   which the models that take it take `none` and `high` alone (measured: anomalyco/models.dev 1986, 2026-06-03;
 *   architects-toolkit/SmartHopper 647, 2026-07-06). Recorded calls (2026): `n` is held, `stream_options` is taken, log
 *   probabilities are refused.
 * - `groq`: groq/groq-typescript 709b1ab (2026-07-24); its limit holds for reasoning, too (recorded, 2026). Members and members of messages that its types lack are refused:
 *   "property … is unsupported", say reports of users about `store`, `reasoning` and `messages.reasoning_content` (2024-12 to
 *   2026-09); for the others it is concluded from those.
 *   Which efforts a model takes differs (Qwen: `none`, `default`; Llama: no effort); that is left to the server to refuse.
 * - `together`: togethercomputer/together-typescript 5d7f323 (2026-08-19): `max_tokens` alone, three efforts;
 *   `context_length_exceeded_behavior: truncate` overrides the limit. Not verified: that what its types lack is ignored and
 *   not refused, and that `stream_options` (not in the types) is taken.
 * - `fireworks`: fw-ai-external/python-sdk 8399c12 (2026-07-21): `max_tokens`, its alias refused beside it; four efforts,
 *   of which each model takes its own; what the types lack is answered 400, "Extra inputs are not permitted" (vercel/ai,
 *   release of `@ai-sdk/fireworks` 1.0.50, 2026-08-01), also `stream_options` (FlowiseAI/Flowise 2866, 2024-07-24), and
 *   streams are counted unasked (docs.fireworks.ai "Migrate to Fireworks"). `context_length_exceeded_behavior` only lowers
 *   a limit. Concluded from the types: which members of messages are refused.
 * - `deepseek`: api-docs.deepseek.com "Thinking Mode": `thinking` and `reasoning_effort`, of which it maps all words to low,
 *   high and max; thinking is the default of V4 and takes no temperature and no penalties, silently. While it thinks it
 *   refuses a forced choice, and takes it when it does not (measured: deepseek-ai/DeepSeek-V3 1376, 2026-08-21, and recorded
 *   calls of 2026); and it wants `reasoning_content` with each call in a history, be it empty (the same page;
 *   deepseek-ai/deepseek-harness 739; that an empty one is enough: sluisr/deepseek-cli 1.1.1, 2026-05-01). Recorded calls hold `max_tokens` for reasoning too, and give log probabilities. That
 *   `max_completion_tokens` is ignored, `developer` and `json_schema` are answered 400: measured by users (earendil-works/pi
 *   8018 and 1048, 2026-08 and 2026-01; NousResearch/hermes-agent 102849, 2026-09). Sixteen stop sequences: at second hand.
 *   Not verified: the members under `ignores`; `seed` and `parallel_tool_calls` are not refused (recorded).
 * - `xai`: xai-org/xai-sdk-python 4dab6a4 (2026-08-18), docs.x.ai "Reasoning"; the REST reference only at second hand:
 *   `max_tokens` deprecated, `logit_bias` unsupported. **No limit holds for reasoning**: xai-org/xai-proto 9700be4
 *   (2026-05-17) says of its own that it bounds the visible answer alone, and recorded calls of grok-3-mini in Responses, of
 *   16 tokens at most, were answered with 112 to 165, 109 to 162 of them reasoning; on `max_completion_tokens` copies of the
 *   reference contradict each other. Not verified: `top_k`, `messages.reasoning_details`, and the members under `ignores`.
 * - `openrouter`: OpenRouterTeam/typescript-sdk cb9393a (2026-08-22): both names of the limit, `max_tokens` deprecated; kept,
 *   since who routes by `require_parameters` finds more servers with it (vellum-ai/vellum-assistant 42670, 2026-09). Not
 *   every server behind it holds a limit; one below 16 becomes 16 for models of OpenAI, and `n` is ignored (recorded, 2026).
 *   Not verified: that what else the types lack is ignored.
 * - `perplexity`: perplexityai/perplexity-node 1110dc1 (2026-07-30): `max_tokens` alone, `stop`, efforts from `minimal`, no
 *   `json_object` (answered 400: 567-labs/instructor 1005). Its Chat was to end on 2026-09-27 (vercel/ai, release of
 *   `@ai-sdk/perplexity` 3.1.0; docs.stigg.io says that it did; Perplexity's own page did not say so). The types have `tools`, `n` and `logprobs`; that a model
 *   uses them is not verified, so they stay refused. Not verified: what is refused in messages, what is ignored.
 */
export const servers: Readonly<Record<ServerName, Server>> = {
  openai,
  azure: openai,
  compatible: plain,
  vllm: { ...plain, ignores: [...platform, 'user'] },
  ollama: {
    ...plain,
    ignores: [...platform, 'n', 'logit_bias', 'user', 'tool_choice', 'parallel_tool_calls', 'top_k'],
  },
  llamacpp: { ...plain, ignores: [...platform, 'user'] },
  mistral: {
    ...plain,
    refuses: [
      ...platform.filter((member) => !['metadata', 'prompt_cache_key', 'prediction'].includes(member)),
      'logit_bias',
      'logprobs',
      'top_logprobs',
      'user',
      'top_k',
      'modalities',
      'audio',
      'web_search_options',
    ],
    renames: { seed: 'random_seed' },
    refusesInMessages: [
      'reasoning_content',
      'reasoning',
      'reasoning_details',
      'refusal',
      'annotations',
      'audio',
      'function_call',
    ],
    requiredChoice: 'any',
    callIds: 'nine',
    streamUsage: 'always',
    effort: { as: 'reasoning_effort', known: ['none', 'high'] },
  },
  groq: {
    ...plain,
    limit: 'max_completion_tokens',
    knowsDeveloper: true,
    refuses: [
      ...platform.filter((member) => member !== 'service_tier'),
      'logprobs',
      'top_logprobs',
      'logit_bias',
      'n',
      'top_k',
      'modalities',
      'audio',
      'web_search_options',
    ],
    refusesInMessages: ['reasoning_content', 'reasoning_details', 'annotations', 'audio', 'refusal'],
    mostStops: 4,
    effort: { as: 'reasoning_effort', known: ['none', 'low', 'medium', 'high'] },
  },
  together: {
    ...plain,
    overridesLimit: [...plain.overridesLimit, 'context_length_exceeded_behavior'],
    ignores: [...platform, 'user', 'parallel_tool_calls', 'top_logprobs'],
    effort: { as: 'reasoning_effort', known: ['low', 'medium', 'high'] },
  },
  fireworks: {
    ...plain,
    refuses: [
      'store',
      'safety_identifier',
      'prompt_cache_options',
      'prompt_cache_retention',
      'verbosity',
      'moderation',
      'modalities',
      'audio',
      'web_search_options',
    ],
    refusesInMessages: ['reasoning', 'reasoning_details', 'refusal', 'annotations', 'audio', 'function_call'],
    streamUsage: 'always',
    effort: { as: 'reasoning_effort', known: ['none', 'low', 'medium', 'high'] },
  },
  deepseek: {
    ...plain,
    ignores: [...platform, 'n', 'seed', 'logit_bias', 'user', 'top_k', 'parallel_tool_calls'],
    mostStops: 16,
    formats: ['json_object'],
    effort: { as: 'thinking' },
    thinksUnlessTold: true,
  },
  xai: {
    ...plain,
    limit: 'max_completion_tokens',
    refuses: ['top_k', 'logit_bias'],
    ignores: ['store', 'metadata', 'service_tier', 'verbosity', 'prediction'],
    refusesInMessages: ['reasoning_details'],
    mostStops: 4,
    effort: { as: 'reasoning_effort', known: ['none', 'low', 'medium', 'high', 'xhigh'] },
  },
  openrouter: {
    ...plain,
    knowsDeveloper: true,
    ignores: ['n', 'store', 'safety_identifier', 'prompt_cache_retention', 'moderation'],
    mostStops: 4,
    effort: { as: 'reasoning' },
  },
  perplexity: {
    ...plain,
    refuses: ['tools', 'tool_choice', 'functions', 'parallel_tool_calls', 'n', 'logprobs', 'top_logprobs'],
    ignores: [...platform, 'seed', 'logit_bias', 'user'],
    refusesInMessages: ['name', 'tool_calls', 'reasoning_content', 'reasoning', 'reasoning_details'],
    streamUsage: 'always',
    formats: ['json_schema'],
    effort: { as: 'reasoning_effort', known: ['minimal', 'low', 'medium', 'high'] },
  },
};

/** A server of which nobody told us the kind is written to as OpenAI has it, and may be any of those that want reasoning back. */
export const unknownServer: Server = { ...openai, refusesInMessages: [] };

/** Refused by models of OpenAI while they reason (platform.openai.com, "Reasoning models", read 2026-11-24). */
export const refusedWhileReasoning: readonly string[] = [
  'temperature',
  'top_p',
  'presence_penalty',
  'frequency_penalty',
  'logit_bias',
  'logprobs',
  'top_logprobs',
];

/**
 * Efforts that models of xAI take; the first row that fits counts. docs.x.ai "Reasoning" in its copies of 2025 to 2026-06,
 * xai-org/xai-sdk-python 4dab6a4 (2026-08-18), and for `none` at Grok 4.5 and 4.6 theopenco/llmgateway 3669 (2026-08-18,
 * measured); read 2026-11-28.
 */
const grokEfforts: readonly (readonly [models: RegExp, efforts: readonly ReasoningEffort[]])[] = [
  [/grok-3-mini/, ['low', 'high']],
  [/grok-4\.20-multi-agent/, ['low', 'medium', 'high', 'xhigh']],
  [/non-reasoning|grok-[23]|grok-4(?:-|$)|grok-4\.(?:1|20)(?!\d)|grok-code/, []],
  [/grok-4\.3/, ['none', 'low', 'medium', 'high']],
  [/grok-4\.6/, ['low', 'medium', 'high', 'xhigh']],
];

/** Efforts of a model of xAI: none where it refuses the member. Models that we do not know are taken for Grok 4.5. */
export const effortsOfGrok = (model: string): readonly ReasoningEffort[] =>
  grokEfforts.find(([models]) => models.test(model))?.[1] ?? ['low', 'medium', 'high'];

/** Efforts of a model of Mistral. Those that do not reason refuse the member (dust-tt/dust 27613, 2026-06-18, of Large). */
export const effortsOfMistral = (model: string): readonly ReasoningEffort[] =>
  /large|codestral|devstral|ministral|pixtral|nemo/.test(model) ? [] : ['none', 'high'];

/**
 * What single models of xAI refuse. Penalties, even of 0: all since Grok 3, also those that do not reason
 * (miaoxworld/NativeTavern 83, 2026-09-15). Stop sequences: those that reason (docs.x.ai, "Reasoning"), and Grok 3
 * (langchain-ai/langchain 38335, 2026-06-20). Read 2026-11-28.
 */
export const refusedByGrok = (model: string): readonly string[] => [
  ...(/grok-2/.test(model) ? [] : ['presence_penalty', 'frequency_penalty']),
  ...(/non-reasoning|grok-2/.test(model) ? [] : ['stop']),
  ...(effortsOfGrok(model).length === 0 ? ['reasoning_effort'] : []),
];
