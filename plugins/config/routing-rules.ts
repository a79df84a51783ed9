import { compileCondition } from '../conditions.ts';
import { expectedOneOf, type Path } from './problem.ts';
import { type Regions, reachable } from './reach.ts';
import { error, type Rule, type RuleContext, repeats, warning } from './rule.ts';
import type { CandidateConfig, Config, ModelConfig } from './schema.ts';

/** One upstream that a model names, and where it stands. */
interface Entry {
  readonly candidate: CandidateConfig;
  readonly list: 'candidates' | 'fallback' | 'peak' | 'capture' | 'mirror';
  readonly path: Path;
}

const entriesOf = ({ config, wrote }: RuleContext, model: string, settings: ModelConfig): Entry[] => {
  const at = (list: Entry['list'], path: Path, candidates: readonly CandidateConfig[]): Entry[] =>
    candidates.map((candidate, index) => ({ candidate, list, path: ['models', model, ...path, index] }));
  const { candidates, fallback, peak, mirror } = settings;
  const captures = capturesOf({ config, wrote }, model, settings);
  return [
    ...at('candidates', ['candidates'], candidates),
    ...at('fallback', ['fallback'], fallback),
    ...at('peak', ['peak', 'use'], peak?.use ?? []),
    ...captures.flatMap(({ rule, path }) =>
      rule.use.map((candidate, index) => ({
        candidate,
        list: 'capture' as const,
        path: [...path, 'use', index],
      })),
    ),
    ...(mirror
      ? [{ candidate: mirror.use, list: 'mirror' as const, path: ['models', model, 'mirror', 'use'] }]
      : []),
  ];
};

/** The capture rules of a model, with their places: one rule may stand there without a list. */
const capturesOf = (
  { wrote }: Pick<RuleContext, 'config' | 'wrote'>,
  model: string,
  { capture }: ModelConfig,
): { readonly rule: ModelConfig['capture'][number]; readonly path: Path }[] =>
  capture.map((rule, index) => {
    const path = ['models', model, 'capture'];
    return { rule, path: wrote([...path, index]) ? [...path, index] : path };
  });

/** Every upstream that any model names. */
export const allEntries = (context: RuleContext): Entry[] =>
  Object.entries(context.config.models).flatMap(([name, model]) => entriesOf(context, name, model));

const unknownProviders: Rule = (context) => {
  const { config } = context;
  return allEntries(context)
    .filter(({ candidate }) => !Object.hasOwn(config.providers, candidate.provider))
    .map(({ candidate, path }) =>
      error(
        [...path, 'provider'],
        `unknown provider, ${expectedOneOf(candidate.provider, Object.keys(config.providers))}`,
      ),
    );
};

/** Every list of regions, and where it stands. */
const regionLists = ({
  teams,
  dataClasses,
}: Config): { readonly path: Path; readonly regions: readonly string[] }[] => [
  ...Object.entries(teams).flatMap(([team, settings]) => [
    { path: ['teams', team, 'regions'], regions: settings.regions ?? [] },
    ...classLists(settings.dataClasses ?? {}, ['teams', team]),
  ]),
  ...classLists(dataClasses, []),
];

const classLists = (dataClasses: Config['dataClasses'], above: Path) =>
  Object.entries(dataClasses).map(([name, regions]) => ({ path: [...above, 'dataClasses', name], regions }));

const unknownRegions: Rule = (context) => {
  const { config } = context;
  const known = [...new Set(Object.values(config.providers).flatMap(({ region }) => region ?? []))];
  const wrong = (path: Path, region: string) =>
    known.includes(region)
      ? []
      : [error(path, `no provider has this region, ${expectedOneOf(region, known)}`)];
  return [
    ...regionLists(config).flatMap(({ path, regions }) =>
      regions.flatMap((region, index) => wrong([...path, index], region)),
    ),
    ...allCaptures(context).flatMap(({ rule: { region }, path }) =>
      region === undefined ? [] : wrong([...path, 'region'], region),
    ),
  ];
};

const allCaptures = (context: RuleContext) =>
  Object.entries(context.config.models).flatMap(([name, model]) => capturesOf(context, name, model));

