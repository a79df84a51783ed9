import { isExpired, keyId } from './keys.ts';
import { expectedOneOf, type Finding, type Path } from './problem.ts';
import { type Regions, reachable } from './reach.ts';
import type { CandidateConfig, Config, ModelConfig } from './schema.ts';
import { missingSecrets, type SecretSources } from './secrets.ts';

/** What the rules look at. */
export interface RuleContext {
  readonly config: Config;
  /** Does the text itself set this path? Defaults do not count. */
  readonly wrote: (path: Path) => boolean;
  readonly sources: SecretSources;
  /** Wall clock, milliseconds since 1970. */
  readonly epochMs: number;
}

/** What a configuration of the right shape still gets wrong, and what in it can have no effect. */
export const checkRules = (context: RuleContext): Finding[] => rules.flatMap((rule) => rule(context));

type Rule = (context: RuleContext) => Finding[];

const error = (path: Path, message: string): Finding => ({ severity: 'error', path, part: 'value', message });

const warning = (path: Path, message: string): Finding => ({
  severity: 'warning',
  path,
  part: 'value',
  message,
});

/** One candidate or fallback of a model, and where it stands. */
interface Entry {
  readonly candidate: CandidateConfig;
  readonly list: 'candidates' | 'fallback';
  readonly path: Path;
}

const entriesOf = (model: string, config: ModelConfig): Entry[] =>
  (['candidates', 'fallback'] as const).flatMap((list) =>
    config[list].map((candidate, index) => ({ candidate, list, path: ['models', model, list, index] })),
  );

const allEntries = ({ models }: Config): Entry[] =>
  Object.entries(models).flatMap(([name, model]) => entriesOf(name, model));

const unknownProviders: Rule = ({ config }) =>
  allEntries(config)
    .filter(({ candidate }) => !Object.hasOwn(config.providers, candidate.provider))
    .map(({ candidate, path }) =>
      error(
        [...path, 'provider'],
        `unknown provider, ${expectedOneOf(candidate.provider, Object.keys(config.providers))}`,
      ),
    );

const unknownTeams: Rule = ({ config: { keys, teams } }) =>
  keys.flatMap(({ team }, index) =>
    team === undefined || Object.hasOwn(teams, team)
      ? []
      : [error(['keys', index, 'team'], `unknown team, ${expectedOneOf(team, Object.keys(teams))}`)],
  );

const unknownModels: Rule = ({ config: { teams, models } }) =>
  Object.entries(teams).flatMap(([team, { models: allowed = [] }]) =>
    allowed.flatMap((model, index) =>
      Object.hasOwn(models, model)
        ? []
        : [
            error(
              ['teams', team, 'models', index],
              `unknown model, ${expectedOneOf(model, Object.keys(models))}`,
            ),
          ],
    ),
  );

const unknownRegions: Rule = ({ config: { teams, providers } }) => {
  const known = [...new Set(Object.values(providers).flatMap(({ region }) => region ?? []))];
  return Object.entries(teams).flatMap(([team, { regions = [] }]) =>
    regions.flatMap((region, index) =>
      known.includes(region)
        ? []
        : [
            error(
              ['teams', team, 'regions', index],
              `no provider has this region, ${expectedOneOf(region, known)}`,
            ),
          ],
    ),
  );
};

const duplicateKeys: Rule = ({ config: { keys } }) => [
  ...repeats(keys.map(({ hash }) => hash)).map((index) =>
    error(['keys', index, 'hash'], 'the same hash as an earlier key, expected each key once'),
  ),
  ...repeats(keys.map(keyId)).map((index) =>
    error(['keys', index, 'id'], 'the same id as an earlier key, expected each id once'),
  ),
];

/** Indexes of the texts that stood before. */
const repeats = (texts: readonly string[]): number[] =>
  texts.flatMap((text, index) => (texts.indexOf(text) < index ? [index] : []));

const zeroWeights: Rule = ({ config }) =>
  Object.entries(config.models).flatMap(([name, { pick, candidates }]) =>
    pick === 'weighted' && candidates.every(({ weight }) => weight === 0)
      ? [error(['models', name, 'candidates'], 'all weights are 0, expected one above 0')]
      : [],
  );

const plainBaseUrls: Rule = ({ config }) =>
  Object.entries(config.providers).flatMap(([name, { baseUrl }]) => {
    const extra = extraOf(new URL(baseUrl));
    return extra === undefined
      ? []
      : [error(['providers', name, 'baseUrl'], `holds ${extra}, expected only scheme, host, port and path`)];
  });

