import { type RequestOptions, request } from 'node:http';
import type { ClientAnswer, ClientCall } from './host.ts';

/** One HTTP/1.1 call on a connection of its own, to a unix socket if one is named. Rejects when no head of an answer comes. */
export const httpCall = (
  origin: string,
  { method = 'POST', path, headers = {}, body }: ClientCall,
  connection: Pick<RequestOptions, 'socketPath'> = {},
): Promise<ClientAnswer> =>
  new Promise((resolve, reject) => {
    const outgoing = request(
      new URL(path, origin),
      { method, headers, agent: false, ...connection },
      (incoming) => {
        const chunks: Buffer[] = [];
        const done = (broken: boolean) =>
          resolve({
            status: incoming.statusCode ?? 0,
            headers: new Map(Object.entries(incoming.headers).map(([name, value]) => [name, String(value)])),
            text: Buffer.concat(chunks).toString('utf8'),
            broken,
          });
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.on('end', () => done(false));
        incoming.on('error', () => done(true));
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
