import { type FaultReason, StoreFault } from './remote.ts';

/**
 * First words of errors that Redis answers with. Redis 6 wraps those that a script met: `ERR Error running script …: -OOM …`.
 * Source: `shared.*err` in server.c of Redis 7.0, and the Redis Cluster specification, both read 2026-11-28.
 */
const reasons: Readonly<Record<string, FaultReason>> = {
  READONLY: 'readonly',
  BUSY: 'busy',
  OOM: 'full',
  LOADING: 'loading',
  MISCONF: 'disk',
  MASTERDOWN: 'no-primary',
  NOREPLICAS: 'no-replicas',
  NOGOODSLAVE: 'no-replicas',
  CLUSTERDOWN: 'cluster-down',
  TRYAGAIN: 'cluster-down',
  MOVED: 'moved',
  ASK: 'moved',
  CROSSSLOT: 'moved',
  NOAUTH: 'denied',
  WRONGPASS: 'denied',
  NOPERM: 'denied',
  NOSCRIPT: 'no-scripts',
};

const word = new RegExp(`(?:^|: -)(${Object.keys(reasons).join('|')})\\b`);

/** What an error of the client means. */
export const redisFault = (cause: unknown): StoreFault => {
  if (cause instanceof StoreFault) return cause;
  if (!(cause instanceof Error)) return new StoreFault('error');
  const { message, name } = cause;
  const [, found = ''] = word.exec(message) ?? [];
  const reason = reasons[found];
  if (reason) return new StoreFault(reason);
  if (/unknown command|not allowed|disabled/i.test(message)) return new StoreFault('no-scripts');
  if (/Too many Cluster redirections/.test(message)) return new StoreFault('moved');
  // Everything that Redis itself says is a ReplyError; the rest is about the connection.
  return new StoreFault(name === 'ReplyError' ? 'error' : 'unreachable');
};
