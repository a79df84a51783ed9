import type { Config } from '../../config/schema.ts';
import type { Upstream } from '../../exchange.ts';
import type { Operation, UpstreamDialectName } from '../../model/request.ts';
import type { HealthBoard } from '../../ports/health-board.ts';
import type { Provider } from '../../providers.ts';
import type { Candidate, ModelFacts, ModelPrice } from './candidate.ts';
import { captureOf } from './capture.ts';
import type { CandidateConfig, ModelConfig } from './config.ts';
import { type MirrorPorts, mirrorOf } from './mirror.ts';
import { peakOf } from './peak.ts';
import type { Route } from './planner.ts';
import { cost } from './strategies/cost.ts';
import { latency } from './strategies/latency.ts';
import { leastBusy } from './strategies/least-busy.ts';
import { ordered } from './strategies/ordered.ts';
import type { Strategy } from './strategies/strategy.ts';
import { weighted } from './strategies/weighted.ts';

/** What routing asks of the world. */
export interface RoutingPorts extends MirrorPorts {
  readonly board: HealthBoard;
  /** What a catalogue says that a model can do; `capabilities` in nexus.yaml hold against it. */
  readonly factsOf?: (upstream: Upstream) => ModelFacts | undefined;
  /** What a catalogue says that a model costs. */
  readonly priceOf?: (upstream: Upstream) => ModelPrice | undefined;
  /** Has the dialect of an upstream this operation? Every one has, when left out. */
  readonly canServe?: (dialect: UpstreamDialectName, operation: Operation) => boolean;
}

/** A new way to pick is a file in strategies/ and a line here. */
const strategies: Record<ModelConfig['pick'], (model: ModelConfig, ports: RoutingPorts) => Strategy> = {
  ordered: () => ordered(),
  weighted: () => weighted(),
  latency: (_, { random }) => latency(random),
  cost: ({ costTolerance }) => cost({ tolerance: costTolerance }),
  leastBusy: (_, { random }) => leastBusy(random),
};

/** Makes every model of a configuration ready, by its name. */
export const routesOf = (
  config: Config,
  providers: ReadonlyMap<string, Provider>,
  ports: RoutingPorts,
): ReadonlyMap<string, Route> => {
  const ready = (it: CandidateConfig) => candidateOf(it, { config, providers, ports });
  return new Map(Object.entries(config.models).map((it) => [it[0], routeOf(it, ready, ports)]));
};

const routeOf = (
  [name, model]: readonly [string, ModelConfig],
  ready: (candidate: CandidateConfig) => Candidate,
  ports: RoutingPorts,
): Route => {
  const all = model.candidates.map(ready);
  // Under `ordered` nobody asks for weights, unless conversations or users are spread by them.
  const weighs = model.pick !== 'ordered' || model.sticky !== undefined;
  const candidates = weighs ? all.filter(({ weight }) => weight > 0) : all;
  return {
    strategy: strategies[model.pick](model, ports),
    candidates,
    fallback: model.fallback.map(ready),
    never: all.filter((it) => !candidates.includes(it)),
    captures: model.capture.map((rule, at) =>
      captureOf(rule, { name: rule.name ?? String(at + 1), use: rule.use.map(ready) }),
    ),
    peak: model.peak && peakOf(model.peak, { use: model.peak.use.map(ready), usual: candidates, ...ports }),
    mirror: model.mirror && mirrorOf(model.mirror, { model: name, to: ready(model.mirror.use), ports }),
    minQuality: model.minQuality,
    maxAttempts: model.maxAttempts,
  };
};

const candidateOf = (
  { provider, model, weight, quality, capabilities = {} }: CandidateConfig,
  {
    config,
    providers,
    ports: { board, factsOf, priceOf, canServe },
  }: {
    readonly config: Config;
    readonly providers: ReadonlyMap<string, Provider>;
    readonly ports: RoutingPorts;
  },
): Candidate => {
  const upstream = upstreamOf(provider, model, providers);
  const settings = config.providers[provider];
  if (!settings) throw new Error(`provider ${provider} is not configured`); // loading the config has checked it
  return {
    upstream,
    name: `${provider}/${model}`,
    weight,
    quality,
    facts: { ...factsOf?.(upstream), ...written(capabilities) },
    price: () => priceOf?.(upstream),
    serves: (operation) => canServe?.(upstream.dialect, operation) ?? true,
    maxConcurrent: settings.maxConcurrent ?? Number.POSITIVE_INFINITY,
    health: board.of(upstream),
    settings: settings.health,
  };
};

/** Without the members that are undefined: they must not hide what the catalogue knows. */
const written = (facts: ModelFacts): ModelFacts =>
  Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined));

const upstreamOf = (name: string, model: string, providers: ReadonlyMap<string, Provider>): Upstream => {
  const provider = providers.get(name);
  if (!provider) throw new Error(`provider ${name} is not configured`); // loading the config has checked it
  const { dialect, region } = provider;
  return { provider: name, dialect, model, ...(region === undefined ? {} : { region }) };
};
