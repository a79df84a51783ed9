import type { CandidateConfig, Config, ModelConfig } from './schema.ts';

/** The regions that callers may use; every one when undefined. */
export type Regions = readonly string[] | undefined;

/** The upstreams of a model that can be among the `maxAttempts` tried for callers of these regions, mirrors apart. */
export const reachable = (
  model: ModelConfig,
  { regions, config }: { readonly regions: Regions; readonly config: Config },
): CandidateConfig[] => {
  const { pick, sticky, candidates, fallback, peak, capture, maxAttempts } = model;
  const may = (candidate: CandidateConfig) =>
    liesIn(candidate, regions, config) && isGood(candidate, model.minQuality);
  const first = candidates.filter(may);
  const next = fallback.filter(may);
  const elsewhere = [peak?.use ?? [], ...capture.map(({ use }) => use)].flatMap((use) =>
    use.filter(may).slice(0, maxAttempts),
  );
  if (pick === 'ordered' && sticky === undefined)
    return [...[...first, ...next].slice(0, maxAttempts), ...elsewhere];
  const drawn = first.filter(({ weight }) => weight > 0); // in any order, so each of them can be the first
  return [...drawn, ...next.slice(0, Math.max(0, maxAttempts - drawn.length)), ...elsewhere];
};

const liesIn = ({ provider }: CandidateConfig, regions: Regions, { providers }: Config): boolean => {
  if (regions === undefined) return true;
  const region = Object.hasOwn(providers, provider) ? providers[provider]?.region : undefined;
  return region !== undefined && regions.includes(region);
};

const isGood = ({ quality }: CandidateConfig, minQuality: number | undefined): boolean =>
  minQuality === undefined || (quality ?? -1) >= minQuality;
