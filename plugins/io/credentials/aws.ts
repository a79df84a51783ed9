import type { ProviderConfig } from '../../config/schema.ts';
import type { Authorize, OutgoingCall } from '../../ports/credentials.ts';

/** Settings of a provider that wants signatures. */
export type AwsAuth = Extract<NonNullable<ProviderConfig['auth']>, { kind: 'aws' }>;

/** Keys of an AWS principal; temporary ones have a session token and an end. */
export interface AwsKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
  readonly expiration?: Date | undefined;
}

/** Temporary keys are fetched again this long before their end. */
const marginMs = 300_000;

/**
 * Signs calls (Signature Version 4: AWS Signature reference, read 2026-11-28) with the keys that `keys` gives; those are
 * kept until shortly before they end, and calls that come while they are fetched wait for one fetch.
 */
export const awsSigner = (
  { region, service }: Pick<AwsAuth, 'region' | 'service'>,
  keys: () => Promise<AwsKeys>,
): Authorize => {
  const current = kept(keys);
  return async (call) => sign(call, { region, service, keys: await current() });
};

interface Signing {
  readonly region: string;
  readonly service: string;
  readonly keys: AwsKeys;
}

const sign = async (
  { method, url, headers, body }: OutgoingCall,
  { region, service, keys }: Signing,
): Promise<readonly (readonly [string, string])[]> => {
  const { AwsV4Signer } = await import('aws4fetch'); // slow to load, and few need it
  const { accessKeyId, secretAccessKey, sessionToken } = keys;
  const signer = new AwsV4Signer({
    method,
    url,
    headers: headers.filter(([name]) => name === 'content-type').map(([name, value]) => [name, value]),
    body,
    region,
    service,
    accessKeyId,
    secretAccessKey,
    ...(sessionToken === undefined ? {} : { sessionToken }),
  });
  const signed = await signer.sign();
  const added = ['authorization', 'x-amz-date', 'x-amz-security-token', 'x-amz-content-sha256'];
  return added.flatMap((name) => {
    const value = signed.headers.get(name);
    return value === null ? [] : [[name, value] as const];
  });
};

const kept = (fetchKeys: () => Promise<AwsKeys>): (() => Promise<AwsKeys>) => {
  let fetched: Promise<AwsKeys> | undefined;
  let endsMs = 0;
  return () => {
    if (fetched && Date.now() < endsMs) return fetched;
    const asked = fetchKeys();
    fetched = asked;
    endsMs = Number.POSITIVE_INFINITY; // until it is known
    asked.then(
      ({ expiration }) => {
        endsMs = expiration ? expiration.getTime() - marginMs : Number.POSITIVE_INFINITY;
      },
      () => {
        fetched = undefined;
      },
    );
    return asked;
  };
};

/** The machine's own keys: environment, web identity, container or instance role, in the order of AWS' own tools. */
export const machineKeys = (region: string) => async (): Promise<AwsKeys> => {
  const { fromNodeProviderChain } = await import('@aws-sdk/credential-providers');
  return fromNodeProviderChain({ clientConfig: { region } })();
};
