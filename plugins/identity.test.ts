import { describe, expect, test } from 'vitest';
import { hashKey } from './config/keys.ts';
import { configSchema } from './config/schema.ts';
import { keyRing, mayUse, membership, presentedKey } from './identity.ts';

const clockAt = (epochMs: () => number) => ({ nowMs: () => 0, epochMs, after: () => () => {} });

const noon = Date.parse('2026-06-01T12:00:00Z');

describe('keyRing', () => {
  const keys = [
    { hash: hashKey('nx-alice'), user: 'alice', team: 'support', application: 'helpdesk' },
    { hash: hashKey('nx-bob'), id: 'bob-laptop', expires: '2026-06-02' },
  ];

  test('a known key stands for its consumer', () => {
    const ring = keyRing(
      keys,
      clockAt(() => noon),
    );
    expect(ring.identify('nx-alice')).toEqual({
      keyId: hashKey('nx-alice').slice('sha256:'.length, 'sha256:'.length + 12),
      user: 'alice',
      team: 'support',
      application: 'helpdesk',
    });
    expect(ring.identify('nx-bob')).toEqual({ keyId: 'bob-laptop' });
  });

  test.each(['', 'nx-alic', 'nx-alice ', 'NX-ALICE', hashKey('nx-alice')])('%j is no key', (presented) => {
    expect(
      keyRing(
        keys,
        clockAt(() => noon),
      ).identify(presented),
    ).toBeUndefined();
  });

  test('a key expires while the ring is in use', () => {
    let now = Date.parse('2026-06-01T23:59:59.999Z');
    const ring = keyRing(
      keys,
      clockAt(() => now),
    );
    expect(ring.identify('nx-bob')).toBeDefined();
    now += 1;
    expect(ring.identify('nx-bob')).toBeUndefined();
    expect(ring.identify('nx-alice')).toBeDefined();
  });
});

describe('presentedKey', () => {
  test.each<[string, Record<string, string>, string | undefined]>([
    ['OpenAI', { authorization: 'Bearer nx-a' }, 'nx-a'],
    ['Anthropic', { 'x-api-key': 'nx-a' }, 'nx-a'],
    ['Azure OpenAI', { 'api-key': 'nx-a' }, 'nx-a'],
    ['Google', { 'x-goog-api-key': 'nx-a' }, 'nx-a'],
    ['another case and more blanks', { authorization: 'bEARER   nx-a ' }, 'nx-a'],
    ['the same key twice', { authorization: 'Bearer nx-a', 'x-api-key': 'nx-a' }, 'nx-a'],
    ['different keys', { authorization: 'Bearer nx-a', 'x-api-key': 'nx-b' }, undefined],
    ['another scheme beside a key', { authorization: 'Basic bng6YQ==', 'x-api-key': 'nx-a' }, 'nx-a'],
    ['another scheme alone', { authorization: 'Basic bng6YQ==' }, undefined],
    ['no scheme', { authorization: 'nx-a' }, undefined],
    ['an empty token', { authorization: 'Bearer ', 'x-api-key': '' }, undefined],
    ['an empty token beside a key', { authorization: 'Bearer ', 'x-api-key': 'nx-a' }, 'nx-a'],
    ['nothing', {}, undefined],
  ])('%s', (_, headers, key) => {
    expect(presentedKey(new Map(Object.entries(headers)))).toBe(key);
  });
});

describe('mayUse', () => {
  const config = configSchema.parse({
    version: 1,
    providers: {},
    models: {},
    teams: { support: { models: ['fast'] }, research: {}, nobody: { models: [] } },
  });

  test.each<[string, string | undefined, boolean]>([
    ['a team with the model on its list', 'support', true],
    ['a team without a list', 'research', true],
    ['a team with an empty list', 'nobody', false],
    ['no team', undefined, true],
    ['a team that is not configured', 'constructor', false],
  ])('%s', (_, team, allowed) => {
    expect(mayUse({ keyId: 'k', ...(team !== undefined && { team }) }, 'fast', config)).toBe(allowed);
  });

  test('a model that is not on the list', () => {
    expect(mayUse({ keyId: 'k', team: 'support' }, 'large', config)).toBe(false);
  });
});

describe('membership', () => {
  const inTeam = membership(
    configSchema.parse({
      version: 1,
      providers: {},
      models: {},
      teams: { legal: { users: ['alice'] }, sales: { users: ['bob'], applications: ['crm'] } },
    }),
  );

  test.each([
    [{ keyId: 'k', user: 'alice' }, 'legal'],
    [{ keyId: 'k', application: 'crm' }, 'sales'],
    [{ keyId: 'k', user: 'alice', application: 'crm' }, 'legal'],
    [{ keyId: 'k', user: 'alice', team: 'sales' }, 'sales'],
    [{ keyId: 'k', user: 'carol' }, undefined],
    [{ keyId: 'k', user: 'toString' }, undefined],
    [{ keyId: 'k' }, undefined],
  ])('%j belongs to %s', (consumer, team) => {
    expect(inTeam(consumer)).toEqual({ ...consumer, ...(team === undefined ? {} : { team }) });
  });
});
