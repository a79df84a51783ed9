import { describe, expect, it } from 'vitest';
import { parseCatalog } from '../catalog/catalog.ts';
import { loadConfig } from './load.ts';
import { formatProblem } from './problem.ts';

const head = `version: 1
providers:
  openai: { dialect: openai, baseUrl: https://api.openai.com/v1 }
  vllm: { dialect: openai, baseUrl: http://vllm.internal:8000/v1 }
models:
  support:
    candidates: [{ provider: openai, model: gpt-5.4 }]
    fallback: [{ provider: vllm, model: llama-4-70b }]
teams: { support: {} }
keys:
  - { hash: "sha256:${'0'.repeat(64)}", id: k, user: alice, team: support, application: helpdesk }
prices: { vllm/*: { input: 0, output: 0 } }
`;

const catalog = parseCatalog(
  '- { family: openai, model: gpt-5.4, asOf: 2026-01-01, source: here, input: 2.5, output: 15 }',
  '[]',
);

const load = (text: string, start = head) =>
  loadConfig(start + text, {
    file: 'f',
    env: {},
    readFile: () => '',
    epochMs: Date.parse('2026-11-28'),
    catalog: () => catalog,
  });

const findings = (text: string, start = head): string[] => {
  const loaded = load(text, start);
  const found = 'problems' in loaded ? loaded.problems : loaded.warnings;
  return found.map((it) => formatProblem(it).replace(/^f:/, ''));
};

const budget = (fields: string) => `budgets:\n  - { id: b, ${fields} }\n`;

describe('budgets', () => {
  it('load as the design writes them', () => {
    const loaded = load(`budgets:
  - { id: company, per: month, usd: 50000 }
  - { id: support-team, team: support, per: month, usd: 8000, warnAt: [0.8, 0.95] }
  - { id: each-user, user: "*", per: day, tokens: 200000 }
  - { id: helpdesk-rate, application: helpdesk, per: minute, requests: 600, tokens: 400000 }
  - { id: helpdesk-parallel, application: helpdesk, concurrent: 40 }
store: { redis: "redis://localhost", onLoss: slice }
`);
    if ('problems' in loaded) throw new Error(JSON.stringify(loaded.problems));
    expect(loaded.warnings).toEqual([]);
    expect(loaded.config.budgets[0]).toMatchObject({ usd: 50_000_000_000, timeZone: 'UTC', mode: 'enforce' });
  });

  it.each([
    ['per: day', '14:5: budgets[0]: no limit, expected one of tokens'],
    ['tokens: 5', '14:5: budgets[0]: tokens in what time? Expected `per` or `smooth`'],
    ['per: day, smooth: { seconds: 5 }, tokens: 5', 'budgets[0].smooth: stands beside `per`'],
    ['smooth: { seconds: 5 }, usd: 5', 'budgets[0].smooth: refills, so money would never be spent'],
    ['per: day, tokens: 5, team: suport', '14:41: budgets[0].team: unknown team, did you mean "support"?'],
    ['per: day, tokens: 5, model: x', 'budgets[0].model: unknown model, expected support'],
    ['per: day, tokens: 5, key: x', 'budgets[0].key: unknown key, did you mean "k"?'],
    ['per: day, tokens: 5, organisation: x', 'budgets[0].organisation: unknown organisation'],
    ['per: day, tokens: 5, timeZone: Mars/Base', 'budgets[0].timeZone: unknown time zone'],
    [
      'per: day, usd: 0.0000001',
      'budgets[0].usd: is 1e-7, expected dollars such as 12.50, at most 6 decimals',
    ],
    ['per: day, usd: [1]', 'budgets[0].usd: not valid, expected dollars such as 12.50'],
    ['per: day, tokens: 5, token: 5', 'budgets[0].token: unknown key, did you mean "tokens"?'],
    [
      'per: day, tokens: 5, overrides: [{ until: 2027-01-01, usd: 5 }]',
      'budgets[0].overrides[0].usd: the budget has no limit of usd',
    ],
    ['per: day, tokens: 5, overrides: [{ until: 2027-01-01 }]', 'budgets[0].overrides[0]: no limit'],
    [
      'per: day, tokens: 5, overrides: [{ until: 2027-01-01, from: 2027-01-01, tokens: 9 }]',
      'budgets[0].overrides[0].until: is not after `from`',
    ],
    [
      'per: day, tokens: 5, overrides: [{ until: 2027-01-01, for: alice, tokens: 9 }]',
      'budgets[0].overrides[0].for: has no meaning',
    ],
    [
      'per: day, tokens: 5, overrides: [{ until: tomorrow, tokens: 9 }]',
      'expected a date such as 2027-01-01',
    ],
  ])('refuses %s', (fields, message) => {
    expect(load(budget(fields))).toHaveProperty('problems');
    expect(findings(budget(fields)).join('\n')).toContain(message);
  });

  it.each([
    ['per: day, concurrent: 5', 'budgets[0].per: has no effect'],
    ['per: day, tokens: 5, user: bob', 'budgets[0].user: no key has this user'],
    ['smooth: { seconds: 5 }, tokens: 5, timeZone: Europe/Paris', 'budgets[0].timeZone: has no effect'],
    ['smooth: { seconds: 5 }, tokens: 5, carryOver: 0.5', 'budgets[0].carryOver: has no effect'],
    ['per: day, tokens: 5, overrides: [{ until: 2026-01-01, tokens: 9 }]', 'overrides[0].until: is over'],
  ])('warns of %s', (fields, message) => {
    expect(load(budget(fields))).not.toHaveProperty('problems');
    expect(findings(budget(fields)).join('\n')).toContain(message);
  });

  it('refuses an id that stands twice', () => {
    const text = 'budgets:\n  - { id: b, per: day, tokens: 1 }\n  - { id: b, per: day, tokens: 2 }\n';
    expect(findings(text)).toEqual([
      '15:11: budgets[1].id: the same id as an earlier budget, expected each id once',
    ]);
  });

  it('warns of keys that slip past a budget for each user', () => {
    const keyless = head.replace(', user: alice', '');
    expect(findings(budget('per: day, tokens: 5, user: "*"'), keyless).join('\n')).toContain(
      'budgets[0].user: does not count the keys without a user: k',
    );
  });
});

