import type { Config, ModelConfig } from '../../config/schema.ts';
import type { Consumer, Upstream } from '../../exchange.ts';
import { mayUse } from '../../identity.ts';
import { type Policy, pass, refuse, type Verdict } from '../../policy.ts';
import type { Provider } from '../../providers.ts';

/**
 * Chooses who answers: the candidates of the model in the order of its `pick`, then its fallback, at most
 * `maxAttempts`. Refuses unknown models (`model_not_found`), models of other teams (`model_not_allowed`) and
 * models without a candidate in a region that the team may use (`region_not_allowed`).
 */
export const upstreamPolicy = (config: Config, providers: ReadonlyMap<string, Provider>): Policy => {
  const models = new Map(
    Object.entries(config.models).map(([name, model]) => [name, plannerOf(model, providers)]),
  );
  return {
    name: 'upstream',
    failOpen: false,
    begin: ({ consumer }) => ({
      request: ({ requestModel }) => {
        const planner = models.get(requestModel);
        if (!planner) return refuseModel('model_not_found', consumer, config);
        if (!mayUse(consumer, requestModel, config))
          return refuseModel('model_not_allowed', consumer, config);
        const regions = consumer.team === undefined ? undefined : config.teams[consumer.team]?.regions;
        const plan = planner((it) => inRegion(it, regions));
        return plan.length === 0 ? refuse('region_not_allowed') : pass({ plan });
      },
    }),
  };
};

/** Gives the upstreams for one request, in order: those that `allowed` lets through. */
type Planner = (allowed: (upstream: Upstream) => boolean) => readonly Upstream[];

const plannerOf = (
  { pick, candidates, fallback, maxAttempts }: ModelConfig,
  providers: ReadonlyMap<string, Provider>,
): Planner => {
  const next = picks[pick](candidates);
  return (allowed) =>
    [...next(), ...fallback]
      .map((it) => upstreamOf(it, providers))
      .filter(allowed)
      .slice(0, maxAttempts);
};

const inRegion = ({ region }: Upstream, allowed: readonly string[] | undefined): boolean =>
  allowed === undefined || (region !== undefined && allowed.includes(region));

type Candidate = ModelConfig['candidates'][number];

/** Gives, call after call, the candidates in the order to try them; never empty. */
type Pick = () => readonly Candidate[];

const picks: Record<ModelConfig['pick'], (candidates: readonly Candidate[]) => Pick> = {
  ordered: (candidates) => () => candidates,
  weighted: (candidates) => smoothWeighted(candidates),
};

/**
 * Smooth weighted round robin (nginx, `ngx_http_upstream_round_robin`, 2012): each call every candidate gains its
 * weight and the richest pays the sum of all, so over any run of calls each is first as often as its weight says, give
 * or take one call, and never in bursts. The others follow, richest first. Weight 0 is never tried.
 */
export const smoothWeighted = (candidates: readonly Candidate[]): Pick => {
  const purses = candidates.filter(({ weight }) => weight > 0).map((candidate) => ({ candidate, credit: 0 }));
  const total = purses.reduce((sum, { candidate }) => sum + candidate.weight, 0);
  return () => {
    for (const purse of purses) purse.credit += purse.candidate.weight;
    purses.sort((a, b) => b.credit - a.credit);
    if (purses[0]) purses[0].credit -= total;
    return purses.map(({ candidate }) => candidate);
  };
};

const upstreamOf = (
  { provider: name, model }: Candidate,
  providers: ReadonlyMap<string, Provider>,
): Upstream => {
  const provider = providers.get(name);
  if (!provider) throw new Error(`provider ${name} is not configured`); // loading the config has checked it
  const { dialect, region } = provider;
  return { provider: name, dialect, model, ...(region === undefined ? {} : { region }) };
};

/** Tells the caller which names it may use, and nothing of those that others have. */
const refuseModel = (
  code: 'model_not_found' | 'model_not_allowed',
  consumer: Consumer,
  config: Config,
): Verdict => {
  const names = Object.keys(config.models).filter((name) => mayUse(consumer, name, config));
  const wrong = code === 'model_not_found' ? 'The model does not exist.' : 'This key may not use the model.';
  const right = names.length === 0 ? 'This key may use no model.' : `This key may use: ${names.join(', ')}.`;
  return refuse(code, { param: 'model', message: `${wrong} ${right}` });
};
