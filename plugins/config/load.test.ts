import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { loadConfig } from './load.ts';
import { formatProblem } from './problem.ts';

const hashA = `sha256:${'a'.repeat(64)}`;
const hashB = `sha256:${'b'.repeat(64)}`;

/** A configuration without problems or warnings, on which the cases below go wrong. */
const good = `version: 1
providers:
  openai: { dialect: openai, baseUrl: https://api.openai.com/v1, key: "\${env:OPENAI_KEY}", region: us }
  vllm: { dialect: openai, baseUrl: http://vllm.internal:8000/v1, region: eu }
models:
  support:
    pick: weighted
    candidates:
      - { provider: openai, model: gpt-5.4, weight: 80 }
      - { provider: vllm, model: llama-4-70b, weight: 20 }
teams:
  help: { models: [support], regions: [eu] }
keys:
  - { hash: "${hashA}", user: alice, team: help, expires: 2027-01-01 }
`;

const options = {
  file: 'nexus.yaml',
  env: { OPENAI_KEY: 'sk-real-secret' },
  readFile: (path: string): string => {
    throw new Error(`no file ${path}`);
  },
  epochMs: Date.parse('2026-12-31T23:59:59Z'),
};

const load = (text: string, change: Partial<typeof options> = {}) =>
  loadConfig(text, { ...options, ...change });

/** Every problem or warning of a text, as it is printed. */
const found = (text: string, change: Partial<typeof options> = {}): string[] => {
  const loaded = load(text, change);
  return ('problems' in loaded ? loaded.problems : loaded.warnings).map(formatProblem);
};

/** `good` with one piece replaced; the piece must be there. */
const edited = (piece: string, by: string): string => {
  expect(good).toContain(piece);
  return good.replace(piece, by);
};

/** `nexus.yaml:line:column` of the `^` in a piece of the text. */
const placeOf = (marked: string, text: string): string => {
  const at = text.indexOf(marked.replace('^', ''));
  expect(at, marked).not.toBe(-1);
  const before = text.slice(0, at + marked.indexOf('^')).split('\n');
  return `nexus.yaml:${before.length}:${(before.at(-1) ?? '').length + 1}`;
};

const loadedConfig = (text: string) => {
  const loaded = load(text);
  if ('problems' in loaded) throw new Error(loaded.problems.map(formatProblem).join('\n'));
  return loaded;
};

test('a good configuration loads with its defaults and without a word', () => {
  const { config, warnings } = loadedConfig(good);
  expect(warnings).toEqual([]);
  expect(config.models.support).toMatchObject({
    fallback: [],
    maxAttempts: 3,
    firstByteTimeoutMs: 120_000,
  });
  expect(config.limits.maxRequestBytes).toBe(33_554_432);
  expect(config.providers.openai?.key).toBe('${env:OPENAI_KEY}');
});

describe('syntax', () => {
  test.each([
    ['a key twice', `${good}version: 1\n`, '\n^version', 'the key stands here a second time, expected once'],
    [
      'a list not closed',
      'version: [1\nmodels: {}\n',
      '\n^models',
      'Flow sequence in block collection must be sufficiently indented and end with a ]',
    ],
    ['an unknown tag', 'version: !secret 1\n', '^!secret', 'Unresolved tag: !secret'],
    ['two documents', `${good}---\nversion: 1\n`, '^---', 'a second document begins here, expected one'],
  ])('%s', (_, text, place, message) => {
    expect(found(text)).toEqual([`${placeOf(place, text)}: ${message}`]);
  });

  test('aliases work, and cannot blow up', () => {
    const shared = edited('candidates:\n', 'candidates: &all\n').replace(
      'teams:',
      '  spare: { pick: weighted, candidates: *all }\nteams:',
    );
    expect(loadedConfig(shared).config.models.spare?.candidates).toHaveLength(2);
    const levels = [...'bcdefghij'].map((name, index) => {
      const previous = String.fromCharCode('a'.charCodeAt(0) + index);
      return `${name}: &${name} [${Array(10).fill(`*${previous}`).join(', ')}]`;
    });
    expect(found(['a: &a [x]', ...levels].join('\n'))).toEqual([
      'nexus.yaml:1:1: Excessive alias count indicates a resource exhaustion attack',
    ]);
  });

  test('however a file is damaged, its problems have places in it', () => {
    const offset = fc.nat({ max: good.length });
    fc.assert(
      fc.property(offset, offset, fc.string({ maxLength: 5 }), (from, length, inserted) => {
        const text = good.slice(0, from) + inserted + good.slice(from + length);
        const loaded = load(text);
        const lines = text.split('\n');
        for (const { line, column } of 'problems' in loaded ? loaded.problems : loaded.warnings) {
          expect(lines[line - 1]?.length).toBeGreaterThanOrEqual(column - 1);
        }
      }),
      { numRuns: 300 },
    );
  });

  test('an empty file is a problem, not a crash', () => {
    expect(found('')).toEqual(['nexus.yaml:1:1: empty, expected a mapping']);
    expect(found('# nothing\n')).toHaveLength(1);
  });

  test('what stands in the file is not quoted', () => {
    const [problem, ...others] = found('version: 1\n"sk-live" sk-secret\n');
    expect(problem).toMatch(/^nexus\.yaml:2:/);
    expect(problem).not.toContain('sk-');
    expect(others).toEqual([]);
  });
});

