import { egressSecretVariable } from './names.ts';

/** The secret is missing or too weak. Its message says what to do. */
class EgressSecretError extends Error {
  override readonly name = 'Failure';
}

/** The secret that opens Kong's routes to providers. Throws when the environment holds none that is good. */
export const readEgressSecret = (env: Readonly<Record<string, string | undefined>>): string => {
  const secret = env[egressSecretVariable];
  if (secret !== undefined && /^[\w-]{32,256}$/.test(secret)) return secret;
  const why = secret === undefined ? 'is not set' : 'is not 32 to 256 letters, digits, "_" or "-"';
  throw new EgressSecretError(
    `${egressSecretVariable} ${why}. Kong's configuration and the relay share this secret; make one with\n` +
      `  export ${egressSecretVariable}=$(openssl rand -hex 32)`,
  );
};
