import type { ReasoningEffort } from '../../model/request.ts';
import type { ServerName } from '../servers.ts';

/** What one kind of server takes otherwise than OpenAI does. Names are members of a request of Chat Completions. */
export interface Server {
  /** What it calls the limit of output tokens. Under the other name it refuses the limit, or does not hold it. */
  readonly limit: 'max_completion_tokens' | 'max_tokens';
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
  /** How it is told how much to reason, and the efforts that it knows; absent: all. */
  readonly effort: {
    readonly as: 'reasoning_effort' | 'reasoning' | 'thinking';
    readonly known?: readonly ReasoningEffort[];
  };
}

/** What servers take that nobody has special words for. */
const plain: Server = {
  limit: 'max_tokens',
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
 * One row a kind of server. OpenAI's API reference; docs.vllm.ai "OpenAI-compatible server"; docs.ollama.com "OpenAI
 * compatibility"; llama.cpp tools/server/README; docs.mistral.ai "Chat" (it forbids what it does not know);
 * console.groq.com "OpenAI compatibility"; docs.together.ai "Chat"; api-docs.deepseek.com "Create chat completion";
 * docs.x.ai "Models"; openrouter.ai "API reference", "Reasoning tokens"; docs.perplexity.ai "Chat completions"; all read
 * in November 2026.
 */
export const servers: Readonly<Record<ServerName, Server>> = {
  openai,
  azure: openai,
  compatible: plain,
  vllm: {
    ...plain,
    ignores: platform,
    effort: { as: 'reasoning_effort', known: ['none', 'low', 'medium', 'high'] },
  },
  ollama: { ...plain, ignores: [...platform, 'n', 'logit_bias', 'user', 'parallel_tool_calls', 'top_k'] },
  llamacpp: { ...plain, ignores: [...platform, 'user', 'reasoning_effort'] },
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
    refuses: ['logprobs', 'top_logprobs', 'logit_bias', 'n', 'top_k', 'store', 'metadata'],
    ignores: ['prompt_cache_key', 'safety_identifier', 'verbosity'],
    refusesInMessages: ['reasoning_content', 'reasoning_details', 'annotations', 'audio', 'refusal'],
    mostStops: 4,
    effort: { as: 'reasoning_effort', known: ['none', 'low', 'medium', 'high'] },
  },
  together: {
    ...plain,
    ignores: [...platform, 'user', 'parallel_tool_calls'],
    effort: { as: 'reasoning_effort', known: ['low', 'medium', 'high'] },
  },
  deepseek: {
    ...plain,
    ignores: [...platform, 'n', 'seed', 'logit_bias', 'user', 'top_k', 'parallel_tool_calls'],
    mostStops: 16,
    formats: ['json_object'],
    effort: { as: 'thinking' },
  },
  xai: {
    ...plain,
    limit: 'max_completion_tokens',
    refuses: ['top_k', 'logit_bias'],
    ignores: ['store', 'metadata', 'service_tier', 'verbosity', 'prediction'],
    refusesInMessages: ['reasoning_details'],
    mostStops: 4,
    effort: { as: 'reasoning_effort', known: ['low', 'high'] },
  },
  openrouter: {
    ...plain,
    knowsDeveloper: true,
    ignores: ['n', 'store', 'metadata', 'service_tier', 'safety_identifier'],
    effort: { as: 'reasoning', known: ['none', 'minimal', 'low', 'medium', 'high', 'xhigh'] },
  },
  perplexity: {
    ...plain,
    refuses: ['tools', 'tool_choice', 'functions', 'parallel_tool_calls', 'n', 'logprobs', 'top_logprobs'],
    ignores: [...platform, 'seed', 'logit_bias', 'user', 'stop'],
    refusesInMessages: ['name', 'tool_calls', 'reasoning_content', 'reasoning', 'reasoning_details'],
    streamUsage: 'always',
    formats: ['json_schema'],
    effort: { as: 'reasoning_effort', known: ['low', 'medium', 'high'] },
  },
};

/** A server of which nobody told us the kind is written to as OpenAI has it, and may be any of those that want reasoning back. */
export const unknownServer: Server = { ...openai, refusesInMessages: [] };

/** Refused by models of xAI that reason (docs.x.ai, "Reasoning", read in November 2026). */
const ofGrok = ['presence_penalty', 'frequency_penalty', 'stop'];

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

/** What single models of xAI refuse. */
export const refusedByGrok = (model: string): readonly string[] => {
  if (/non-reasoning|grok-2/.test(model)) return ['reasoning_effort'];
  if (/grok-3-mini/.test(model)) return ofGrok;
  if (/grok-(?:4|code)/.test(model)) return [...ofGrok, 'reasoning_effort'];
  return [];
};
