import { chmodSync, readdirSync, rmSync } from 'node:fs';
import { connect, type Server } from 'node:net';
import { join } from 'node:path';

/** Path of a socket that only this process uses. */
export const ownSocket = (directory: string, use: string): string =>
  join(directory, `${use}-${process.pid}.sock`);

/** Listens on a unix socket, for this user alone. Resolves when clients can connect. */
export const listenOnSocket = async (server: Server, socketPath: string): Promise<void> => {
  rmSync(socketPath, { force: true });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(socketPath, resolve);
  });
  chmodSync(socketPath, 0o600);
};

/** Whether somebody listens there, or on that port of this machine. */
export const takesConnections = (place: string | number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = typeof place === 'string' ? connect(place) : connect(place, '127.0.0.1');
    socket.once('error', () => resolve(false));
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });

/** Removes the own sockets of processes that were killed. */
export const removeLeftovers = (directory: string): void => {
  for (const name of readdirSync(directory)) {
    const [, pid] = /^\w+-(\d+)\.sock$/.exec(name) ?? [];
    if (pid !== undefined && !isRunning(Number(pid))) rmSync(join(directory, name), { force: true });
  }
};

const isRunning = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch (cause) {
    return cause instanceof Error && 'code' in cause && cause.code === 'EPERM';
  }
};
