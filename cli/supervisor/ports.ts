import { createServer } from 'node:net';
import { UsageError } from '../run.ts';
import { Failure } from './failure.ts';

/** Where everything of ours listens: reachable from this machine only. */
export const loopback = '127.0.0.1';

/** The value of an option such as `--port`: 0 to 65535. Throws a `UsageError` for anything else. */
export const parsePort = (option: string, text: string): number => {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw new UsageError(`--${option} ${text}: expected a port, 0 to 65535 (0: any that is free)`);
};

/**
 * The port itself when nobody listens on it, any free one for 0. Asked before Envoy starts: Envoy shares a port that
 * another Envoy holds and takes half of its connections. Throws a `Failure`.
 */
export const freePort = async (port: number, option: string): Promise<number> => {
  try {
    return await listenOnce(port);
  } catch (cause) {
    throw cause instanceof Error ? portError(cause, { port, option }) : cause;
  }
};

/** Whether one of ours could listen on `port`. */
export const isFree = (port: number): Promise<boolean> =>
  listenOnce(port).then(
    () => true,
    () => false,
  );

const listenOnce = (port: number): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ port, host: loopback }, () => {
      const address = server.address();
      const found = typeof address === 'object' && address ? address.port : port;
      server.close(() => resolve(found));
    });
  });

/** What to say when `cause` kept us from listening on a port. */
export const portError = (
  cause: Error & { readonly code?: string },
  { port, option }: { port: number; option: string },
): Failure => {
  const why =
    cause.code === 'EADDRINUSE' ? 'is taken by another program' : `cannot be used (${cause.message})`;
  return new Failure(`port ${port} ${why}; choose another with --${option}`);
};
