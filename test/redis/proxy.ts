import { EventEmitter, once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** What a proxy does with the bytes that come through it. */
export type Toxic =
  | { readonly kind: 'none' }
  /** Each way. */
  | { readonly kind: 'latency'; readonly ms: number }
  /** Takes bytes and passes none on, until it is something else. */
  | { readonly kind: 'blackhole' }
  /** One byte at a time. */
  | { readonly kind: 'slicer' };

export interface Proxy {
  readonly path: string;
  be(toxic: Toxic): void;
  /** Breaks all connections. */
  reset(): void;
  close(): void;
}

/** Listens on the unix socket `path`, and passes on to the one at `upstream`. Bytes stay in order, and none is dropped. */
export const startProxy = async (path: string, upstream: string): Promise<Proxy> => {
  const state: ProxyState = { toxic: { kind: 'none' }, wake: new EventEmitter().setMaxListeners(0) };
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const redis = connect(upstream);
    void pass(client, redis, state);
    void pass(redis, client, state);
    for (const socket of [client, redis]) {
      sockets.add(socket);
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        redis.destroy();
      });
    }
  });
  server.listen(path);
  await once(server, 'listening');
  const reset = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    path,
    be: (toxic) => {
      state.toxic = toxic;
      state.wake.emit('change');
    },
    reset,
    close: () => {
      server.close();
      reset();
    },
  };
};

interface ProxyState {
  toxic: Toxic;
  /** Says `change` when the toxic is another one. */
  readonly wake: EventEmitter;
}

const pass = async (from: Socket, to: Socket, state: ProxyState): Promise<void> => {
  const chunks: { readonly bytes: Buffer; readonly cameMs: number }[] = [];
  from.on('error', () => {});
  from.on('data', (bytes) => {
    chunks.push({ bytes, cameMs: performance.now() });
    from.emit('chunk');
  });
  while (!from.destroyed) {
    const [first] = chunks;
    if (!first) await once(from, 'chunk');
    else if (state.toxic.kind === 'blackhole') await once(state.wake, 'change');
    else {
      const dueMs = first.cameMs + (state.toxic.kind === 'latency' ? state.toxic.ms : 0);
      const leftMs = dueMs - performance.now();
      if (leftMs > 0) await sleep(leftMs);
      chunks.shift();
      write(first.bytes, to, state.toxic);
    }
  }
};

const write = (bytes: Buffer, to: Socket, { kind }: Toxic): void => {
  if (!to.writable) return;
  if (kind === 'slicer') for (const byte of bytes) to.write(Buffer.of(byte));
  else to.write(bytes);
};

/** A server on the unix socket `path` that answers each command with `answer`, in RESP, whatever it is. */
export const startFakeRedis = async (path: string, answer: (command: string) => string) => {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('data', (bytes) => {
      // Each command is an array that begins with its name: *N, $length, NAME.
      for (const [, name = ''] of bytes.toString('latin1').matchAll(/\*\d+\r\n\$\d+\r\n(\w+)\r\n/g)) {
        socket.write(answer(name.toLowerCase()));
      }
    });
  });
  server.listen(path);
  await once(server, 'listening');
  return {
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
};
