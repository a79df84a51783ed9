import type { Config, ProviderConfig } from '../../config/schema.ts';
import { secretName } from '../../config/secrets.ts';
import type { Authorize } from '../../ports/credentials.ts';
import { type AwsAuth, type AwsKeys, awsSigner, machineKeys } from './aws.ts';
import { googleTokens } from './google.ts';

/** What makes the credentials of the providers whose calls each need their own, by the provider's name. */
export const authorizersFor = (
  { providers }: Config,
  secrets: ReadonlyMap<string, string>,
): ReadonlyMap<string, Authorize> =>
  new Map(
    Object.entries(providers).flatMap(([name, provider]) => {
      const authorize = authorizerOf(name, provider, secrets);
      return authorize ? [[name, authorize] as const] : [];
    }),
  );

const authorizerOf = (
  name: string,
  { auth }: ProviderConfig,
  secrets: ReadonlyMap<string, string>,
): Authorize | undefined => {
  if (auth?.kind === 'google') return googleTokens(secrets.get(name));
  return auth?.kind === 'aws' ? awsSigner(auth, keysOf(name, auth, secrets)) : undefined;
};

const keysOf = (
  name: string,
  { region }: AwsAuth,
  secrets: ReadonlyMap<string, string>,
): (() => Promise<AwsKeys>) => {
  const part = (key: keyof AwsAuth) => secrets.get(secretName(name, ['auth', key]));
  const [accessKeyId, secretAccessKey] = [part('accessKeyId'), part('secretAccessKey')];
  if (accessKeyId === undefined || secretAccessKey === undefined) return machineKeys(region);
  const keys = { accessKeyId, secretAccessKey, sessionToken: part('sessionToken') };
  return () => Promise.resolve(keys);
};
