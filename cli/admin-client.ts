import { UsageError } from './run.ts';

/** Where a running gateway is asked, unless `--admin` says otherwise. */
export const defaultAdmin = 'http://127.0.0.1:10001';

/** The option of every command that talks to a running gateway. */
export const adminOption = {
  type: 'string',
  default: defaultAdmin,
  description: 'Admin address of the running gateway',
} as const;

/** Something that the gateway refused or that kept us from asking it; explains itself. */
class AdminFailure extends Error {
  override readonly name = 'Failure';
}

/**
 * Asks the admin port of a running gateway; with a body it is a POST. The token of `NEXUS_ADMIN_TOKEN`, if set, goes
 * along. Throws a `Failure` that says why there is no answer.
 */
export const askAdmin = async <T>(admin: string, path: string, body?: object): Promise<T> => {
  const url = adminUrl(admin, path);
  const token = process.env.NEXUS_ADMIN_TOKEN;
  const response = await fetch(url, {
    ...(body ? { method: 'POST', body: JSON.stringify(body) } : {}),
    headers: {
      ...(body ? { 'content-type': 'application/json' } : {}),
      ...(token ? { authorization: `Bearer ${token}` } : {}),
    },
    signal: AbortSignal.timeout(10_000),
  }).catch((cause: unknown) => {
    throw new AdminFailure(`nobody answers at ${url.origin} (${reasonOf(cause)}); is the gateway running?`);
  });
  const answer: unknown = await response.json().catch(() => ({}));
  if (response.ok) return answer as T; // our own gateway's word
  const { detail } = answer as { detail?: unknown };
  throw new AdminFailure(
    `${url.origin} says ${response.status}: ${typeof detail === 'string' ? detail : 'no reason'}`,
  );
};

const adminUrl = (admin: string, path: string): URL => {
  const base = URL.canParse(admin) ? new URL(admin) : undefined;
  if (!base || !/^https?:$/.test(base.protocol)) {
    throw new UsageError(`--admin is no address, expected one like ${defaultAdmin}`);
  }
  return new URL(path, base);
};

const reasonOf = (cause: unknown): string => {
  const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
  return inner instanceof Error ? inner.message : String(inner);
};
