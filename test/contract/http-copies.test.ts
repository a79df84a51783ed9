import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { httpCopies } from '../../plugins/io/copies.ts';
import type { UpstreamCall } from '../../plugins/upstream-call.ts';

const call: UpstreamCall = {
  kind: 'call',
  upstream: { provider: 'p', dialect: 'openai-chat', model: 'm' },
  method: 'POST',
  authority: 'api.test',
  path: '/v1/chat/completions?x=1',
  headers: [['authorization', 'Bearer k']],
  body: '{"häl":"lo"}',
};

let close = () => {};
afterEach(() => close());

/** How to send to a server that does this. */
const over = async (listener: RequestListener) => {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  close = () => {
    server.close();
    server.closeAllConnections();
  };
  const { port } = server.address() as AddressInfo;
  return httpCopies(() => ({ host: '127.0.0.1', port, headers: { 'x-way': 'here' } }));
};

const limits = { maxBytes: 1000, signal: new AbortController().signal };

describe('a copy over HTTP', () => {
  it('is sent as it is, and its answer comes whole', async () => {
    const send = await over((incoming, response) => {
      let body = '';
      incoming.on('data', (chunk) => (body += chunk));
      incoming.on('end', () => {
        const { method, url, headers } = incoming;
        response.writeHead(418, { 'x-a': 'b' });
        response.end([method, url, headers.authorization, headers['x-way'], body].join(' '));
      });
    });
    const answer = await send(call, limits);
    if (answer.kind !== 'answer') throw new Error(answer.kind);
    expect(answer.head.status).toBe(418);
    expect(answer.head.headers.get('x-a')).toBe('b');
    expect(Buffer.from(answer.body).toString()).toBe(`POST ${call.path} Bearer k here ${call.body}`);
  });

  it('has found nobody where nobody listens', async () => {
    const send = await over(() => {});
    close();
    expect(await send(call, limits)).toEqual({ kind: 'unreachable' });
  });

  it.each<[string, RequestListener]>([
    ['closes', (incoming) => void incoming.socket.destroy()],
    [
      'breaks off',
      (_, response) => {
        response.writeHead(200, { 'content-length': '100' });
        response.write('half', () => response.destroy());
      },
    ],
    ['says too much', (_, response) => void response.end('x'.repeat(1001))],
  ])('is broken when its upstream %s', async (_, listener) => {
    const send = await over(listener);
    expect(await send(call, limits)).toEqual({ kind: 'broken' });
  });

  it.each<[string, RequestListener]>([
    ['before an answer', () => {}],
    ['inside of one', (_, response) => void response.write('half')],
  ])('ends when it is given up %s', async (_, listener) => {
    const giveUp = new AbortController();
    const send = await over((incoming, response) => {
      listener(incoming, response);
      setImmediate(() => giveUp.abort());
    });
    expect(await send(call, { maxBytes: 1000, signal: giveUp.signal })).toEqual({ kind: 'broken' });
  });
});
