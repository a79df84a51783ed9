import { createServer, type Server } from 'node:net';
import { listenOnSocket } from '../socket.ts';
import { Connection, type ConnectionOptions } from './connection.ts';
import { Instances } from './instances.ts';
import type { Phases } from './module.ts';

export interface PluginServerOptions<World> extends Omit<ConnectionOptions<World>, 'instances'> {
  /** In a directory of ours alone: whoever can connect can act as Kong. */
  readonly socketPath: string;
}

export interface PluginServer {
  /** Takes no new connections; events under way get `graceMs` at most. */
  close(graceMs: number): Promise<void>;
}

/** Routes × workers × reloads of one Kong, before the oldest instance gives way. */
const mostInstances = 100_000;

/** Serves one plugin to the workers of a Kong. Resolves when they can connect. */
export const startPluginServer = async <World>(
  options: PluginServerOptions<World>,
): Promise<PluginServer> => {
  const { socketPath } = options;
  const shared = { ...options, instances: new Instances<Phases>(mostInstances) };
  const connections = new Set<Open>();
  const server = createServer((socket) => {
    const connection = new Connection(socket, shared);
    connections.add(connection);
    socket.once('close', () => connections.delete(connection));
  });
  await listenOnSocket(server, socketPath);
  return { close: (graceMs) => drain(server, { connections, graceMs }) };
};

/** What closing asks of a connection. */
type Open = Pick<Connection<unknown>, 'closeWhenIdle' | 'breakOff'>;

const drain = (
  server: Server,
  { connections, graceMs }: { connections: ReadonlySet<Open>; graceMs: number },
): Promise<void> =>
  new Promise((resolve) => {
    const force = setTimeout(() => {
      for (const connection of connections) connection.breakOff();
    }, graceMs);
    server.close(() => {
      clearTimeout(force);
      resolve();
    });
    for (const connection of connections) connection.closeWhenIdle();
  });