const extraOf = ({ username, password, search, hash }: URL): string | undefined => {
  if (username !== '' || password !== '') return 'credentials (they belong into `key`)';
  if (search !== '') return 'a query';
  return hash === '' ? undefined : 'a fragment';
};

const idleTls: Rule = ({ config }) =>
  Object.entries(config.providers).flatMap(([name, { baseUrl, tls }]) =>
    tls !== undefined && baseUrl.startsWith('http:')
      ? [warning(['providers', name, 'tls'], 'has no effect: the baseUrl is not https')]
      : [],
  );

const unusedProviders: Rule = ({ config }) => {
  const used = new Set(allEntries(config).map(({ candidate }) => candidate.provider));
  return Object.keys(config.providers)
    .filter((name) => !used.has(name))
    .map((name) => ({ ...warning(['providers', name], 'no model uses this provider'), part: 'key' }));
};

const idleWeights: Rule = ({ config, wrote }) =>
  Object.entries(config.models).flatMap(([name, model]) =>
    entriesOf(name, model).flatMap(({ list, path }) => {
      const weight = [...path, 'weight'];
      if (!wrote(weight)) return [];
      if (list === 'fallback') return [warning(weight, 'has no effect: fallback is tried in order')];
      return model.pick === 'ordered' ? [warning(weight, 'has no effect under `pick: ordered`')] : [];
    }),
  );

const unreachable: Rule = ({ config }) => {
  const audiences = (model: string): Regions[] => [
    undefined,
    ...Object.values(config.teams)
      .filter(({ models }) => models?.includes(model) ?? true)
      .map(({ regions }) => regions),
  ];
  return Object.entries(config.models).flatMap(([name, model]) => {
    const reached = new Set(audiences(name).flatMap((regions) => reachable(model, { regions, config })));
    return entriesOf(name, model)
      .filter(({ candidate }) => !reached.has(candidate))
      .map(({ candidate, path }) => warning(path, whyUnreachable(model, candidate)));
  });
};

const whyUnreachable = ({ pick, maxAttempts }: ModelConfig, { weight }: CandidateConfig): string =>
  pick === 'weighted' && weight === 0
    ? 'is never tried: its weight is 0'
    : `is never tried: maxAttempts is ${maxAttempts}`;

const modelsOutOfRegion: Rule = ({ config }) =>
  Object.entries(config.teams).flatMap(([team, { models = [], regions }]) =>
    models.flatMap((name, index) => {
      const model = Object.hasOwn(config.models, name) ? config.models[name] : undefined;
      return model && reachable(model, { regions, config }).length === 0
        ? [
            warning(
              ['teams', team, 'models', index],
              'none of its upstreams can be tried in the regions of this team',
            ),
          ]
        : [];
    }),
  );

const unsetSecrets: Rule = ({ config, sources }) =>
  missingSecrets(config, sources).map(({ provider, path, reason }) =>
    warning(['providers', provider, ...path], reason),
  );

const awsKeys: Rule = ({ config }) =>
  Object.entries(config.providers).flatMap(([provider, { auth }]) =>
    auth?.kind === 'aws' && (auth.accessKeyId === undefined) !== (auth.secretAccessKey === undefined)
      ? [error(['providers', provider, 'auth'], 'expected accessKeyId and secretAccessKey, both or neither')]
      : [],
  );

const headerWithoutKey: Rule = ({ config }) =>
  Object.entries(config.providers).flatMap(([provider, { auth, key }]) =>
    auth?.kind === 'header' && key === undefined
      ? [error(['providers', provider, 'auth'], 'names a header for `key`, but there is no `key`')]
      : [],
  );

const expiredKeys: Rule = ({ config: { keys }, epochMs }) =>
  keys.flatMap((key, index) =>
    isExpired(key, epochMs) ? [warning(['keys', index, 'expires'], `the key ${keyId(key)} has expired`)] : [],
  );

const noKeys: Rule = ({ config: { keys } }) =>
  keys.length === 0
    ? [warning(['keys'], 'no keys, so every request is refused (`nexus keys create` makes one)')]
    : [];

const rules: readonly Rule[] = [
  unknownProviders,
  unknownTeams,
  unknownModels,
  unknownRegions,
  duplicateKeys,
  zeroWeights,
  plainBaseUrls,
  idleTls,
  unusedProviders,
  idleWeights,
  unreachable,
  modelsOutOfRegion,
  unsetSecrets,
  awsKeys,
  headerWithoutKey,
  expiredKeys,
  noKeys,
];
