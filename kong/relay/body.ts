import type { IncomingMessage } from 'node:http';
import type { Clock } from '../../plugins/ports/clock.ts';

/** A client's body, or why there is none: it grew too large, took too long, or broke off. */
export type Body =
  | { readonly kind: 'whole'; readonly bytes: Uint8Array }
  | { readonly kind: 'too-large' | 'late' | 'broken' };

/** What a body may take. */
export interface BodyLimits {
  readonly maxBytes: number;
  readonly timeoutMs: number;
  readonly clock: Clock;
}

/** Reads a body to its end. What it has read beyond a limit it forgets; what still comes is thrown away. */
export const readBody = (
  incoming: IncomingMessage,
  { maxBytes, timeoutMs, clock }: BodyLimits,
): Promise<Body> =>
  new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const done = (body: Body) => {
      stopTimer();
      incoming.removeListener('data', take).resume();
      resolve(body);
    };
    const take = (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > maxBytes) done({ kind: 'too-large' });
      else chunks.push(chunk);
    };
    const stopTimer = clock.after(timeoutMs, () => done({ kind: 'late' }));
    incoming.on('data', take);
    incoming.once('end', () => done({ kind: 'whole', bytes: joined(chunks) }));
    incoming.once('error', () => done({ kind: 'broken' }));
  });

const joined = (chunks: readonly Buffer[]): Uint8Array => {
  const [only, ...more] = chunks;
  return only && more.length === 0 ? only : Buffer.concat(chunks);
};
