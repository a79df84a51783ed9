import { randomInt } from 'node:crypto';
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
    const listening = await (port === 0 ? listenAnywhere() : listen(port));
    await listening.close();
    return listening.port;
  } catch (cause) {
    throw cause instanceof Error ? portError(cause, { port, option }) : cause;
  }
};

/** That many free ports, each another one. */
export const freePorts = async (count: number): Promise<number[]> => {
  const all = await Promise.all(Array.from({ length: count }, listenAnywhere));
  await Promise.all(all.map(({ close }) => close()));
  return all.map(({ port }) => port);
};

interface Listening {
  readonly port: number;
  readonly close: () => Promise<void>;
}

/**
 * Below the ports that systems give to outgoing connections (Linux 32768 on, others 49152 on): one of those may be taken
 * by a connection before the program that it was found for listens on it.
 */
const firstTried = 20_000;
const triedPorts = 12_000;

const listenAnywhere = async (): Promise<Listening> => {
  for (let tries = 0; tries < 20; tries++) {
    const listening = await listen(firstTried + randomInt(triedPorts)).catch(() => undefined); // taken: another one
    if (listening) return listening;
  }
  return listen(0);
};

const listen = (port: number): Promise<Listening> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ port, host: loopback }, () => {
      const address = server.address();
      resolve({
        port: typeof address === 'object' && address ? address.port : port,
        close: () => new Promise((closed) => server.close(() => closed())),
      });
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
