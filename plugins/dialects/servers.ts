/** Kinds of servers that speak OpenAI's Chat Completions, each in its own way. `compatible`: one that is none of the others. */
export const serverNames = [
  'openai',
  'azure',
  'vllm',
  'ollama',
  'llamacpp',
  'mistral',
  'groq',
  'together',
  'fireworks',
  'deepseek',
  'xai',
  'openrouter',
  'perplexity',
  'compatible',
] as const;

export type ServerName = (typeof serverNames)[number];

/** Ends of the hosts of those who run such servers for everybody. */
const hosts: readonly (readonly [suffix: string, server: ServerName])[] = [
  ['api.openai.com', 'openai'],
  ['.openai.azure.com', 'azure'],
  ['.cognitiveservices.azure.com', 'azure'],
  ['.services.ai.azure.com', 'azure'],
  ['api.mistral.ai', 'mistral'],
  ['api.groq.com', 'groq'],
  ['api.together.xyz', 'together'],
  ['api.together.ai', 'together'],
  ['api.fireworks.ai', 'fireworks'],
  ['.api.fireworks.ai', 'fireworks'],
  ['api.deepseek.com', 'deepseek'],
  ['api.x.ai', 'xai'],
  ['openrouter.ai', 'openrouter'],
  ['api.perplexity.ai', 'perplexity'],
];

/** The kind of server at a host with a well-known name (`api.groq.com`); undefined for every other. */
export const serverAt = (hostname: string): ServerName | undefined =>
  hosts.find(([suffix]) => (suffix.startsWith('.') ? hostname.endsWith(suffix) : hostname === suffix))?.[1];
