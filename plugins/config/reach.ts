import type { CandidateConfig, Config, ModelConfig } from './schema.ts';

/** The regions that callers may use; every one when undefined. */
export type Regions = readonly string[] | undefined;

/** The upstreams of a model that can be among the `maxAttempts` tried for callers of these regions. */
export const reachable = (
  { pick, candidates, fallback, maxAttempts }: ModelConfig,
  { regions, config }: { readonly regions: Regions; readonly config: Config },
): CandidateConfig[] => {
  const lies = (candidate: CandidateConfig) => liesIn(candidate, regions, config);
  const first = candidates.filter(lies);
  const next = fallback.filter(lies);
  if (pick === 'ordered') return [...first, ...next].slice(0, maxAttempts);
  const drawn = first.filter(({ weight }) => weight > 0); // in any order, so each of them can be the first
  return [...drawn, ...next.slice(0, Math.max(0, maxAttempts - drawn.length))];
};

const liesIn = ({ provider }: CandidateConfig, regions: Regions, { providers }: Config): boolean => {
  if (regions === undefined) return true;
  const region = Object.hasOwn(providers, provider) ? providers[provider]?.region : undefined;
  return region !== undefined && regions.includes(region);
};
