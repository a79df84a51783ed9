import { connect, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http2';

/** A call over HTTP/2; its path and method are among its headers. */
export interface Http2Call {
  readonly headers: OutgoingHttpHeaders;
  readonly body: string;
  readonly trailers?: OutgoingHttpHeaders;
}

export interface Http2Answer {
  /** `reset`: the stream was broken off before an answer began. */
  readonly status: number | 'reset';
  readonly text: string;
  readonly trailers: IncomingHttpHeaders;
}

/** Sends one POST over HTTP/2 without TLS, on a connection of its own. */
export const http2Call = async (
  origin: string,
  { headers, body, trailers }: Http2Call,
): Promise<Http2Answer> => {
  const session = connect(origin);
  const stream = session.request(
    { ':method': 'POST', ...headers },
    { waitForTrailers: trailers !== undefined },
  );
  let status: Http2Answer['status'] = 'reset';
  let text = '';
  let answered: IncomingHttpHeaders = {};
  for (const emitter of [session, stream]) emitter.on('error', () => {}); // shows as a reset
  stream.on('response', (head) => {
    status = head[':status'] ?? 0;
  });
  stream.on('data', (chunk) => {
    text += chunk;
  });
  stream.on('trailers', (received) => {
    answered = received;
  });
  stream.on('wantTrailers', () => stream.sendTrailers(trailers ?? {}));
  stream.end(body);
  await new Promise((resolve) => stream.once('close', resolve));
  session.destroy();
  return { status, text, trailers: answered };
};
