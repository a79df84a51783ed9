import { createHash } from 'node:crypto';
import { dirname, join, resolve } from 'node:path';
import type { Config } from '../../plugins/config/schema.ts';
import { storeTarget } from '../../plugins/config/secrets.ts';
import { machineSecrets } from '../../plugins/io/config-file.ts';
import type { StoreState } from '../../plugins/io/counters/breaker.ts';
import { keepCounters, type OpenedCounters } from '../../plugins/io/counters/keep.ts';
import { openCounters } from '../../plugins/io/counters/open.ts';
import { serveCounters } from '../../plugins/io/counters/serve.ts';
import { storeWords } from '../../plugins/io/counters/telling.ts';
import type { CounterStore } from '../../plugins/ports/counter-store.ts';
import { CountersKeeper } from './counters-keeper.ts';
import { Failure } from './failure.ts';
import type { Scope } from './supervise.ts';

/** The counts of this host's budgets, as its supervisor sees them. */
export interface HostCounters {
  readonly store: CounterStore;
  /** Where workers find them, when a process of this host keeps them; workers know by themselves how to reach Redis. */
  readonly socketPath?: string;
  /** When the store was last seen to have forgotten what it had counted; milliseconds since 1970. */
  readonly forgottenEpochMs: () => number | undefined;
}

interface CountersOptions {
  readonly config: Config;
  /** The nexus.yaml. */
  readonly file: string;
  /** Of our own; closed to other users. */
  readonly directory: string;
  /** Told, in words, when the store is lost and found again. */
  readonly onEvent: (text: string) => void;
}

/**
 * Opens the counts; without Redis this process keeps them for all workers of this host, so that a worker that dies takes
 * none along. Throws a `Failure` when `store.dir` cannot be used.
 */
export const startCounters = async (options: CountersOptions, scope: Scope): Promise<HostCounters> => {
  const redis = openRedis(options, scope);
  if (redis) return redis;
  const { config, file, onEvent } = options;
  const socketPath = join(options.directory, 'counters.sock');
  const directory = journalDirectory(config, file);
  const { onState, forgottenEpochMs } = watchState(onEvent);
  const store = kept(directory, () => keepCounters({ directory, onState, onFound: onEvent }));
  scope.defer(() => store.close());
  const service = await serveCounters(store, socketPath);
  scope.defer(() => service.close());
  return { store, socketPath, forgottenEpochMs };
};

/**
 * As `startCounters`, where the process that serves has a standby: without Redis a process of its own keeps the counts for
 * both, so that they outlive either. `ends`: with this one, or when nobody has asked it for a while.
 */
export const startSharedCounters = async (
  { ends, ...options }: CountersOptions & { readonly ends: 'with-us' | 'idle' },
  scope: Scope,
): Promise<HostCounters> => {
  const redis = openRedis(options, scope);
  if (redis) return redis;
  const { config, file, directory, onEvent } = options;
  const journal = journalDirectory(config, file);
  const socketPath = join(directory, socketName(journal));
  const keeper = new CountersKeeper({ socketPath, directory, journal, onEvent });
  scope.defer(() => (ends === 'with-us' ? keeper.end() : keeper.leave()));
  await keeper.start();
  const { onState, forgottenEpochMs } = watchState(onEvent);
  const target = { kind: 'memory' } as const;
  const store = openCounters({ target, organisation: config.store.organisation, socketPath, onState });
  scope.defer(() => store.close());
  await store.ready(readyMs);
  return { store, socketPath, forgottenEpochMs };
};

const readyMs = 2000;

const openRedis = (
  { config, onEvent }: CountersOptions,
  scope: Scope,
): { readonly store: OpenedCounters; readonly forgottenEpochMs: () => number | undefined } | undefined => {
  const target = storeTarget(config.store, machineSecrets);
  if (target.kind === 'memory') return undefined;
  const { onState, forgottenEpochMs } = watchState(onEvent);
  const store = openCounters({ target, organisation: config.store.organisation, onState });
  scope.defer(() => store.close());
  return { store, forgottenEpochMs };
};

const watchState = (onEvent: (text: string) => void) => {
  let forgottenEpochMs: number | undefined;
  return {
    forgottenEpochMs: () => forgottenEpochMs,
    onState: (state: StoreState) => {
      if (state.kind === 'ready' && state.forgotten) forgottenEpochMs = Date.now();
      onEvent(storeWords(state));
    },
  };
};

/** `store.dir`, which is relative to the nexus.yaml. */
const journalDirectory = ({ store: { dir } }: Config, file: string): string | undefined =>
  dir === undefined || dir === false ? undefined : resolve(dirname(file), dir);

const kept = <T>(directory: string | undefined, open: () => T): T => {
  try {
    return open();
  } catch (cause) {
    throw new Failure(
      `store.dir cannot be used (${directory}): ${cause instanceof Error ? cause.message : String(cause)}`,
    );
  }
};

/** Counts with another journal are other counts, and so in another place. */
const socketName = (journal: string | undefined): string =>
  journal === undefined
    ? 'counters.sock'
    : `counters.${createHash('sha256').update(journal).digest('hex').slice(0, 8)}.sock`;
