import { hashKey } from '../plugins/config/keys.ts';
import { type Behaviour, clientKey } from './scenarios.ts';

/** Name of the environment variable with the upstream's key. */
export const upstreamKeyName = 'NEXUS_BENCH_UPSTREAM_KEY';

/** The provider that all scenarios lead to. */
export const provider = 'mock';

const behaviours: readonly Behaviour[] = ['unary', 'unary-60ms', 'burst', 'paced'];

const at = (port: number) => ({
  dialect: 'openai',
  baseUrl: `http://127.0.0.1:${port}/v1`,
  key: `\${env:${upstreamKeyName}}`,
});

const modelsWith = (model: (candidate: { provider: string; model: string }) => object) =>
  Object.fromEntries(behaviours.map((name) => [name, model({ provider, model: `mock-${name}` })]));

/** What each variant of Nexus serves, as the content of a nexus.yaml. */
export const configs = {
  /** Nothing beyond routing: one candidate per model, one key. */
  'nexus-none': (upstreamPort: number) => ({
    version: 1,
    providers: { [provider]: at(upstreamPort) },
    models: modelsWith((candidate) => ({ candidates: [candidate] })),
    keys: [{ hash: hashKey(clientKey) }],
  }),
  /** Everything that there is: weighted candidates and a fallback, teams with limits, budgets, guard, personal data. */
  nexus: (upstreamPort: number) => ({
    version: 1,
    providers: {
      [provider]: { ...at(upstreamPort), region: 'eu' },
      spare: { ...at(upstreamPort), region: 'us' },
      reserve: { ...at(upstreamPort), region: 'us' },
    },
    models: modelsWith((candidate) => ({
      pick: 'weighted',
      candidates: [
        { ...candidate, weight: 80 },
        { ...candidate, provider: 'spare', weight: 20 },
      ],
      fallback: [{ ...candidate, provider: 'reserve' }],
    })),
    teams: { support: { models: behaviours, regions: ['eu', 'us'] } },
    keys: [{ hash: hashKey(clientKey), user: 'bench', team: 'support', application: 'bench' }],
    budgets: [
      { id: 'team', team: 'support', per: 'month', tokens: 1e12, requests: 1e12 },
      { id: 'user', user: '*', per: 'day', tokens: 1e12 },
    ],
    store: { dir: false },
    promptGuard: { mode: 'enforce' },
    pii: { mode: 'enforce' },
  }),
};
