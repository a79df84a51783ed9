import { Agent, type IncomingMessage, type RequestOptions, request } from 'node:http';
import type { CopyAnswer, SendCopy } from '../copy.ts';
import type { UpstreamCall } from '../upstream-call.ts';

/** Shorter than any proxy keeps an idle connection: a copy must not meet one that is being closed. */
const idleTimeoutMs = 30_000;

/** Sends copies as HTTP/1.1 on connections that `wayOf` names; what it says of headers is added. */
export const httpCopies = (wayOf: (call: UpstreamCall) => RequestOptions): SendCopy => {
  const agent = new Agent({ keepAlive: true, timeout: idleTimeoutMs });
  return (call, { maxBytes, signal }) =>
    new Promise((resolve) => {
      const { headers, ...way } = wayOf(call);
      const outgoing = request({
        agent,
        signal,
        method: call.method,
        path: call.path,
        headers: { ...Object.fromEntries(call.headers), ...headers },
        ...way,
      });
      outgoing.once('response', (incoming) => void whole(incoming, maxBytes).then(resolve));
      outgoing.on('error', (cause) => resolve({ kind: isRefused(cause) ? 'unreachable' : 'broken' }));
      outgoing.end(call.body);
    });
};

const whole = (incoming: IncomingMessage, maxBytes: number): Promise<CopyAnswer> =>
  new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    incoming.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes <= maxBytes) return;
      resolve({ kind: 'broken' });
      incoming.destroy();
    });
    incoming.once('end', () =>
      resolve({ kind: 'answer', head: headOf(incoming), body: Buffer.concat(chunks) }),
    );
    incoming.on('error', () => resolve({ kind: 'broken' }));
    incoming.once('close', () => resolve({ kind: 'broken' })); // the first word holds
  });

const headOf = ({ statusCode: status = 0, headers }: IncomingMessage) => ({
  status,
  headers: new Map(Object.entries(headers).map(([name, value]) => [name, String(value)])),
});

/** No connection was made, so nothing can have been sent. */
const isRefused = (cause: Error): boolean =>
  'code' in cause && ['ECONNREFUSED', 'ENOENT', 'EACCES'].includes(String(cause.code));
