import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PluginModule } from '../../../kong/pluginserver/module.ts';
import { startPluginServer } from '../../../kong/pluginserver/server.ts';
import { systemClock } from '../../../plugins/io/clock.ts';
import { KongWorker } from './worker.ts';

/** Our plugin server for a test: where it listens and what it complained of. */
export interface TestServer {
  readonly socketPath: string;
  readonly faults: { readonly at: string; readonly cause: unknown }[];
  /** A worker of Kong that talks with it. */
  worker(): KongWorker;
  /** Ends; its successor may take the same place. */
  die(): Promise<void>;
  stop(): Promise<void>;
}

export interface TestServerOptions<World> {
  readonly module: PluginModule<World>;
  readonly world: World;
  readonly phaseTimeoutMs?: number;
  /** Where a predecessor listened; absent: a place of its own. */
  readonly socketPath?: string;
}

export const faultBody = '{"error":"fault"}';

export const startTestServer = async <World>({
  module,
  world,
  phaseTimeoutMs = 5000,
  socketPath = join(mkdtempSync(join(tmpdir(), 'nexus-kong-')), 'plugin.sock'),
}: TestServerOptions<World>): Promise<TestServer> => {
  const faults: { at: string; cause: unknown }[] = [];
  const workers: KongWorker[] = [];
  const server = await startPluginServer({
    module,
    world,
    socketPath,
    faultExit: { status: 503, body: faultBody, headers: { 'content-type': 'application/json' } },
    onFault: (fault) => faults.push(fault),
    clock: systemClock,
    phaseTimeoutMs,
  });
  const die = () => server.close(500);
  return {
    socketPath,
    faults,
    worker: () => {
      const worker = new KongWorker({ socketPath, pluginName: module.Name, readTimeoutMs: 5000 });
      workers.push(worker);
      return worker;
    },
    die,
    stop: async () => {
      await die();
      for (const worker of workers) worker.stop();
      rmSync(join(socketPath, '..'), { recursive: true, force: true });
    },
  };
};
