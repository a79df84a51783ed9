import type { SendCopy } from '../../plugins/copy.ts';
import type { Clock } from '../../plugins/ports/clock.ts';
import { readBody } from './body.ts';
import type { Egress } from './egress.ts';

/** A copy is given up by its signal, long before this. */
const neverMs = 3_600_000;

/** Sends copies the way that clients' calls go, and takes places of the same providers. */
export const egressCopies =
  (egress: Egress, clock: Clock): SendCopy =>
  async (call, { maxBytes, signal }) => {
    const answer = await egress.call(call, { firstByteTimeoutMs: neverMs, signal });
    if (answer.kind === 'full') return { kind: 'unreachable' };
    if (answer.kind === 'unreachable')
      return { kind: signal.aborted || answer.code === 'upstream_timeout' ? 'broken' : 'unreachable' };
    const { head, body: incoming } = answer;
    const body = await readBody(incoming, { maxBytes, timeoutMs: neverMs, clock });
    if (body.kind === 'whole') return { kind: 'answer', head, body: body.bytes };
    incoming.destroy();
    return { kind: 'broken' };
  };
