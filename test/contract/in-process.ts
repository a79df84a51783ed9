import { request } from 'node:http';
import type { AnswerFrame, UpstreamHead } from '../../plugins/answer.ts';
import { movesOn } from '../../plugins/failover.ts';
import type { Gateway } from '../../plugins/gateway.ts';
import type { Reply } from '../../plugins/reply.ts';
import type { Forward, Session } from '../../plugins/session.ts';
import type { UpstreamCall } from '../../plugins/upstream-call.ts';
import type { ClientAnswer, Host } from './host.ts';

/** The thinnest host there can be: drives the gateway's door and calls upstreams itself. */
export const inProcessHost = (gateway: Gateway): Host => ({
  name: 'in process',
  stop: async () => gateway.sessions.abortAll(),
  call: async (call) => {
    const headers = new Map(
      Object.entries(call.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]),
    );
    const opened = await gateway.open({ method: call.method ?? 'POST', path: call.path, headers });
    if (!('request' in opened)) return answerOf(opened);
    const decided = await opened.request(Buffer.from(call.body ?? ''));
    return decided.kind === 'reply' ? answerOf(decided) : await tryUpstreams(opened, decided);
  },
});

const answerOf = ({ status, headers, body }: Reply): ClientAnswer => ({
  status,
  headers: new Map(headers),
  text: body,
  broken: false,
});

const tryUpstreams = async (
  session: Session,
  { call, plan, firstByteTimeoutMs }: Forward,
): Promise<ClientAnswer> => {
  let current: UpstreamCall | Reply = call;
  for (let number = 1; ; number++) {
    if (current.kind === 'reply') return answerOf(current);
    const answer = await attempt(session, {
      call: current,
      number,
      isLast: number >= plan.length,
      firstByteTimeoutMs,
    });
    if ('text' in answer) return answer;
    current = await session.attempt(number + 1, answer.failed);
  }
};

interface Try {
  readonly call: UpstreamCall;
  readonly number: number;
  readonly isLast: boolean;
  readonly firstByteTimeoutMs: number;
}

/** The next upstream is to be tried, because of this head if there was one. */
interface MovedOn {
  readonly failed?: UpstreamHead;
}

/** One upstream: its answer for the client, or that the next one is to be tried. */
const attempt = (
  session: Session,
  { call, number, isLast, firstByteTimeoutMs }: Try,
): Promise<ClientAnswer | MovedOn> =>
  new Promise((resolve) => {
    const { method, authority, path } = call;
    const failed = (code: 'upstream_unavailable' | 'upstream_timeout') =>
      resolve(isLast ? answerOf(session.unreachable(number, code)) : {});
    const outgoing = request(`http://${authority}${path}`, {
      method,
      agent: false,
      headers: Object.fromEntries(call.headers),
    });
    const timer = setTimeout(() => {
      outgoing.destroy();
      failed('upstream_timeout');
    }, firstByteTimeoutMs);
    outgoing.on('error', () => {
      clearTimeout(timer);
      failed('upstream_unavailable');
    });
    outgoing.on('response', (incoming) => {
      clearTimeout(timer);
      const status = incoming.statusCode ?? 0;
      const headers = new Map(Object.entries(incoming.headers).map(([name, value]) => [name, String(value)]));
      if (!isLast && movesOn(status)) {
        incoming.destroy();
        resolve({ failed: { status, headers } });
        return;
      }
      let head: AnswerFrame['head'];
      const chunks: Buffer[] = [];
      const done = (broken: boolean) =>
        resolve({
          status: head?.status ?? 0,
          headers: new Map(head?.headers ?? []),
          text: Buffer.concat(chunks).toString('utf8'),
          broken,
        });
      const reader = session.response(number, { status, headers }, (frame) => {
        head ??= frame.head;
        if (frame.body !== undefined) chunks.push(Buffer.from(frame.body));
        if (!frame.end) return;
        incoming.destroy();
        done(false);
      });
      incoming.on('data', (chunk: Buffer) => reader.push(chunk));
      incoming.on('end', () => reader.end());
      incoming.on('error', () => {
        session.abort();
        done(true);
      });
    });
    outgoing.end(call.body);
  });
