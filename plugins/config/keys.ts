import { hash, randomInt } from 'node:crypto';
import { formatPath } from './problem.ts';
import { type Config, type KeyConfig, keySchema } from './schema.ts';
import { schemaFindings } from './schema-findings.ts';

const letters = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** Letters after `nx-`: 32 of 62 kinds are 190 bits. */
const keyLetters = 32;

const hashPrefix = 'sha256:';

/** How nexus.yaml names a key: `sha256:` and 64 hexadecimal digits of its UTF-8 bytes. */
export const hashKey = (key: string): string => `${hashPrefix}${hash('sha256', key)}`;

/** The name of a key in records. */
export const keyId = ({ id, hash: keyHash }: KeyConfig): string =>
  id ?? keyHash.slice(hashPrefix.length, hashPrefix.length + 12);

/** Has the first day come on which the key no longer works? `epochMs`: wall clock, milliseconds since 1970. */
export const isExpired = ({ expires }: KeyConfig, epochMs: number): boolean =>
  expires !== undefined && epochMs >= Date.parse(expires); // a date without time is midnight UTC

/** Who a key stands for, and until when. */
export type KeyOwner = Omit<KeyConfig, 'hash'>;

/** A fresh key of cryptographic randomness and its entry for `keys`; or what is wrong with `owner`. */
export const createKey = (
  owner: KeyOwner,
): { readonly key: string; readonly entry: KeyConfig } | { readonly problem: string } => {
  const random = Array.from({ length: keyLetters }, () => letters[randomInt(letters.length)]);
  const key = `nx-${random.join('')}`;
  const entry = keySchema.safeParse({ hash: hashKey(key), ...owner }, { reportInput: true });
  if (entry.success) return { key, entry: entry.data };
  const findings = schemaFindings(entry.error.issues);
  return { problem: findings.map(({ path, message }) => `${formatPath(path)}: ${message}`).join('; ') };
};

/** One key as it is listed. */
export interface ListedKey extends KeyOwner {
  readonly id: string;
  readonly expired: boolean;
}

/** The keys of a configuration without their hashes. */
export const listKeys = ({ keys }: Config, epochMs: number): ListedKey[] =>
  keys.map((key) => {
    const { hash: _, ...owner } = key;
    return { ...owner, id: keyId(key), expired: isExpired(key, epochMs) };
  });
