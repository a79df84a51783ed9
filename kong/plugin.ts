import { z } from 'zod';
import manifest from '../package.json' with { type: 'json' };
import { dialects } from '../plugins/dialects/registry.ts';
import type { Consumer } from '../plugins/exchange.ts';
import type { Gateway } from '../plugins/gateway.ts';
import type { Random } from '../plugins/ports/random.ts';
import { type GatewayError, gatewayError } from '../plugins/refusals.ts';
import { errorReply, type Reply } from '../plugins/reply.ts';
import type { RequestHead } from '../plugins/session.ts';
import type { PhaseEvent, Phases, PluginModule } from './pluginserver/module.ts';
import type { Exit, Kong, KongConsumer } from './pluginserver/pdk.ts';
import { kongFields } from './schema.ts';
import { type Tickets, ticketHeader } from './ticket.ts';

/** Settings of the plugin in Kong: what nexus.yaml cannot know. */
const settingsSchema = z.object({
  team: z
    .string()
    .optional()
    .describe(
      'Team in nexus.yaml of the Kong consumers that come this way. Without it only keys of nexus.yaml count.',
    ),
  application: z
    .string()
    .optional()
    .describe('Program that these consumers use, as in the keys of nexus.yaml.'),
});

/** What all instances of the plugin share. */
export interface NexusWorld {
  readonly gateway: Gateway;
  readonly tickets: Tickets;
  /** Where calls go that may pass. */
  readonly relaySocket: string;
}

/** The most that Kong hands over; if there are more, what we must see may be among those left out. */
const maxHeaders = 1000;

/**
 * Runs in Kong's `access` phase: finds out who calls and sends the call to the relay, with a ticket that says so. All
 * else is decided there, where the body is. Kong is asked up to five things, in two turns.
 */
class NexusPlugin implements Phases {
  readonly #world: NexusWorld;
  readonly #settings: z.output<typeof settingsSchema>;

  constructor(settings: unknown, world: NexusWorld) {
    this.#settings = settingsSchema.parse(settings);
    this.#world = world;
  }

  async access(kong: Kong, event: PhaseEvent): Promise<void> {
    const { gateway, tickets, relaySocket } = this.#world;
    const { team } = this.#settings;
    const [headers, requestLine, kongConsumer] = await Promise.all([
      kong.request.getHeaders(maxHeaders),
      kong.nginx.getVar('request'),
      team === undefined ? undefined : kong.client.getConsumer(),
    ]);
    const head = requestHead(requestLine, headers);
    const refuse = (error: GatewayError) => exitWith(gateway.refuse(head, error));
    event.faultExit = () => refuse(gatewayError('policy_unavailable'));
    const objection = objectionTo(head, headers);
    if (objection) return exit(kong, refuse(objection));
    const caller = this.#consumer(kongConsumer, head) ?? gateway.identify(head);
    if ('kind' in caller) return exit(kong, exitWith(caller));
    kong.service.setTarget(`unix:${relaySocket}`, 80);
    kong.service.request.setHeader(
      ticketHeader,
      tickets.issue(caller, { ...head, bodyBytes: bodyBytes(head) }),
    );
  }

  /**
   * The caller that an authentication plugin of Kong has found. A consumer that stands for all who have no credential is
   * none: Kong's plugins mark it in this header, and take the header off for every other.
   */
  #consumer(found: KongConsumer | undefined, { headers }: RequestHead): Consumer | undefined {
    const { team, application } = this.#settings;
    if (!found || team === undefined || headers.has('x-anonymous-consumer')) return undefined;
    return {
      keyId: `kong:${found.id}`,
      user: found.username || found.customId || found.id,
      team,
      ...(application !== undefined && { application }),
    };
  }
}

/**
 * The plugin, for kong/pluginserver. Priority 790: after Kong's authentication, ACL and rate limits (2500 to 900) and
 * its request-transformer (801), before its AI plugins (777 and below), which would read a body that is ours to read.
 */
export const nexusModule: PluginModule<NexusWorld> = {
  Name: 'nexus',
  Version: manifest.version,
  Priority: 790,
  Schema: kongFields(settingsSchema),
  Plugin: NexusPlugin,
};

/** What a client is told when the plugin fails before it knows more of it: in OpenAI's shape. */
export const faultExit = (random: Random): Exit =>
  exitWith(
    errorReply(gatewayError('policy_unavailable'), { dialect: dialects['openai-chat'], id: random.id() }),
  );

const requestHead = (requestLine: string, headers: ReadonlyMap<string, readonly string[]>): RequestHead => {
  const [, method = '', path = ''] = /^(\S+) (.*) HTTP\/[\d.]+$/.exec(requestLine) ?? [];
  return { method, path, headers: new Map([...headers].map(([name, values]) => [name, values.join(', ')])) };
};

const bodyBytes = ({ headers }: RequestHead): number | undefined => {
  const announced = headers.get('content-length');
  return announced === undefined ? undefined : Number(announced);
};

/** Why a call cannot pass, whoever sent it. */
const objectionTo = (
  { path, headers }: RequestHead,
  sent: ReadonlyMap<string, readonly string[]>,
): GatewayError | undefined => {
  const lines = [...sent.values()].reduce((sum, values) => sum + values.length, 0);
  if (lines >= maxHeaders) return gatewayError('invalid_request', { message: 'There are too many headers.' });
  if (path === '') return gatewayError('invalid_request', { message: 'The request line cannot be read.' });
  // Kong forwards no other upgrade; clients that offer HTTP/2 are content without.
  if (/websocket/i.test(headers.get('upgrade') ?? ''))
    return gatewayError('invalid_request', {
      message: 'This path does not speak WebSocket.',
      param: 'upgrade',
    });
  return undefined;
};

const exitWith = ({ status, body, headers }: Reply): Exit => ({
  status,
  body,
  headers: Object.fromEntries(headers),
});

const exit = (kong: Kong, { status, body, headers }: Exit): void => kong.response.exit(status, body, headers);
