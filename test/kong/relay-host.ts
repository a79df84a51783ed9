import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, request, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { egressCopies } from '../../kong/relay/copies.ts';
import { Egress } from '../../kong/relay/egress.ts';
import { egressHeader, egressPrefix, sourceHeader } from '../../kong/relay/names.ts';
import { type Relay, startRelay } from '../../kong/relay/relay.ts';
import { Tickets, ticketHeader } from '../../kong/ticket.ts';
import { loadConfig } from '../../plugins/config/load.ts';
import { resolveSecrets } from '../../plugins/config/secrets.ts';
import type { Consumer } from '../../plugins/exchange.ts';
import { Gateway } from '../../plugins/gateway.ts';
import { systemClock } from '../../plugins/io/clock.ts';
import { machinePorts } from '../../plugins/io/ports.ts';
import { prometheusMeter } from '../../plugins/io/telemetry.ts';
import type { ClientAnswer, ClientCall, Host } from '../contract/host.ts';
import { httpCall } from '../contract/http.ts';

const secret = 'egress-secret-of-the-relay-tests';

/** What a test may reach of a relay that stands between a stand-in for Kong's plugin and one for its egress. */
export interface RelayHost extends Host {
  readonly gateway: Gateway;
  readonly tickets: Tickets;
  readonly relay: Relay;
  /** Kong's listener for the relay. */
  readonly egress: Server;
  /** Faults that the relay has told of. */
  readonly faults: unknown[];
  /** Sends a call to the relay as it is. */
  send(call: ClientCall): Promise<ClientAnswer>;
  /** As Kong's plugin does it: a ticket for a call, of a consumer of Kong if one is named. */
  ticketed(call: ClientCall, consumer?: Consumer): ClientCall;
}

/** Starts a relay over the providers of `configText`. */
export const startRelayHost = async (
  configText: string,
  env: Readonly<Record<string, string>>,
): Promise<RelayHost> => {
  const directory = mkdtempSync(join(tmpdir(), 'nexus-relay-'));
  const sources = { env, readFile: () => '' };
  const loaded = loadConfig(configText, { file: 'relay.json', ...sources });
  if ('problems' in loaded) throw new Error(loaded.problems.map(({ message }) => message).join('\n'));
  const egressPath = join(directory, 'egress.sock');
  const wayOut = new Egress({ socketPath: egressPath, secret }, systemClock);
  const ports = {
    ...machinePorts({ meter: prometheusMeter().meter }),
    sendCopy: egressCopies(wayOut, systemClock),
  };
  const gateway = new Gateway({ ...loaded, secrets: resolveSecrets(loaded.config, sources) }, ports);
  const tickets = new Tickets(ports);
  const egress = await startEgress(egressPath, new Map(Object.entries(loaded.config.providers)));
  const faults: unknown[] = [];
  const relay = await startRelay({
    gateway,
    tickets,
    socketDirectory: directory,
    egress: wayOut,
    clock: systemClock,
    onFault: ({ cause }) => faults.push(cause),
  });
  const { socketPath } = relay;
  const send = (call: ClientCall) => httpCall('http://localhost', call, { socketPath });
  const ticketed = (call: ClientCall, consumer?: Consumer): ClientCall => ({
    ...call,
    headers: { ...call.headers, [ticketHeader]: tickets.issue({ consumer }) },
  });
  return {
    name: 'through the relay',
    gateway,
    tickets,
    relay,
    egress,
    faults,
    send,
    ticketed,
    call: (call) => send(ticketed(call)),
    stop: async () => {
      await relay.close(1000);
      egress.closeAllConnections();
      await new Promise((resolve) => egress.close(resolve));
      rmSync(directory, { recursive: true });
    },
  };
};

/** Kong's routes to providers: open with the secret only; marks who made each answer. */
const startEgress = (
  socketPath: string,
  providers: ReadonlyMap<string, { readonly baseUrl: string }>,
): Promise<Server> => {
  const server = createServer((incoming, response) => {
    if (incoming.destroyed) return; // by a test
    const { method, url = '' } = incoming;
    const { [egressHeader]: shown, host: _, ...headers } = incoming.headers;
    const [name, provider] = [...providers].find(([it]) => url.startsWith(`${egressPrefix(it)}/`)) ?? [];
    if (shown !== secret || name === undefined || !provider) {
      response.writeHead(404).end('{"message":"no Route matched with those values"}');
      return;
    }
    const target = new URL(url.slice(egressPrefix(name).length), provider.baseUrl);
    const outgoing = request(target, { method, headers, agent: false }, (answer) => {
      response.writeHead(answer.statusCode ?? 0, { ...answer.headers, [sourceHeader]: 'service' });
      answer.pipe(response);
      answer.on('error', () => response.destroy());
    });
    outgoing.on('error', () => {
      if (!response.headersSent) response.writeHead(502, { [sourceHeader]: 'error' }).end('{}');
    });
    response.on('close', () => outgoing.destroy());
    incoming.pipe(outgoing);
  });
  return new Promise((resolve) => server.listen(socketPath, () => resolve(server)));
};
