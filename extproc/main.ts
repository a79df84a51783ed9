import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import pino from 'pino';
import { storeTarget } from '../plugins/config/secrets.ts';
import { Gateway } from '../plugins/gateway.ts';
import { loadGatewayConfig, machineSecrets } from '../plugins/io/config-file.ts';
import { httpCopies } from '../plugins/io/copies.ts';
import { openCounters, redisPlaceOf } from '../plugins/io/counters/open.ts';
import { tellStore } from '../plugins/io/counters/telling.ts';
import { machineBoard, machinePorts, processName } from '../plugins/io/ports.ts';
import { redisHealthLink } from '../plugins/io/redis-health.ts';
import { shareHealth } from '../plugins/io/share-health.ts';
import { stackOf } from '../plugins/io/stack.ts';
import { prometheusMeter } from '../plugins/io/telemetry.ts';
import type { HealthFact } from '../plugins/ports/health-board.ts';
import { egressProviderHeader, egressSocket } from './names.ts';
import { startServer } from './server.ts';
import { SupervisorChannel } from './supervisor-channel.ts';

/** How long a stopping worker lets its streams finish. */
const graceMs = 30_000;
/** How long the store of budgets may take to answer for the first time. */
const storeReadyMs = 2000;

const { values } = parseArgs({
  options: { config: { type: 'string' }, socket: { type: 'string' }, counters: { type: 'string' } },
});

const main = async (): Promise<void> => {
  const { config: file, socket } = values;
  if (file === undefined || socket === undefined) {
    console.error('usage: extproc/main.ts --config FILE --socket PATH [--counters PATH]');
    process.exit(2);
  }
  const loaded = loadGatewayConfig(file);
  if ('problems' in loaded) {
    console.error(loaded.problems.join('\n'));
    process.exit(1);
  }
  const log = pino({ name: 'nexus', base: { pid: process.pid } });
  const { meter, registry } = prometheusMeter();
  const { store } = loaded.config;
  const target = storeTarget(store, machineSecrets);
  const counters = openCounters({
    target,
    organisation: store.organisation,
    socketPath: values.counters,
    slicesFor: store.slices ? processName : undefined,
    onState: tellStore(log, meter),
  });
  const board = machineBoard(meter);
  const channel = new SupervisorChannel();
  let takeHealth: (facts: readonly HealthFact[]) => void = () => {};
  const gateway = new Gateway(loaded, {
    ...machinePorts({ meter, counters, board }),
    findDecision: (id) => channel.findDecision(id),
    sendCopy: httpCopies(({ upstream }) => ({
      socketPath: egressSocket(dirname(socket)),
      headers: { [egressProviderHeader]: upstream.provider },
    })),
    onCopy: (facts) => log.info(facts, 'copy for a mirror'),
  });
  rmSync(socket, { force: true }); // left by a worker that was killed
  const server = await startServer(
    { gateway, address: socket },
    {
      socketPath: socket,
      onFault: ({ role, cause }) =>
        log.error({ role, at: stackOf(cause) }, 'fault while a message was handled'),
    },
  );

  shareHealth(board, [
    {
      send: (facts) => channel.tell({ type: 'health', facts }),
      listen: (take) => {
        takeHealth = take;
      },
    },
    ...(target.kind === 'memory'
      ? []
      : [redisHealthLink(redisPlaceOf(target), loaded.config.store.organisation)]),
  ]);
  channel.listen({
    health: ({ facts }) => takeHealth(facts),
    metrics: async ({ id }) =>
      channel.tell({ type: 'metrics', id, metrics: await registry.getMetricsAsJSON() }),
    'find-decision': ({ id, decision }) =>
      channel.tell({ type: 'decision', id, record: gateway.decisions.find(decision) }),
    reload: () => {
      const next = loadGatewayConfig(file);
      if ('problems' in next) return channel.tell({ type: 'refused', problems: next.problems });
      gateway.replaceConfig(next);
      channel.tell({ type: 'reloaded', digest: next.digest });
    },
  });
  const stop = () =>
    void server
      .drain(graceMs)
      .then(() => gateway.told())
      .then(() => counters.close())
      .then(() => process.exit(0));
  process.once('SIGTERM', stop);
  process.once('SIGINT', () => {}); // Ctrl-C reaches the whole group; the supervisor decides the order
  process.once('disconnect', stop); // the supervisor is gone
  if (!(await counters.ready(storeReadyMs))) {
    log.warn('the store of budgets does not answer; until it does, calls meet `onLoss`');
  }
  channel.tell({ type: 'ready', digest: loaded.digest });
};

await main();
