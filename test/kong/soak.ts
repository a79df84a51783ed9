import { type Duplex, duplexPair } from 'node:stream';
import { nexusModule } from '../../kong/plugin.ts';
import { Connection } from '../../kong/pluginserver/connection.ts';
import { Instances } from '../../kong/pluginserver/instances.ts';
import type { Phases } from '../../kong/pluginserver/module.ts';
import { Tickets } from '../../kong/ticket.ts';
import { hashKey } from '../../plugins/config/keys.ts';
import { loadConfig } from '../../plugins/config/load.ts';
import { Gateway } from '../../plugins/gateway.ts';
import { systemClock } from '../../plugins/io/clock.ts';
import { machinePorts } from '../../plugins/io/ports.ts';
import { prometheusMeter } from '../../plugins/io/telemetry.ts';
import { KongSocket } from './standin/socket.ts';
import { decode, encode } from './standin/wire.ts';

/**
 * Runs events through our plugin and prints as JSON how much heap a round of them leaves behind. Kong's part is played
 * in this process, with frames made once and without sockets, so that a round takes seconds. Run with --expose-gc;
 * the argument is the number of events in a round of each kind.
 */
const count = Number(process.argv[2]);

const key = 'nx-soak';
const loaded = loadConfig(
  JSON.stringify({
    version: 1,
    providers: { p: { dialect: 'openai', baseUrl: 'http://127.0.0.1:9/v1' } },
    models: { m: { candidates: [{ provider: 'p', model: 'x' }] } },
    keys: [{ hash: hashKey(key), user: 'alice' }],
  }),
  { file: 'soak.json', env: {}, readFile: () => '' },
);
if ('problems' in loaded) throw new Error(JSON.stringify(loaded.problems));

const ports = machinePorts({ meter: prometheusMeter().meter });
const gateway = new Gateway({ ...loaded, secrets: new Map() }, ports);
const shared = {
  module: nexusModule,
  world: { gateway, tickets: new Tickets(ports), relaySocket: '/run/nexus/relay.sock' },
  instances: new Instances<Phases>(100),
  faultExit: () => ({ status: 503, body: '', headers: {} }),
  onFault: ({ cause }: { cause: unknown }) => {
    throw cause;
  },
  clock: systemClock,
  phaseTimeoutMs: 1500,
};

const connect = (): KongSocket => {
  const [ours, kongs]: [Duplex, Duplex] = duplexPair();
  new Connection(ours, shared);
  return new KongSocket(kongs);
};

const startInstance = async (): Promise<unknown> => {
  const socket = connect();
  const config = Buffer.from('{}');
  socket.write(encode('RpcCall', { sequence: 1, cmd_start_instance: { name: 'nexus', config } }));
  const { instance_status } = decode('RpcReturn', await socket.read(1000));
  return (instance_status as { instance_id: number }).instance_id;
};

const handleEvent = encode('RpcCall', {
  sequence: 2,
  cmd_handle_event: { instance_id: await startInstance(), event_name: 'access' },
});

/** What Kong says to each PDK method, for a client with this key. */
const resultsFor = (sentKey: string): Readonly<Record<string, Buffer>> => ({
  'kong.request.get_headers': encode('google.protobuf.Struct', {
    fields: { 'x-api-key': { stringValue: sentKey }, 'content-length': { stringValue: '10' } },
  }),
  'kong.nginx.get_var': encode('String', { v: 'POST /v1/chat/completions HTTP/1.1' }),
});
const nothing = Buffer.alloc(0);

/** Plays one event; returns whether the connection can take the next. */
const playEvent = async (socket: KongSocket, results: ReturnType<typeof resultsFor>): Promise<boolean> => {
  socket.write(handleEvent);
  for (;;) {
    const method = String(await socket.read(1000));
    const args = await socket.read(1000);
    if (method === '') return args.length > 0;
    if (method === 'kong.response.exit') return false;
    socket.write(results[method] ?? nothing);
  }
};

interface Kind {
  readonly results: ReturnType<typeof resultsFor>;
  /** Whether connections live on. */
  readonly passes: boolean;
}

/** Plays `events`, four at a time; returns the heap that is in use afterwards. */
const round = async (events: number, { results, passes }: Kind): Promise<number> => {
  let left = events;
  const client = async () => {
    let socket = connect();
    while (left-- > 0) {
      if ((await playEvent(socket, results)) !== passes) throw new Error('an event ended otherwise');
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
  passed: { results: resultsFor(key), passes: true },
  refused: { results: resultsFor('unknown'), passes: false },
};

for (const [name, kind] of Object.entries(kinds)) {
  const warm = await round(count / 10, kind);
  const startedMs = performance.now();
  const grownBytes = (await round(count, kind)) - warm;
  const eventUs = ((performance.now() - startedMs) * 1000) / count;
  console.log(JSON.stringify({ name, count, grownBytes, eventUs, sessions: gateway.sessions.size }));
}
