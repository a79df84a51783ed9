import { z } from 'zod';
import manifest from '../package.json' with { type: 'json' };
import type { Consumer } from '../plugins/exchange.ts';
import type { Phases, PluginModule } from './pluginserver/module.ts';
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
  readonly tickets: Tickets;
  /** Where calls go that may pass. */
  readonly relaySocket: string;
}

/**
 * Runs in Kong's `access` phase: sends the call to the relay, with a ticket that says that it ran, and whom Kong knows
 * the caller as. All else is decided there, where head and body are: every question to Kong costs a turn on the socket,
 * and a refusal here a connection.
 */
class NexusPlugin implements Phases {
  readonly #world: NexusWorld;
  readonly #settings: z.output<typeof settingsSchema>;

  constructor(settings: unknown, world: NexusWorld) {
    this.#settings = settingsSchema.parse(settings);
    this.#world = world;
  }

  async access(kong: Kong): Promise<void> {
    const { tickets, relaySocket } = this.#world;
    const { team } = this.#settings;
    const found = team === undefined ? undefined : await kong.client.getConsumer();
    kong.service.setTarget(`unix:${relaySocket}`, 80);
    kong.service.request.setHeader(ticketHeader, tickets.issue({ consumer: this.#consumer(found) }));
  }

  #consumer(found: KongConsumer | undefined): Consumer | undefined {
    const { team, application } = this.#settings;
    if (!found || team === undefined) return undefined;
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

/**
 * What Kong is told when the plugin fails. It knows nothing of the client; the `post-function` of the route
 * (kong/render/gate.ts) puts a 500 into the client's dialect.
 */
export const faultExit: Exit = {
  status: 500,
  body: '{"message":"the policy could not be applied"}',
  headers: { 'content-type': 'application/json' },
};
