import type { Reply } from '../../plugins/reply.ts';
import type { LogFields, RequestHead } from '../../plugins/session.ts';

/** Carries what is worth a record from the relay to Kong, which keeps it from clients. */
export const recordHeader = 'x-nexus-record';

/** In the form of a query, which Kong's Lua can take apart (`ngx.decode_args`). */
export const encodeRecord = (fields: LogFields): string =>
  Object.entries(fields)
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join('&');

/** A reply to a call that never became a session: what is known of it is in its head. */
export const recordedReply = (reply: Reply, { path }: RequestHead): Reply => {
  const id = reply.headers.find(([name]) => name === 'x-nexus-decision')?.[1] ?? '';
  const record = encodeRecord({ id, path: path.split('?', 1)[0] ?? path, code: reply.code });
  return { ...reply, headers: [...reply.headers, [recordHeader, record]] };
};
