import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { findKong, howToGetKong } from '../cli/kong-binary.ts';
import { UsageError } from '../cli/run.ts';
import { bringEnvoy } from '../cli/supervisor/bring-envoy.ts';
import type { Scope } from '../cli/supervisor/supervise.ts';
import { startKongVariant } from './kong-variants.ts';
import {
  envoyVariantNames,
  kongVariantNames,
  startVariant,
  type Variant,
  type VariantOptions,
} from './variants.ts';

/** A proxy that Nexus runs in, found on this machine. */
export interface BenchHost {
  /** `Envoy 1.40.0 with 1 thread`. */
  readonly text: string;
  /** What `plain` and its relatives are. */
  readonly variantsText: readonly string[];
  /** Name of the file in bench/ that a whole run writes. */
  readonly resultsFile: string;
  startVariants(options: VariantOptions, scope: Scope): Promise<Variant[]>;
}

export type BenchHostName = 'envoy' | 'kong';

/** Finds each host. Throws a `Failure` or a `UsageError` where there is none. */
export const benchHosts: Readonly<Record<BenchHostName, () => Promise<BenchHost>>> = {
  envoy: async () => {
    const envoyBinary = await bringEnvoy(console.error);
    return {
      text: `Envoy ${await versionOf(envoyBinary, '--version')} with 1 thread`,
      variantsText: [
        '- `plain`: the same listener, no external processor. `nexus-none`: no policy beyond routing. `nexus`: every policy',
        '  that there is, budgets, guard and personal data too.',
      ],
      resultsFile: 'RESULTS.md',
      startVariants: (options, scope) =>
        oneByOne(envoyVariantNames, (name) => startVariant(name, { ...options, envoyBinary }, scope)),
    };
  },
  kong: async () => {
    const kongCommand = findKong(process.env);
    if (kongCommand === undefined) throw new UsageError(`--host kong: ${howToGetKong}`);
    return {
      text: `Kong ${await versionOf(kongCommand, 'version')} with 1 worker, DB-less`,
      variantsText: [
        '- `kong-plain`: one route to the upstream, no plugin. `kong-nexus-none`: no policy beyond routing. `kong-nexus`:',
        '  every policy that there is, budgets, guard and personal data too. Calls through Nexus pass Kong twice.',
      ],
      resultsFile: 'RESULTS-kong.md',
      startVariants: (options, scope) =>
        oneByOne(kongVariantNames, (name) => startKongVariant(name, { ...options, kongCommand }, scope)),
    };
  },
};

const oneByOne = async <N>(names: readonly N[], start: (name: N) => Promise<Variant>): Promise<Variant[]> => {
  const variants: Variant[] = [];
  for (const name of names) variants.push(await start(name));
  return variants;
};

const versionOf = async (program: string, ...args: readonly string[]): Promise<string> => {
  const output = await promisify(execFile)(program, [...args]).catch(() => ({ stdout: '' }));
  return /\d+\.\d+\.\d+/.exec(output.stdout)?.[0] ?? 'unknown';
};
