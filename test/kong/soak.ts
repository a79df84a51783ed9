import { type Duplex, duplexPair } from 'node:stream';
import { phaseTimeoutMs } from '../../kong/patience.ts';
import { nexusModule } from '../../kong/plugin.ts';
import { Connection } from '../../kong/pluginserver/connection.ts';
import { Instances } from '../../kong/pluginserver/instances.ts';
import type { Phases } from '../../kong/pluginserver/module.ts';
import { Tickets } from '../../kong/ticket.ts';
import { systemClock } from '../../plugins/io/clock.ts';
import { systemRandom } from '../../plugins/io/random.ts';
import { KongSocket } from './standin/socket.ts';
import { decode, encode } from './standin/wire.ts';

/**
 * Runs events through our plugin and prints as JSON how much heap a round of them leaves behind. Kong's part is played
 * in this process, with frames made once and without sockets, so that a round takes seconds. Run with --expose-gc;
 * the argument is the number of events in a round of each kind.
 */
const count = Number(process.argv[2]);

const tickets = new Tickets({ clock: systemClock, random: systemRandom });
const shared = {
  module: nexusModule,
  world: { tickets, relaySocket: '/run/nexus/relay.sock' },
  instances: new Instances<Phases>(100),
  faultExit: { status: 503, body: '', headers: {} },
  onFault: () => {},
  clock: systemClock,
  phaseTimeoutMs,
};

const connect = (): KongSocket => {
  const [ours, kongs]: [Duplex, Duplex] = duplexPair();
  new Connection(ours, shared);
  return new KongSocket(kongs);
};

const startInstance = async (): Promise<unknown> => {
  const socket = connect();
  const config = Buffer.from('{"team":"support"}');
  socket.write(encode('RpcCall', { sequence: 1, cmd_start_instance: { name: 'nexus', config } }));
  const { instance_status } = decode('RpcReturn', await socket.read(1000));
  return (instance_status as { instance_id: number }).instance_id;
};

const instanceId = await startInstance();
const event = (phase: string) =>
  encode('RpcCall', { sequence: 2, cmd_handle_event: { instance_id: instanceId, event_name: phase } });

const consumer = encode('Consumer', { id: '5f2a', username: 'bob' });
const nothing = Buffer.alloc(0);

/** Plays one event; returns whether the connection can take the next. */
const playEvent = async (socket: KongSocket, handleEvent: Buffer): Promise<boolean> => {
  socket.write(handleEvent);
  for (;;) {
    const method = String(await socket.read(1000));
    const args = await socket.read(1000);
    if (method === '') return args.length > 0;
    if (method === 'kong.response.exit') return false;
    if (method === 'kong.service.request.set_header') redeem(args);
    socket.write(method === 'kong.client.get_consumer' ? consumer : nothing);
  }
};

/** As the relay does with the header that Kong sends it. */
const redeem = (args: Buffer): void => {
  const { v } = decode('KV', args);
  tickets.redeem((v as { stringValue: string }).stringValue);
};

interface Kind {
  readonly event: Buffer;
  /** Whether connections live on. */
  readonly passes: boolean;
}

/** Plays `events`, four at a time; returns the heap that is in use afterwards. */
const round = async (events: number, { event: handleEvent, passes }: Kind): Promise<number> => {
  let left = events;
  const client = async () => {
    let socket = connect();
    while (left-- > 0) {
      if ((await playEvent(socket, handleEvent)) !== passes) throw new Error('an event ended otherwise');
      if (passes) continue;
      socket.close(); // as Kong does
      socket = connect();
    }
    socket.close();
  };
  await Promise.all([client(), client(), client(), client()]);
  await new Promise((resolve) => setTimeout(resolve, 50));
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
};

const kinds: Readonly<Record<string, Kind>> = {
  passed: { event: event('access'), passes: true },
  refused: { event: event('rewrite'), passes: false }, // no phase of ours
};

for (const [name, kind] of Object.entries(kinds)) {
  const warm = await round(count / 10, kind);
  const startedMs = performance.now();
  const grownBytes = (await round(count, kind)) - warm;
  const eventUs = ((performance.now() - startedMs) * 1000) / count;
  console.log(JSON.stringify({ name, count, grownBytes, eventUs, tickets: tickets.size }));
}
