import type { Dialect } from './dialects/dialect.ts';
import type { ModelRequest } from './model/request.ts';
import { countTexts, measure } from './policies/token-budget/measure.ts';
import { lazyTokenizer } from './policies/token-budget/tokenizer.ts';
import type { Reply } from './reply.ts';

const tokenizer = lazyTokenizer();

/** Tokens of a request by our own count: for upstreams that count none. */
const tokensOf = async (request: ModelRequest): Promise<number> => {
  const size = measure(request);
  const count = await tokenizer.load();
  return Math.ceil((count ? countTexts(request, count) : size.tokens) + size.frameTokens);
};

/** The answer to a client that wants its tokens counted, marked as an estimate. */
export const countedLocally = async (
  request: ModelRequest,
  { dialect, id, nowSeconds }: { dialect: Dialect; id: string; nowSeconds: number },
): Promise<Reply> => {
  const encoder = dialect.encodeResponse({ request, nowSeconds, requestId: id });
  const usage = { inputTokens: await tokensOf(request), outputTokens: 0 };
  const body =
    encoder.push({ type: 'usage', usage }) + encoder.push({ type: 'message-stop' }) + encoder.end();
  return {
    kind: 'reply',
    status: 200,
    headers: [
      ['content-type', encoder.contentType],
      ['x-nexus-decision', id],
      ['x-nexus-estimated', '1'],
    ],
    body,
    code: 'ok',
  };
};