describe('shape', () => {
  test.each([
    [
      'unknown key, close',
      'pick: weighted',
      'pik: weighted',
      '^pik',
      'models.support.pik: unknown key, did you mean "pick"?',
    ],
    [
      'unknown key, far',
      'pick: weighted',
      'strategy: weighted',
      '^strategy',
      'models.support.strategy: unknown key, expected one of pick, candidates, fallback, sticky, minQuality, costTolerance, peak, capture, mirror, maxAttempts, firstByteTimeoutMs',
    ],
    ['unknown key at the top', 'teams:', 'team:', '\n^team:', 'team: unknown key, did you mean "teams"?'],
    [
      'unknown key in a list',
      'user: alice',
      'usr: alice',
      '^usr',
      'keys[0].usr: unknown key, did you mean "user"?',
    ],
    [
      'missing key',
      'dialect: openai, baseUrl: http:',
      'baseUrl: http:',
      '^vllm',
      'providers.vllm.dialect: missing, expected one of openai, openai-responses, anthropic, anthropic-vertex, anthropic-bedrock, gemini, cohere, bedrock',
    ],
    [
      'missing in a list',
      'provider: vllm, ',
      '',
      '^{ model: llama',
      'models.support.candidates[1].provider: missing, expected a text',
    ],
    ['missing section', 'version: 1\n', '', '^providers', 'version: missing, expected 1'],
    [
      'wrong type',
      'pick: weighted',
      'maxAttempts: two',
      '^two',
      'models.support.maxAttempts: is a text, expected a number',
    ],
    [
      'not whole',
      'pick: weighted',
      'maxAttempts: 1.5',
      '^1.5',
      'models.support.maxAttempts: is 1.5, expected a whole number',
    ],
    [
      'too small',
      'weight: 20',
      'weight: -1',
      '^-1',
      'models.support.candidates[1].weight: is -1, expected at least 0',
    ],
    [
      'too big',
      'pick: weighted',
      'firstByteTimeoutMs: 3000000000',
      '^3000000000',
      'models.support.firstByteTimeoutMs: is 3000000000, expected at most 86400000',
    ],
    [
      'empty value',
      'pick: weighted',
      'pick:',
      'pick:^',
      'models.support.pick: empty, expected one of weighted, ordered, latency, cost, leastBusy',
    ],
    [
      'wrong choice',
      'pick: weighted',
      'pick: weighed',
      '^weighed',
      'models.support.pick: not valid, did you mean "weighted"?',
    ],
    ['wrong version', 'version: 1', 'version: 2', 'version: ^2', 'version: is 2, expected 1'],
    [
      'no date',
      'expires: 2027-01-01',
      'expires: soon',
      '^soon',
      'keys[0].expires: not valid, expected a date such as 2027-01-01',
    ],
    [
      'no URL',
      'http://vllm.internal:8000/v1',
      'vllm:8000',
      '^vllm:8000',
      'providers.vllm.baseUrl: not valid, expected an http:// or https:// URL',
    ],
    [
      'no name',
      '  vllm:',
      '  vl lm:',
      '^vl lm',
      'providers.vl lm: is no valid name, expected letters, digits, ".", "_" or "-", at most 63',
    ],
    [
      'a list for a mapping',
      'help: {',
      'help: []\n  more: {',
      '^[]',
      'teams.help: is a list, expected a mapping',
    ],
  ])('%s', (_, piece, by, place, message) => {
    const text = edited(piece, by);
    expect(found(text)).toEqual([`${placeOf(place, text)}: ${message}`]);
  });

  test('no candidates', () => {
    const text = good.replace(/candidates:\n.*\n.*\n/, 'candidates: []\n');
    expect(found(text)).toEqual([
      `${placeOf('^[]', text)}: models.support.candidates: has 0 items, expected at least 1`,
    ]);
  });

  test('all problems are told at once, in the order of the file', () => {
    const text = good.replace('version: 1', 'version: 2').replace('pick:', 'pik:').replace('user:', 'usr:');
    expect(found(text).map((line) => line.split(':')[1])).toEqual(['1', '7', '14']);
  });

  test('a secret written out is refused and not repeated', () => {
    const text = edited('"${env:OPENAI_KEY}"', 'sk-live-123');
    expect(found(text)).toEqual([
      `${placeOf('^sk-live', text)}: providers.openai.key: not valid, expected \${env:NAME} or \${file:PATH}`,
    ]);
  });

  test('names that every JavaScript object has are names like any other', () => {
    expect(found(edited('provider: vllm', 'provider: constructor')).join()).toContain('unknown provider');
    expect(found(edited('team: help', 'team: toString')).join()).toContain('unknown team');
    expect(found(edited('[support]', '[valueOf]')).join()).toContain('unknown model');
    expect(found(edited('pick:', 'constructor:')).join()).toContain('unknown key');
    expect(found(edited('  vllm:', '  __proto__:')).join()).toContain('__proto__ is no name');
  });
});

