import { hashKey } from '../../plugins/config/keys.ts';
import { type FakeProvider, startProvider } from '../fakes/provider.ts';
import { type ProviderName, providerNames, type Scenario, scenarios } from './scenarios.ts';

/** The key that the scenarios' client sends. */
export const clientKey = 'nx-contract-client';

/** Keys of other teams: one that may use a single model, one a single region, and one whose prompts are looked at. */
export const teamKeys = {
  narrow: 'nx-contract-narrow',
  european: 'nx-contract-european',
  guarded: 'nx-contract-guarded',
} as const;

/** The key of whoever has mirrored models and a budget for them, and whose prompts are looked at. */
export const mirroredKey = 'nx-contract-mirrored';

/** Models that the same upstream answers, by what their mirror does with its copies. */
const mirrored = {
  mirrored: 'gpt-5.4',
  'mirrored-503': 'fault-503',
  'mirrored-reset': 'fault-reset',
  'mirrored-hang': 'fault-hang',
} as const;
export type MirroredModel = keyof typeof mirrored;

/** The providers of the contract, running, and the nexus.yaml over them. */
export interface World {
  readonly providers: Readonly<Record<ProviderName, FakeProvider>>;
  /** Gets copies, and nothing else. */
  readonly mirror: FakeProvider;
  /** JSON is YAML. */
  readonly configText: string;
  /** Values for the variables that the configuration names. */
  readonly env: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

const keys = { oa: 'key-of-oa', re: 'key-of-re', an: 'key-of-an', ge: 'key-of-ge', mi: 'key-of-mi' } as const;

/** Short, so that what hangs is given up soon; only where something hangs, so that a busy machine is no fault. */
const firstByteTimeoutMs = (candidates: readonly string[]): number =>
  candidates.some((name) => name.includes('fault-hang')) ? 300 : 20_000;

/** `streamIdleTimeoutMs`: how long an upstream may be silent; longer on hosts of several processes. */
export const startWorld = async (streamIdleTimeoutMs: number): Promise<World> => {
  const providers = {
    oa: await startProvider({ dialect: 'openai', key: keys.oa }),
    re: await startProvider({ dialect: 'openai-responses', key: keys.re }),
    an: await startProvider({ dialect: 'anthropic', key: keys.an }),
    ge: await startProvider({ dialect: 'gemini', key: keys.ge }),
    own: await startProvider({ dialect: 'openai' }),
  };
  const mirror = await startProvider({ dialect: 'openai', key: keys.mi });
  return {
    providers,
    mirror,
    configText: JSON.stringify(
      configFor({ ...providers, mi: mirror }, { streamIdleTimeoutMs, maxResponseBytes: 8_388_608 }),
    ),
    env: {
      CONTRACT_OA_KEY: keys.oa,
      CONTRACT_RE_KEY: keys.re,
      CONTRACT_AN_KEY: keys.an,
      CONTRACT_GE_KEY: keys.ge,
      CONTRACT_MI_KEY: keys.mi,
    },
    stop: async () => {
      await Promise.all([mirror, ...providerNames.map((name) => providers[name])].map((it) => it.close()));
    },
  };
};

/** The model that a scenario asks for: one of its own, with its candidates. */
export const modelOf = ({ candidates, name }: Scenario): string =>
  candidates ? `s${scenarios.findIndex((it) => it.name === name)}` : 'no-such-model';

/** The key of a scenario that has a budget. */
export const budgetedKey = (scenario: Scenario): string => `nx-contract-budget-${modelOf(scenario)}`;

const budgeted = () => scenarios.filter(({ budget }) => budget !== undefined);

/** The only model that the narrow team may use. */
const narrowModel = 's0';

/** Scenarios share models that fail on purpose: none may be left alone for what another one has seen. */
const health = { failures: 0 };

const configFor = (providers: World['providers'] & { readonly mi: FakeProvider }, limits: object) => ({
  version: 1,
  providers: {
    oa: {
      dialect: 'openai',
      baseUrl: `${providers.oa.url}/v1`,
      key: '${env:CONTRACT_OA_KEY}',
      region: 'us',
      health,
    },
    re: {
      dialect: 'openai-responses',
      baseUrl: `${providers.re.url}/v1`,
      key: '${env:CONTRACT_RE_KEY}',
      region: 'us',
      health,
    },
    an: {
      dialect: 'anthropic',
      baseUrl: providers.an.url,
      key: '${env:CONTRACT_AN_KEY}',
      region: 'eu',
      health,
    },
    ge: { dialect: 'gemini', baseUrl: `${providers.ge.url}/v1beta`, key: '${env:CONTRACT_GE_KEY}', health },
    own: { dialect: 'openai', baseUrl: `${providers.own.url}/v1`, health },
    mi: { dialect: 'openai', baseUrl: `${providers.mi.url}/v1`, key: '${env:CONTRACT_MI_KEY}', health },
  },
  models: Object.fromEntries([
    ...scenarios.flatMap((scenario) =>
      scenario.candidates
        ? [
            [
              modelOf(scenario),
              {
                candidates: scenario.candidates.map(candidateOf),
                firstByteTimeoutMs: firstByteTimeoutMs(scenario.candidates),
              },
            ],
          ]
        : [],
    ),
    ...Object.entries(mirrored).map(([name, model]) => [
      name,
      {
        candidates: [candidateOf('an/claude-sonnet-5')],
        mirror: { use: { provider: 'mi', model }, share: 1, maxPerMinute: 600 },
      },
    ]),
  ]),
  teams: { narrow: { models: [narrowModel] }, european: { regions: ['eu'] }, guarded: {} },
  promptGuard: { mode: 'off', overrides: [{ team: 'guarded', mode: 'enforce' }] },
  pii: { mode: 'off', overrides: [{ team: 'guarded', mode: 'enforce' }], actions: { card: 'block' } },
  keys: [
    { hash: hashKey(clientKey), user: 'client', application: 'contract' },
    ...Object.entries(teamKeys).map(([team, key]) => ({ hash: hashKey(key), team })),
    { hash: hashKey(mirroredKey), id: 'mirrored', team: 'guarded' },
    ...budgeted().map((scenario) => ({ hash: hashKey(budgetedKey(scenario)), id: modelOf(scenario) })),
  ],
  budgets: [
    { id: 'mirrored', key: 'mirrored', per: 'day', tokens: 1_000_000 },
    ...budgeted().map((scenario) => ({
      id: `budget-${modelOf(scenario)}`,
      key: modelOf(scenario),
      per: scenario.budget && 'concurrent' in scenario.budget ? undefined : 'day',
      ...scenario.budget,
    })),
  ],
  limits,
});

const candidateOf = (name: string) => {
  const at = name.indexOf('/');
  return { provider: name.slice(0, at), model: name.slice(at + 1) };
};
