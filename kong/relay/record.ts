import type { Reply } from '../../plugins/reply.ts';
import type { LogFields, RequestHead } from '../../plugins/session.ts';

/** Carries what is worth a record from the relay to Kong, which keeps it from clients. */
export const recordHeader = 'x-nexus-record';

/** nginx refuses an answer whose head does not fit into 4 KiB, and a path is as long as a client likes. */
const mostBytes = 2048;
const mostOfValue = 128;

/** After the name of a number, since a query has only texts. */
export const numberMark = '#';

/** In the form of a query, which Kong's Lua can take apart (`ngx.decode_args`). Long values are cut. */
export const encodeRecord = (fields: LogFields): string => {
  let record = '';
  for (const [name, value] of Object.entries(fields)) {
    const key = typeof value === 'number' ? encodeURIComponent(name + numberMark) : name;
    const pair = `${key}=${encodeURIComponent(String(value).slice(0, mostOfValue).toWellFormed())}`;
    if (record.length + pair.length < mostBytes) record += record === '' ? pair : `&${pair}`;
  }
  return record;
};

/** A reply to a call that never became a session: what is known of it is in its head. */
export const recordedReply = (reply: Reply, { path }: RequestHead): Reply => {
  const id = reply.headers.find(([name]) => name === 'x-nexus-decision')?.[1] ?? '';
  const record = encodeRecord({ id, path: path.split('?', 1)[0] ?? path, code: reply.code });
  return { ...reply, headers: [...reply.headers, [recordHeader, record]] };
};
