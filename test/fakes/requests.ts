import type { ModelRequest } from '../../plugins/model/request.ts';

/** A chat of OpenAI's dialect in which nothing is said and nothing asked for, changed as a test wants it. */
export const chatRequest = (change: Partial<ModelRequest> = {}): ModelRequest => ({
  operation: 'chat',
  dialect: 'openai-chat',
  requestModel: 'm',
  stream: false,
  streamUsage: false,
  system: [],
  turns: [],
  tools: [],
  sampling: {},
  stopSequences: [],
  vendor: {},
  ...change,
});
