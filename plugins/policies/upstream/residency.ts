import type { Consumer, Note } from '../../exchange.ts';

/** What of the configuration says where requests may go. */
export interface ResidencyConfig {
  readonly teams: Readonly<
    Record<
      string,
      { readonly regions?: readonly string[] | undefined; readonly dataClasses?: DataClasses | undefined }
    >
  >;
  readonly dataClasses: DataClasses;
}

type DataClasses = Readonly<Record<string, readonly string[]>>;

/** Where one request may go. */
export interface Residency {
  /** Of the caller's team; every region when undefined. */
  readonly team: readonly string[] | undefined;
  /** Regions that the classes of data found in the request leave; every region when undefined. */
  readonly data: readonly string[] | undefined;
  /** The classes that confine it. */
  readonly classes: readonly string[];
}

/** Classes of data that policies have found so far. */
export const foundClasses = (notes: readonly Note[]): readonly string[] => {
  if (notes.length === 0) return none;
  const found = notes.flatMap(({ facts: { dataClasses } }) =>
    Array.isArray(dataClasses) ? dataClasses : [],
  );
  return [...new Set(found.filter((it) => typeof it === 'string'))];
};

const none: readonly string[] = [];

/** The regions of the team, and those that every class found allows, both for the team and for all. */
export const residencyOf = (
  { team }: Consumer,
  classes: readonly string[],
  config: ResidencyConfig,
): Residency => {
  const settings = team !== undefined && Object.hasOwn(config.teams, team) ? config.teams[team] : undefined;
  const lists = classes.flatMap((name) =>
    [config.dataClasses, settings?.dataClasses ?? {}].flatMap((from) =>
      Object.hasOwn(from, name) ? [{ name, regions: from[name] ?? [] }] : [],
    ),
  );
  const [first, ...others] = lists.map(({ regions }) => regions);
  return {
    team: settings?.regions,
    data: first?.filter((region) => others.every((it) => it.includes(region))),
    classes: [...new Set(lists.map(({ name }) => name))],
  };
};

/** Why an upstream in this region may not be asked; undefined when it may. A provider without a region is nowhere. */
export const residencyBar = (
  region: string | undefined,
  { team, data }: Residency,
): 'region' | 'data-class-region' | undefined => {
  if (team !== undefined && (region === undefined || !team.includes(region))) return 'region';
  if (data !== undefined && (region === undefined || !data.includes(region))) return 'data-class-region';
  return undefined;
};

/** Every region to which the request may go; undefined when it may go to all. */
export const allowedRegions = ({ team, data }: Residency): readonly string[] | undefined => {
  if (team === undefined || data === undefined) return team ?? data;
  return team.filter((region) => data.includes(region));
};

/** For the caller: what confines the request. Names its own team's regions and nothing of others. */
export const residencyMessage = (residency: Residency): string => {
  const regions = allowedRegions(residency) ?? [];
  const what =
    residency.classes.length > 0
      ? `A request with data of the class ${residency.classes.join(', ')} may go to`
      : 'This key may use';
  const where = regions.length === 0 ? 'no region' : `the region ${regions.join(', ')} only`;
  return `${what} ${where}. No upstream of this model lies there.`;
};
