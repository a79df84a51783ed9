import { chmodSync, renameSync, rmSync } from 'node:fs';
import type { Server } from 'node:net';

/**
 * Listens on a unix socket, for this user alone, in the place of whoever listened there before: who is still connected
 * to that one stays so. Resolves when clients can connect.
 */
export const listenOnSocket = async (server: Server, socketPath: string): Promise<void> => {
  // A closing server removes the name that it has bound. It must not be the name that its successor has taken over.
  const boundPath = `${socketPath}.${process.pid}`;
  rmSync(boundPath, { force: true });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(boundPath, resolve);
  });
  chmodSync(boundPath, 0o600);
  renameSync(boundPath, socketPath);
};
