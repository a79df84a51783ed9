import { play, type Reply } from '../../examples/demo/provider/reply.ts';
import { listen, readCall, replyTo } from '../../examples/demo/provider/server.ts';
import { faultNamed } from '../fakes/faults.ts';
import { Journal } from '../fakes/journal.ts';
import type { FakeProvider } from '../fakes/provider.ts';

/** An upstream of the dialect that each of the SDKs is made for. */
export type UpstreamName = 'openai' | 'anthropic' | 'gemini';

/** An upstream of any dialect; `responses` is OpenAI's second one. */
export type AnyUpstream = UpstreamName | 'responses';

/** Bodies of one call, as text: the one that came, and the one that was meant to be sent. */
export interface Bodies {
  readonly asked: string;
  readonly answered: string;
}

/** A provider that also remembers bytes. */
export interface Upstream extends FakeProvider {
  /** Oldest first. */
  readonly bodies: Bodies[];
}

/** Where the server of each dialect tells its id of a request. */
const idHeaders = {
  openai: 'x-request-id',
  responses: 'x-request-id',
  anthropic: 'request-id',
  gemini: 'x-request-id',
} as const;

const dialects = {
  openai: 'openai',
  responses: 'openai-responses',
  anthropic: 'anthropic',
  gemini: 'gemini',
} as const;

/** The id that an upstream gives to every request. */
export const idOf = (upstream: AnyUpstream): string => `req_of_${upstream}`;

/** Starts a provider that takes `key` and behaves as the model that it is asked for is called. */
export const startUpstream = async (name: AnyUpstream, key: string): Promise<Upstream> => {
  const journal = new Journal();
  const bodies: Bodies[] = [];
  const listening = await listen(async (request, response) => {
    const call = await readCall(request);
    const { steps: once, headers, ...rest } = replyTo(call, { dialect: dialects[name], key }, faultNamed);
    const steps = [...once];
    const answered = Buffer.concat(steps.map(({ bytes }) => Buffer.from(bytes)));
    bodies.push({ asked: call.body.toString('utf8'), answered: answered.toString('utf8') });
    const reply: Reply = { ...rest, steps, headers: { ...headers, [idHeaders[name]]: idOf(name) } };
    await play(journal.enter(call, reply, response), response);
  }, 0);
  return { ...listening, journal, bodies };
};