const emptyDataClasses: Rule = ({ config }) =>
  regionLists(config)
    .filter(({ path, regions }) => path.includes('dataClasses') && regions.length === 0)
    .map(({ path }) => warning(path, 'no region, so every request with such data is refused'));

/** Teams that a model's rules name. */
const unknownRuleTeams: Rule = (context) => {
  const { teams, models } = context.config;
  const named = [
    ...allCaptures(context).map(({ rule, path }) => ({ team: rule.team, path: [...path, 'team'] })),
    ...Object.entries(models).flatMap(([name, { peak }]) =>
      (peak?.classes ?? []).map(({ team }, index) => ({
        team,
        path: ['models', name, 'peak', 'classes', index, 'team'],
      })),
    ),
  ];
  return named.flatMap(({ team, path }) =>
    team === undefined || Object.hasOwn(teams, team)
      ? []
      : [error(path, `unknown team, ${expectedOneOf(team, Object.keys(teams))}`)],
  );
};

const badConditions: Rule = (context) => {
  const { models } = context.config;
  const conditions = [
    ...allCaptures(context).map(({ rule, path }) => ({ when: rule.when, path: [...path, 'when'] })),
    ...Object.entries(models).flatMap(([name, { peak }]) =>
      (peak?.classes ?? []).map(({ when }, index) => ({
        when,
        path: ['models', name, 'peak', 'classes', index, 'when'],
      })),
    ),
  ];
  return conditions.flatMap(({ when, path }) => {
    const condition = when === undefined ? undefined : compileCondition(when);
    return condition && 'problem' in condition
      ? [error(path, `not valid at character ${condition.offset + 1}: ${condition.problem}`)]
      : [];
  });
};

/** What a capture rule asks of a request. */
const captureTests = [
  'contextOver',
  'images',
  'tools',
  'jsonSchema',
  'region',
  'team',
  'application',
  'hours',
  'when',
] as const;

const greedyCaptures: Rule = (context) =>
  Object.entries(context.config.models).flatMap(([name, model]) => {
    const rules = capturesOf(context, name, model);
    const greedy = rules.findIndex(({ rule }) => captureTests.every((test) => rule[test] === undefined));
    if (greedy === -1) return [];
    return rules
      .slice(greedy)
      .map(({ path }, index) =>
        index === 0
          ? error(path, `captures every request, expected one of ${captureTests.join(', ')}`)
          : warning(path, 'is never reached: a rule before it captures every request'),
      );
  });

const repeatedCaptureNames: Rule = (context) =>
  Object.entries(context.config.models).flatMap(([name, model]) => {
    const rules = capturesOf(context, name, model);
    return repeats(rules.map(({ rule }, index) => rule.name ?? String(index + 1))).flatMap((index) =>
      error(
        [...(rules[index]?.path ?? []), 'name'],
        'the same name as an earlier rule, expected each name once',
      ),
    );
  });

const idlePeaks: Rule = ({ config }) =>
  Object.entries(config.models).flatMap(([name, { peak }]) =>
    peak && Object.values(peak.when).every((limit) => limit === undefined)
      ? [
          error(
            ['models', name, 'peak', 'when'],
            'no limit, expected inFlightOver, queueOver or firstChunkP95MsOver',
          ),
        ]
      : [],
  );

const lowQuality: Rule = (context) =>
  Object.entries(context.config.models).flatMap(([name, model]) => {
    const { minQuality } = model;
    if (minQuality === undefined) return [];
    const entries = entriesOf(context, name, model).filter(({ list }) => list !== 'mirror');
    const low = entries.filter(({ candidate: { quality } }) => (quality ?? -1) < minQuality);
    if (low.length === entries.length) {
      return [error(['models', name, 'minQuality'], 'no upstream of the model has this quality')];
    }
    return low.map(({ candidate: { quality }, path }) =>
      warning(
        path,
        quality === undefined
          ? 'is never tried: it has no quality, and the model has minQuality'
          : 'is never tried: its quality is below minQuality',
      ),
    );
  });

