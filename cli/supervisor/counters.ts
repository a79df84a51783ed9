import { join } from 'node:path';
import type { Config } from '../../plugins/config/schema.ts';
import { storeTarget } from '../../plugins/config/secrets.ts';
import { machineSecrets } from '../../plugins/io/config-file.ts';
import { openCounters } from '../../plugins/io/counters/open.ts';
import { serveCounters } from '../../plugins/io/counters/serve.ts';
import type { CounterStore } from '../../plugins/ports/counter-store.ts';
import type { Scope } from './supervise.ts';

/** The counts of this host's budgets, as its supervisor sees them. */
export interface HostCounters {
  readonly store: CounterStore;
  /** Where workers find them, when this process keeps them; workers know by themselves how to reach Redis. */
  readonly socketPath?: string;
}

interface CountersOptions {
  readonly config: Config;
  /** Of our own; closed to other users. */
  readonly directory: string;
  /** Told, in words, when the store is lost and found again. */
  readonly onEvent: (text: string) => void;
}

/**
 * Opens the counts; without Redis this process keeps them for all workers of this host, so that a worker that dies takes
 * none along.
 */
export const startCounters = async (
  { config, directory, onEvent }: CountersOptions,
  scope: Scope,
): Promise<HostCounters> => {
  const { organisation } = config.store;
  const target = storeTarget(config.store, machineSecrets);
  const store = openCounters({
    target,
    organisation,
    onState: (state) => onEvent(`store of budgets: ${state.kind}`),
  });
  if ('close' in store) scope.defer(async () => store.close());
  if (target.kind !== 'memory') return { store };
  const socketPath = join(directory, 'counters.sock');
  const service = await serveCounters(store, socketPath);
  scope.defer(async () => service.close());
  return { store, socketPath };
};
