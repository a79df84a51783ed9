import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** One piece of a body, written at once. No bytes: the head of the answer alone. */
export interface Step {
  readonly bytes: string | Uint8Array;
  /** Waited before it. */
  readonly afterMs?: number;
}

/** An answer as it goes over the wire. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Waited before anything is sent. */
  readonly delayMs: number;
  /** The head leaves with the first of them. */
  readonly steps: Iterable<Step>;
  /** `cut`: the connection is closed inside the body. `reset`: the same, with a TCP reset. `silence`: nothing more comes. */
  readonly ending: 'clean' | 'cut' | 'reset' | 'silence';
}

/** A whole JSON body. */
export const jsonReply = (status: number, body: unknown, headers: Reply['headers'] = {}): Reply => {
  const bytes = Buffer.from(JSON.stringify(body));
  return {
    status,
    headers: { 'content-type': 'application/json', 'content-length': String(bytes.length), ...headers },
    delayMs: 0,
    steps: [{ bytes }],
    ending: 'clean',
  };
};

/** Server-sent events, `gapMs` apart. */
export const streamReply = (frames: readonly string[], gapMs: number): Reply => ({
  status: 200,
  headers: { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' },
  delayMs: 0,
  steps: frames.map((bytes, index) => ({ bytes, afterMs: index === 0 ? 0 : gapMs })),
  ending: 'clean',
});

/** Sends `reply`, no faster than the other side reads. Resolves when it is sent or the other side has gone. */
export const play = async (reply: Reply, response: ServerResponse): Promise<void> => {
  if (reply.delayMs > 0) await sleep(reply.delayMs);
  response.writeHead(reply.status, reply.headers);
  for (const { bytes, afterMs = 0 } of reply.steps) {
    if (afterMs > 0) await sleep(afterMs);
    if (response.destroyed) return;
    if (bytes.length === 0) response.flushHeaders();
    else await new Promise<unknown>((written) => response.write(bytes, written));
  }
  if (reply.ending === 'clean') response.end();
  else if (reply.ending === 'cut') response.socket?.destroy();
  else if (reply.ending === 'reset') await reset(response);
};

/** A reset discards what the other side has not read yet, so it gets time to. */
const reset = async (response: ServerResponse): Promise<void> => {
  await sleep(20);
  response.socket?.resetAndDestroy();
};
