import type { Config, ModelConfig } from '../../config/schema.ts';
import type { Consumer, Upstream } from '../../exchange.ts';
import { mayUse } from '../../identity.ts';
import { type Policy, pass, refuse } from '../../policy.ts';
import type { Random } from '../../ports/random.ts';
import type { Provider } from '../../providers.ts';

/**
 * Chooses who answers: the candidates of the model in the order of its `pick`, then its fallback, at most
 * `maxAttempts`. Refuses unknown models (`model_not_found`), models of other teams (`model_not_allowed`) and
 * models without a candidate in a region that the team may use (`region_not_allowed`).
 */
export const upstreamPolicy = (
  config: Config,
  providers: ReadonlyMap<string, Provider>,
  random: Random,
): Policy => ({
  name: 'upstream',
  failOpen: false,
  begin: ({ consumer }) => ({
    request: ({ requestModel }) => {
      const model = Object.hasOwn(config.models, requestModel) ? config.models[requestModel] : undefined;
      if (!model)
        return refuse('model_not_found', {
          param: 'model',
          message: unknownModel(requestModel, consumer, config),
        });
      if (!mayUse(consumer, requestModel, config)) {
        return refuse('model_not_allowed', {
          param: 'model',
          message: `This key may not use the model. ${names(consumer, config)}`,
        });
      }
      const plan = planOf(model, random)
        .map((it) => upstreamOf(it, providers))
        .filter((it) => inAllowedRegion(it, consumer, config))
        .slice(0, model.maxAttempts);
      return plan.length === 0 ? refuse('region_not_allowed') : pass({ plan });
    },
  }),
});

type Candidate = ModelConfig['candidates'][number];

/** Candidates in the order to try them, fallback last. */
const planOf = ({ pick, candidates, fallback }: ModelConfig, random: Random): readonly Candidate[] => {
  const first = pick === 'weighted' ? weightedOrder(candidates, random) : candidates;
  return [...first, ...fallback];
};

/**
 * The candidates in a drawn order: each place goes to one of those left with a chance in proportion to its weight,
 * so the first place has the configured shares. Weight 0 is never drawn.
 */
export const weightedOrder = (candidates: readonly Candidate[], random: Random): Candidate[] => {
  const left = candidates.filter(({ weight }) => weight > 0);
  const order: Candidate[] = [];
  while (left.length > 0) {
    const total = left.reduce((sum, { weight }) => sum + weight, 0);
    let at = 0;
    for (let draw = random.unit() * total - (left[0]?.weight ?? 0); draw >= 0 && at < left.length - 1; at++) {
      draw -= left[at + 1]?.weight ?? 0;
    }
    order.push(...left.splice(at, 1));
  }
  return order;
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

const inAllowedRegion = ({ region }: Upstream, { team }: Consumer, config: Config): boolean => {
  const allowed = team === undefined ? undefined : config.teams[team]?.regions;
  return allowed === undefined || (region !== undefined && allowed.includes(region));
};

const unknownModel = (model: string, consumer: Consumer, config: Config): string =>
  `The model ${JSON.stringify(model.slice(0, 80))} does not exist. ${names(consumer, config)}`;

/** Only names that this consumer may use: what others have is not told. */
const names = (consumer: Consumer, config: Config): string => {
  const allowed = Object.keys(config.models).filter((name) => mayUse(consumer, name, config));
  return allowed.length === 0 ? 'This key may use no model.' : `This key may use: ${allowed.join(', ')}.`;
};
