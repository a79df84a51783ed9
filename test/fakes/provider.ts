import { jsonReply, play } from '../../examples/demo/provider/reply.ts';
import {
  type Listening,
  listen,
  type ProviderSettings,
  readCall,
  replyTo,
} from '../../examples/demo/provider/server.ts';
import { faultNamed } from './faults.ts';
import { Journal } from './journal.ts';

export interface FakeProvider extends Listening {
  readonly journal: Journal;
}

/**
 * Starts a provider that remembers what it saw and misbehaves when the model is named after a fault (`faults.ts`), on
 * `port` (0: any that is free) of this machine. Other processes read its journal with GET and clear it with DELETE on
 * `/__journal`.
 */
export const startProvider = async ({
  port = 0,
  ...settings
}: ProviderSettings & { readonly port?: number }): Promise<FakeProvider> => {
  const journal = new Journal();
  const listening = await listen(async (request, response) => {
    const call = await readCall(request);
    if (call.path !== '/__journal') {
      const reply = journal.enter(call, replyTo(call, settings, faultNamed), response);
      await play(reply, response);
      return;
    }
    if (call.method === 'DELETE') journal.clear();
    await play(jsonReply(200, journal.entries), response);
  }, port);
  return { ...listening, journal };
};