const idleCost: Rule = ({ config, wrote }) =>
  Object.entries(config.models).flatMap(([name, { pick }]) => {
    const path = ['models', name, 'costTolerance'];
    return pick !== 'cost' && wrote(path) ? [warning(path, 'has no effect: `pick` is not cost')] : [];
  });

/** A copy can take the last place that a client's call would have had. */
const crowdingMirrors: Rule = (context) => {
  const { config } = context;
  const entries = allEntries(context);
  const serving = new Set(
    entries.filter(({ list }) => list !== 'mirror').map(({ candidate }) => candidate.provider),
  );
  return entries
    .filter(({ list, candidate }) => list === 'mirror' && serving.has(candidate.provider))
    .filter(({ candidate }) => config.providers[candidate.provider]?.maxConcurrent !== undefined)
    .map(({ path }) =>
      warning(
        [...path, 'provider'],
        'copies take places of its maxConcurrent, which clients need too; name a provider of its own for them',
      ),
    );
};

/** Listed again, an upstream is not tried again: a second place for it gives nothing. */
const repeatedUpstreams: Rule = (context) =>
  Object.entries(context.config.models).flatMap(([name, model]) => {
    const entries = entriesOf(context, name, model).filter(({ list }) =>
      ['candidates', 'fallback'].includes(list),
    );
    return repeats(entries.map(({ candidate }) => `${candidate.provider}/${candidate.model}`)).flatMap(
      (index) => {
        const path = entries[index]?.path;
        return path ? [warning(path, 'is listed before, and no upstream is tried twice')] : [];
      },
    );
  });

const zeroWeights: Rule = ({ config }) =>
  Object.entries(config.models).flatMap(([name, { pick, candidates }]) =>
    pick !== 'ordered' && candidates.every(({ weight }) => weight === 0)
      ? [error(['models', name, 'candidates'], 'all weights are 0, expected one above 0')]
      : [],
  );

const idleWeights: Rule = (context) =>
  Object.entries(context.config.models).flatMap(([name, model]) =>
    entriesOf(context, name, model).flatMap(({ list, path }) => {
      const weight = [...path, 'weight'];
      if (!context.wrote(weight)) return [];
      if (list === 'mirror') return [warning(weight, 'has no effect: `share` says how much is copied')];
      if (list !== 'candidates') return [warning(weight, `has no effect: ${list} is tried in order`)];
      return model.pick === 'ordered' && model.sticky === undefined
        ? [warning(weight, 'has no effect under `pick: ordered`')]
        : [];
    }),
  );

const unreachable: Rule = (context) => {
  const { config } = context;
  const audiences = (model: string): Regions[] => [
    undefined,
    ...Object.values(config.teams)
      .filter(({ models }) => models?.includes(model) ?? true)
      .map(({ regions }) => regions),
  ];
  return Object.entries(config.models).flatMap(([name, model]) => {
    const reached = new Set(audiences(name).flatMap((regions) => reachable(model, { regions, config })));
    return entriesOf(context, name, model)
      .filter(
        ({ list, candidate }) => list !== 'mirror' && !reached.has(candidate) && !isLow(candidate, model),
      )
      .map(({ candidate, path }) => warning(path, whyUnreachable(model, candidate)));
  });
};

/** Another rule says so. */
const isLow = ({ quality }: CandidateConfig, { minQuality }: ModelConfig): boolean =>
  minQuality !== undefined && (quality ?? -1) < minQuality;

const whyUnreachable = ({ pick, maxAttempts }: ModelConfig, { weight }: CandidateConfig): string =>
  pick !== 'ordered' && weight === 0
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

/** What can be wrong, or without effect, in how requests are routed. */
export const routingRules: readonly Rule[] = [
  unknownProviders,
  unknownRegions,
  unknownRuleTeams,
  emptyDataClasses,
  badConditions,
  greedyCaptures,
  repeatedCaptureNames,
  idlePeaks,
  lowQuality,
  idleCost,
  repeatedUpstreams,
  crowdingMirrors,
  zeroWeights,
  idleWeights,
  unreachable,
  modelsOutOfRegion,
];
