import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { demoKey, demoModel } from './demo.ts';
import { Failure } from './failure.ts';
import { loopback } from './ports.ts';

/** Sends one chat request of the demo through Envoy, for real. Resolves with the upstream that answered; throws a `Failure`. */
export const smoke = async (port: number): Promise<string> => {
  const call = request({
    host: loopback,
    port,
    path: '/v1/chat/completions',
    method: 'POST',
    headers: { authorization: `Bearer ${demoKey}`, 'content-type': 'application/json' },
  });
  call.end(JSON.stringify({ model: demoModel, messages: [{ role: 'user', content: 'Hello' }] }));
  const [response] = (await once(call, 'response')) as [IncomingMessage];
  const answer = await text(response);
  if (response.statusCode === 200) return String(response.headers['x-nexus-model']);
  throw new Failure(
    `a first request got status ${response.statusCode} instead of 200: ${answer.slice(0, 500)}`,
  );
};
