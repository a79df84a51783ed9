import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nexusModule } from '../../kong/plugin.ts';
import { startPluginServer } from '../../kong/pluginserver/server.ts';
import { Tickets } from '../../kong/ticket.ts';
import { hashKey } from '../../plugins/config/keys.ts';
import { loadConfig } from '../../plugins/config/load.ts';
import { Gateway } from '../../plugins/gateway.ts';
import { systemClock } from '../../plugins/io/clock.ts';
import { systemRandom } from '../../plugins/io/random.ts';
import { prometheusMeter } from '../../plugins/io/telemetry.ts';
import type { ClientRequest } from './standin/pdk.ts';
import { KongWorker } from './standin/worker.ts';

/**
 * Sends events through our plugin and a stand-in for Kong, both in this process, and prints as JSON how much heap a
 * round of them leaves behind. Arguments: events in a round, then what they are: `pass` or `refuse`.
 */
const [count = '', kind = ''] = process.argv.slice(2);

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

const directory = mkdtempSync(join(tmpdir(), 'nexus-soak-'));
const socketPath = join(directory, 'plugin.sock');
const { meter } = prometheusMeter();
const ports = { clock: systemClock, random: systemRandom, meter };
const gateway = new Gateway({ ...loaded, secrets: new Map() }, ports);
const server = await startPluginServer({
  module: nexusModule,
  world: { gateway, tickets: new Tickets(ports), relaySocket: '/run/nexus/relay.sock' },
  socketPath,
  faultExit: () => ({ status: 503, body: '', headers: {} }),
  onFault: ({ cause }) => {
    throw cause;
  },
  clock: systemClock,
  phaseTimeoutMs: 1500,
});

const kong = new KongWorker({ socketPath, pluginName: 'nexus' });
const request: ClientRequest = {
  method: 'POST',
  path: '/v1/chat/completions',
  headers: { 'x-api-key': kind === 'pass' ? key : 'unknown', 'user-agent': 'soak', 'content-length': '10' },
};
const expected = kind === 'pass' ? 'proxied' : 'answered';

/** Runs `events`, eight at a time; returns the heap that is in use afterwards. */
const round = async (events: number): Promise<number> => {
  let left = events;
  const client = async () => {
    while (left-- > 0) {
      const ending = await kong.run({ id: 'route', seq: 1 }, 'access', request);
      if (ending.kind !== expected) throw new Error(JSON.stringify(ending));
    }
  };
  await Promise.all(Array.from({ length: 8 }, client));
  await new Promise((resolve) => setTimeout(resolve, 100)); // sockets close
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
};

const warm = await round(5000);
const startedMs = performance.now();
const full = await round(Number(count));
const eventUs = ((performance.now() - startedMs) * 1000) / Number(count);
console.log(JSON.stringify({ grownBytes: full - warm, eventUs, sessions: gateway.sessions.size }));
kong.stop();
await server.close(1000);
rmSync(directory, { recursive: true });