describe('references', () => {
  const plainUrl = 'expected only scheme, host, port and path';

  test.each([
    [
      'provider',
      'provider: vllm',
      'provider: vlm',
      '^vlm',
      'models.support.candidates[1].provider: unknown provider, did you mean "vllm"?',
    ],
    ['team', 'team: help', 'team: research', '^research', 'keys[0].team: unknown team, expected help'],
    [
      'model',
      '[support]',
      '[support, gpt]',
      '^gpt]',
      'teams.help.models[1]: unknown model, expected support',
    ],
    [
      'region',
      '[eu]',
      '[eu, moon]',
      '^moon',
      'teams.help.regions[1]: no provider has this region, expected one of us, eu',
    ],
    [
      'credentials in a URL',
      'http://vllm',
      'http://me:pw@vllm',
      '^http://me',
      `providers.vllm.baseUrl: holds credentials (they belong into \`key\`), ${plainUrl}`,
    ],
    [
      'query in a URL',
      '8000/v1',
      '8000/v1?a=b',
      '^http://vllm',
      `providers.vllm.baseUrl: holds a query, ${plainUrl}`,
    ],
    [
      'fragment in a URL',
      '8000/v1',
      '8000/v1#a',
      '^http://vllm',
      `providers.vllm.baseUrl: holds a fragment, ${plainUrl}`,
    ],
    [
      'fallback',
      'teams:',
      '    fallback: [{ provider: opnai, model: m }]\nteams:',
      '^opnai',
      'models.support.fallback[0].provider: unknown provider, did you mean "openai"?',
    ],
    [
      'member twice',
      'regions: [eu] }',
      'regions: [eu], users: [alice] }\n  more: { users: [bob, alice] }',
      '^alice] }\nkeys',
      'teams.more.users[1]: is listed before, expected each member in one team, once',
    ],
    [
      'hash twice',
      'keys:',
      `keys:\n  - { hash: "${hashA}", id: other }`,
      `{ hash: ^"${hashA}", user`,
      'keys[1].hash: the same hash as an earlier key, expected each key once',
    ],
    [
      'id twice',
      'keys:',
      `keys:\n  - { hash: "${hashB}", id: aaaaaaaaaaaa }`,
      `^{ hash: "${hashA}`,
      'keys[1].id: the same id as an earlier key, expected each id once',
    ],
  ])('%s', (_, piece, by, place, message) => {
    const text = edited(piece, by);
    expect(found(text)).toContain(`${placeOf(place, text)}: ${message}`);
  });

  test('all weights 0', () => {
    const text = good.replaceAll(/weight: \d+/g, 'weight: 0');
    expect(found(text)).toContain(
      `${placeOf('^- { provider', text)}: models.support.candidates: all weights are 0, expected one above 0`,
    );
  });
});

