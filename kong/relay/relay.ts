import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Gateway } from '../../plugins/gateway.ts';
import type { Clock } from '../../plugins/ports/clock.ts';
import { gatewayError } from '../../plugins/refusals.ts';
import type { Reply } from '../../plugins/reply.ts';
import type { RequestHead, Session } from '../../plugins/session.ts';
import type { FaultListener } from '../pluginserver/connection.ts';
import { listenOnSocket, ownSocket } from '../socket.ts';
import { type Tickets, ticketHeader } from '../ticket.ts';
import { RelayedCall } from './call.ts';
import { Client } from './client.ts';
import type { Egress } from './egress.ts';
import { recordedReply } from './record.ts';

export interface RelayOptions {
  readonly gateway: Gateway;
  /** The plugin's, which issues what is redeemed here. */
  readonly tickets: Tickets;
  /** Of ours alone: whoever could connect could hold up the relay. */
  readonly socketDirectory: string;
  /** The way to providers; closed with the relay. */
  readonly egress: Egress;
  readonly clock: Clock;
  readonly onFault: FaultListener;
}

export interface Relay {
  /**
   * Where Kong sends calls that may pass. Another one for each process: while one takes over from another, Kong's
   * workers talk to both plugins, and a ticket is good only where it was made.
   */
  readonly socketPath: string;
  /** Takes no new calls, lets those under way finish, at most `graceMs`; then settles and breaks off the rest. */
  close(graceMs: number): Promise<void>;
}

/**
 * Serves the calls that the plugin has sent on: Kong proxies them here, and from here they go to providers through
 * Kong's own routes. A call without a ticket of the plugin is refused, and nothing of it goes out. Resolves when Kong
 * can connect.
 */
export const startRelay = async (options: RelayOptions): Promise<Relay> => {
  const { socketDirectory, gateway, egress } = options;
  const socketPath = ownSocket(socketDirectory, 'relay');
  const server = createServer(serverOptions, (incoming, response) => {
    void serve({ incoming, response }, options);
  });
  server.maxHeadersCount = 0; // nginx has limits; of more than a limit here Node would drop the rest without a word
  server.keepAliveTimeout = 0; // Kong closes idle connections, so that it never sends on one that is being closed
  await listenOnSocket(server, socketPath);
  return {
    socketPath,
    close: async (graceMs) => {
      await drain(server, gateway, graceMs);
      await gateway.told(); // before the way out is closed
      egress.close();
    },
  };
};

/** Clients' headers have passed nginx, which takes up to 32 kB; the time for bodies is ours to watch. */
const serverOptions = { maxHeaderSize: 65_536, requestTimeout: 0 };

interface Exchange {
  readonly incoming: IncomingMessage;
  readonly response: ServerResponse;
}

const serve = async ({ incoming, response }: Exchange, options: RelayOptions): Promise<void> => {
  const client = new Client(response);
  const onFault = (cause: unknown) => options.onFault({ at: 'relay', cause });
  try {
    const head = requestHead(incoming);
    const opened = await open(head, options);
    if (!('request' in opened)) return client.reply(recordedReply(opened, head));
    const { clock, egress } = options;
    await new RelayedCall({ session: opened, client, egress, clock, onFault }).run(incoming);
  } catch (cause) {
    onFault(cause);
    client.breakOff();
  }
};

/** The session of a call that has a good ticket. */
const open = (head: RequestHead, { gateway, tickets }: RelayOptions): Session | Reply | Promise<Reply> => {
  const { headers } = head;
  const passage = tickets.redeem(headers.get(ticketHeader) ?? '');
  if (!passage) return gateway.refuse(head, gatewayError('policy_unavailable'));
  if (/websocket/i.test(headers.get('upgrade') ?? '')) return gateway.refuse(head, noWebSocket);
  // A consumer that stands for all who have no credential is none: Kong's plugins mark it, and unmark every other.
  return gateway.open(head, headers.has('x-anonymous-consumer') ? undefined : passage.consumer);
};

/** Kong forwards no other upgrade; clients that offer HTTP/2 are content without. */
const noWebSocket = gatewayError('invalid_request', {
  message: 'This path does not speak WebSocket.',
  param: 'upgrade',
});

/** The head of the client's call as Kong passes it on. A name that comes twice has its values joined (RFC 9110 §5.3). */
const requestHead = ({ method = '', url: path = '', rawHeaders }: IncomingMessage): RequestHead => {
  const headers = new Map<string, string>();
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]?.toLowerCase() ?? '';
    const value = rawHeaders[at + 1] ?? '';
    const before = headers.get(name);
    headers.set(name, before === undefined ? value : `${before}, ${value}`);
  }
  return { method, path, headers };
};

const drain = (server: Server, { sessions }: Gateway, graceMs: number): Promise<void> =>
  new Promise((resolve) => {
    const force = setTimeout(() => {
      sessions.abortAll();
      server.closeAllConnections();
    }, graceMs);
    // A connection whose last answer is out is idle, and would be kept.
    const sweep = setInterval(() => server.closeIdleConnections(), 50);
    server.close(() => {
      clearTimeout(force);
      clearInterval(sweep);
      resolve();
    });
  });
