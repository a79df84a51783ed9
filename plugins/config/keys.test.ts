import { expect, test } from 'vitest';
import { createKey, hashKey, isExpired, keyId, listKeys } from './keys.ts';
import { configSchema } from './schema.ts';

// SHA-256 of "abc": FIPS 180-2, appendix B.1.
const abcHash = 'sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';

const made = (owner: Parameters<typeof createKey>[0]) => {
  const created = createKey(owner);
  if ('problem' in created) throw new Error(created.problem);
  return created;
};

test('a key is named by its SHA-256', () => {
  expect(hashKey('abc')).toBe(abcHash);
  expect(keyId({ hash: abcHash })).toBe('ba7816bf8f01');
  expect(keyId({ hash: abcHash, id: 'laptop' })).toBe('laptop');
});

test('a fresh key is 32 base62 letters that match its entry', () => {
  const { key, entry } = made({ user: 'alice', expires: '2027-01-01' });
  expect(key).toMatch(/^nx-[0-9A-Za-z]{32}$/);
  expect(entry).toEqual({ hash: hashKey(key), user: 'alice', expires: '2027-01-01' });
});

test('every letter comes up, and no key twice', () => {
  const keys = Array.from({ length: 200 }, () => made({ user: 'alice' }).key);
  expect(new Set(keys).size).toBe(200);
  // 6400 draws of 62 letters: that one never comes up has a chance of 62 × (61/62)^6400, below 10^-43.
  expect(new Set(keys.join('').replaceAll('nx-', '')).size).toBe(62);
});

test('an owner that is not valid is refused with the reason', () => {
  expect(createKey({ user: 'a b', expires: 'soon' })).toEqual({
    problem:
      'user: not valid, expected letters, digits, ".", "_" or "-", at most 63; expires: not valid, expected a date such as 2027-01-01',
  });
});

test('a key works until the first moment of its last day', () => {
  const key = { hash: abcHash, expires: '2027-01-01' };
  expect(isExpired(key, Date.parse('2026-12-31T23:59:59.999Z'))).toBe(false);
  expect(isExpired(key, Date.parse('2027-01-01T00:00:00.000Z'))).toBe(true);
  expect(isExpired({ hash: abcHash }, Number.MAX_SAFE_INTEGER)).toBe(false);
});

test('listed keys carry no hash', () => {
  const config = configSchema.parse({
    version: 1,
    providers: {},
    models: {},
    keys: [{ hash: abcHash, user: 'alice', expires: '2026-01-01' }],
  });
  expect(listKeys(config, Date.parse('2026-06-01'))).toEqual([
    { id: 'ba7816bf8f01', user: 'alice', expires: '2026-01-01', expired: true },
  ]);
});