describe('warnings', () => {
  test.each([
    [
      'weight under ordered',
      'pick: weighted',
      'pick: ordered',
      'weight: ^80',
      'models.support.candidates[0].weight: has no effect under `pick: ordered`',
    ],
    [
      'weight of a fallback',
      'teams:',
      '    fallback: [{ provider: vllm, model: m, weight: 1 }]\nteams:',
      'weight: ^1 }',
      'models.support.fallback[0].weight: has no effect: fallback is tried in order',
    ],
    [
      'no weight',
      'weight: 20',
      'weight: 0',
      '^{ provider: vllm',
      'models.support.candidates[1]: is never tried: its weight is 0',
    ],
    [
      'too few attempts',
      'teams:',
      '    maxAttempts: 2\n    fallback: [{ provider: openai, model: m }]\nteams:',
      '^{ provider: openai, model: m }',
      'models.support.fallback[0]: is never tried: maxAttempts is 2',
    ],
    [
      'no upstream for a team',
      'keys:',
      '  none: { models: [support], regions: [] }\nkeys:',
      '^support], regions: []',
      'teams.none.models[0]: none of its upstreams can be tried in the regions of this team',
    ],
    [
      'tls without https',
      'region: eu',
      'region: eu, tls: { caFile: ca.pem }',
      '^{ caFile',
      'providers.vllm.tls: has no effect: the baseUrl is not https',
    ],
    [
      'unused provider',
      'models:\n',
      '  spare: { dialect: openai, baseUrl: http://a/v1 }\nmodels:\n',
      '^spare',
      'providers.spare: no model uses this provider',
    ],
    [
      'unset variable',
      'OPENAI_KEY',
      'OTHER',
      '^"${env',
      'providers.openai.key: the environment variable OTHER is not set',
    ],
    [
      'unreadable file',
      '${env:OPENAI_KEY}',
      '${file:/run/key}',
      '^"${file',
      'providers.openai.key: the file /run/key cannot be read',
    ],
    [
      'expired key',
      '2027-01-01',
      '2026-12-31',
      '^2026-12-31',
      'keys[0].expires: the key aaaaaaaaaaaa has expired',
    ],
  ])('%s', (_, piece, by, place, message) => {
    const text = edited(piece, by);
    expect(found(text)).toContain(`${placeOf(place, text)}: warning: ${message}`);
    expect(load(text)).toHaveProperty('digest');
  });

  test('no keys', () => {
    expect(found(good.replace(/keys:\n.*\n/, ''))).toEqual([
      'nexus.yaml:1:1: warning: keys: no keys, so every request is refused (`nexus keys create` makes one)',
    ]);
  });

  test('a candidate that only some teams reach is no unreachable one', () => {
    const text = edited('pick: weighted\n', 'maxAttempts: 1\n').replaceAll(/, weight: \d+/g, '');
    expect(found(text)).toEqual([]); // the team `help` may only use `eu`, so the second candidate is its first
    expect(found(text.replace(', regions: [eu]', ''))).toEqual([
      `${placeOf('^{ provider: vllm', text)}: warning: models.support.candidates[1]: is never tried: maxAttempts is 1`,
    ]);
  });
});

describe('digest', () => {
  const digest = (text: string) => loadedConfig(text).digest;

  test('layout, order of keys, comments and written defaults do not change it', () => {
    expect(digest(good)).toMatch(/^sha256:[0-9a-f]{64}$/);
    const limits = 'limits: { maxRequestBytes: 33554432 }\n';
    const reordered = `# a note\n${good.replace('version: 1\n', '')}${limits}version: 1\n`;
    expect(digest(reordered)).toBe(digest(good));
  });

  test('meaning does', () => {
    expect(digest(edited('weight: 80', 'weight: 81'))).not.toBe(digest(good));
  });

  test('the value of a secret does not', () => {
    const other = load(good, { env: { OPENAI_KEY: 'another' } });
    expect('digest' in other && other.digest).toBe(digest(good));
    expect(JSON.stringify(other)).not.toContain('another');
  });
});
