import { rmSync, statSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { keepCounters, type OpenedCounters } from '../../plugins/io/counters/keep.ts';
import { LockedError, lockFile } from '../../plugins/io/counters/lock.ts';
import { type CounterService, serveCounters } from '../../plugins/io/counters/serve.ts';
import { storeWords } from '../../plugins/io/counters/telling.ts';

/** Longer than a Kong takes to start its plugin server, or itself, again. */
const defaultIdleMs = '30000';
const checkMs = 500;

const say = (text: string) => console.error(`${new Date().toISOString()} ${text}`);

/**
 * Counts for all processes of this host that come to its socket, and outlives each of them. Ends when none has been
 * there for a while, or when its socket is gone. A second one for the same socket ends at once, with code 0.
 */
const main = async (): Promise<void> => {
  const { values } = parseArgs({
    options: {
      socket: { type: 'string', default: '' },
      dir: { type: 'string' },
      'idle-ms': { type: 'string', default: defaultIdleMs },
    },
  });
  const { socket: socketPath, dir: directory } = values;
  const unlock = lockOrEnd(`${socketPath}.lock`);
  const onState = (state: Parameters<typeof storeWords>[0]) => say(storeWords(state));
  const store = keepCounters({ directory, onState, onFound: say });
  const service = await serveCounters(store, socketPath);
  const end = async () => {
    await stop(service, store);
    if (isOurs()) rmSync(socketPath, { force: true });
    unlock();
    process.exit(0);
  };
  const inode = inodeOf(socketPath);
  const isOurs = () => inodeOf(socketPath) === inode;
  process.once('SIGTERM', end);
  process.on('SIGINT', () => {}); // Ctrl-C reaches whole groups; those that we count for decide
  process.on('SIGHUP', () => {});
  watch({ service, isOurs, idleMs: Number(values['idle-ms']) }, end);
};

const lockOrEnd = (path: string): (() => void) => {
  try {
    return lockFile(path);
  } catch (cause) {
    if (!(cause instanceof LockedError)) throw cause;
    say('another process counts here already');
    process.exit(0);
  }
};

const inodeOf = (path: string): number | undefined => statSync(path, { throwIfNoEntry: false })?.ino;

const stop = async (service: CounterService, store: OpenedCounters): Promise<void> => {
  service.close();
  await store.close();
};

interface Watched {
  readonly service: CounterService;
  readonly isOurs: () => boolean;
  readonly idleMs: number;
}

const watch = ({ service, isOurs, idleMs }: Watched, onOver: () => void): void => {
  let idleSinceMs = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    if (service.clients > 0) idleSinceMs = now;
    if (isOurs() && now - idleSinceMs < idleMs) return;
    clearInterval(timer);
    onOver();
  }, checkMs);
};

await main().catch((cause) => {
  say(cause instanceof Error ? cause.message : String(cause));
  process.exit(1);
});