describe('prices', () => {
  const noPrice = head.replace(/prices: .*\n/, '');
  const usd = budget('per: hour, usd: 5');

  it('refuses a budget in dollars over a model without a price', () => {
    expect(findings(usd, noPrice).join('\n')).toContain(
      'models.support: no price is known of vllm/llama-4-70b',
    );
    expect(findings(usd.replace('}', ', mode: off }'), noPrice)).toEqual([]);
    expect(findings(budget('per: hour, tokens: 5'), noPrice)).toEqual([]);
  });

  it('takes a ceiling instead', () => {
    expect(findings(`${usd}prices: { unknownModel: { input: 10, output: 50 } }\n`, noPrice)).toEqual([]);
  });

  it.each([
    ['{ vllm/x: { input: 1 } }', 'expected number or text'],
    ['{ vlm/x: { input: 1, output: 1 } }', 'unknown provider, did you mean "vllm"?'],
    ['{ vllm: { input: 1, output: 1 } }', 'expected provider/model or provider/*'],
    ['{ vllm/x: { input: 1, output: 1, inputs: 1 } }', 'unknown key, did you mean "input"?'],
    ['{ vllm/x: { input: 20000, output: 1 } }', 'expected at most 10000 dollars'],
    ['{ unknownModel: free }', 'expected refuse, or the most that one may cost'],
  ])('refuses %s', (prices) => {
    expect(load(`prices: ${prices}\n`, noPrice)).toHaveProperty('problems');
  });
});

describe('store', () => {
  it.each([
    ['{ redis: "redis://u:secret@h:1" }', 'store.redis: holds a password'],
    ['{ redis: "localhost:6379" }', 'expected redis://…, rediss://…, the path of a socket, or a reference'],
    ['{ redis: "redis://h", cluster: { nodes: [h:1] } }', 'stands beside `redis`, expected one'],
    ['{ cluster: { nodes: ["redis://h:1"] } }', 'expected host:port'],
    ['{ redis: "${env:REDIS}" }', 'warning: store: store.redis: the environment variable REDIS is not set'],
    ['{ redis: "redis://h", dir: ./counts }', 'store.dir: stands beside `redis`, expected one'],
    ['{ dir: true }', 'store.dir: is true, expected the path of a directory, or false'],
  ])('%s', (store, message) => expect(findings(`store: ${store}\n`).join('\n')).toContain(message));

  it('tells no secret', () => {
    expect(findings('store: { redis: "redis://u:secret@h:1" }\n').join('\n')).not.toContain('secret');
  });

  const forgets = 'warning: budgets[0].per: counts begin at zero whenever Nexus starts';
  it.each([
    ['per: day, tokens: 5', '', true],
    ['per: month, usd: 5, mode: shadow', '', true],
    ['per: day, tokens: 5, mode: off', '', false],
    ['per: hour, tokens: 5', '', false],
    ['per: day, tokens: 5', 'store: { dir: ./counts }\n', false],
    ['per: day, tokens: 5', 'store: { dir: false }\n', false],
    ['per: day, tokens: 5', 'store: { redis: "redis://h" }\n', false],
  ])('warns of counts that a restart forgets: %s %s', (fields, store, expected) => {
    expect(
      findings(budget(fields) + store)
        .join('\n')
        .includes(forgets),
    ).toBe(expected);
  });

  it('must know slices to grant them', () => {
    const text = `${budget('per: day, tokens: 5, onLoss: slice')}store: { redis: "redis://h", slices: false }\n`;
    expect(findings(text).join('\n')).toContain('budgets[0].onLoss: is slice, but `store.slices` is false');
  });
});
