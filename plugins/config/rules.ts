import { budgetRules } from './budget-rules.ts';
import { isExpired, keyId } from './keys.ts';
import { expectedOneOf, type Finding } from './problem.ts';
import { allEntries, routingRules } from './routing-rules.ts';
import { error, type Rule, type RuleContext, repeats, warning } from './rule.ts';
import { missingSecrets } from './secrets.ts';

/** What a configuration of the right shape still gets wrong, and what in it can have no effect. */
export const checkRules = (context: RuleContext): Finding[] =>
  [...rules, ...routingRules, ...budgetRules].flatMap((rule) => rule(context));

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

/** A user or an application in two teams would have the limits of one of them, and nobody could tell which. */
const membersOfTwo: Rule = ({ config: { teams } }) =>
  (['users', 'applications'] as const).flatMap((kind) => {
    const members = Object.entries(teams).flatMap(([team, it]) =>
      (it[kind] ?? []).map((name, index) => ({ name, path: ['teams', team, kind, index] })),
    );
    return repeats(members.map(({ name }) => name)).flatMap((at) => {
      const path = members[at]?.path;
      return path ? [error(path, 'is listed before, expected each member in one team, once')] : [];
    });
  });

const duplicateKeys: Rule = ({ config: { keys } }) => [
  ...repeats(keys.map(({ hash }) => hash)).map((index) =>
    error(['keys', index, 'hash'], 'the same hash as an earlier key, expected each key once'),
  ),
  ...repeats(keys.map(keyId)).map((index) =>
    error(['keys', index, 'id'], 'the same id as an earlier key, expected each id once'),
  ),
];

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

const unusedProviders: Rule = (context) => {
  const { config } = context;
  const used = new Set(allEntries(context).map(({ candidate }) => candidate.provider));
  return Object.keys(config.providers)
    .filter((name) => !used.has(name))
    .map((name) => ({ ...warning(['providers', name], 'no model uses this provider'), part: 'key' }));
};

const unsetSecrets: Rule = ({ config, sources }) =>
  missingSecrets(config, sources).map(({ path, reason }) => warning(path, reason));

const awsKeys: Rule = ({ config }) =>
  Object.entries(config.providers).flatMap(([provider, { auth }]) =>
    auth?.kind === 'aws' && (auth.accessKeyId === undefined) !== (auth.secretAccessKey === undefined)
      ? [error(['providers', provider, 'auth'], 'expected accessKeyId and secretAccessKey, both or neither')]
      : [],
  );

const azureOnly: Rule = ({ config }) =>
  Object.entries(config.providers).flatMap(([provider, { dialect, azureApiVersion }]) =>
    azureApiVersion !== undefined && dialect !== 'openai'
      ? [error(['providers', provider, 'azureApiVersion'], 'expected `dialect: openai` beside it')]
      : [],
  );

const serverOfOpenaiOnly: Rule = ({ config }) =>
  Object.entries(config.providers).flatMap(([provider, { dialect, server }]) =>
    server !== undefined && dialect !== 'openai'
      ? [error(['providers', provider, 'server'], 'expected `dialect: openai` beside it')]
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
  unknownTeams,
  unknownModels,
  membersOfTwo,
  duplicateKeys,
  plainBaseUrls,
  idleTls,
  unusedProviders,
  unsetSecrets,
  awsKeys,
  headerWithoutKey,
  azureOnly,
  serverOfOpenaiOnly,
  expiredKeys,
  noKeys,
];
