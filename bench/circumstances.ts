import { execFile } from 'node:child_process';
import { availableParallelism, cpus, loadavg, release, type } from 'node:os';
import { promisify } from 'node:util';
import type { BenchHost } from './hosts.ts';

/** Where and how it was measured. */
export interface Circumstances {
  readonly cpu: string;
  readonly cores: number;
  readonly system: string;
  readonly loadAverage: number;
  readonly node: string;
  /** The proxy and how it runs. */
  readonly host: string;
  /** What its variants are, as lines of Markdown. */
  readonly variantsText: readonly string[];
  readonly commit: string;
  readonly date: string;
  readonly command: string;
  readonly rounds: number;
  readonly seconds: number;
  readonly workers: number;
}

/** This machine, these programs, and how they are used. */
export const describeCircumstances = async (
  { rounds, seconds, workers, command }: Pick<Circumstances, 'rounds' | 'seconds' | 'workers' | 'command'>,
  host: Pick<BenchHost, 'text' | 'variantsText'>,
): Promise<Circumstances> => ({
  cpu: cpus()[0]?.model.trim() ?? 'unknown',
  cores: availableParallelism(),
  system: `${type()} ${release()}`,
  loadAverage: loadavg()[0] ?? Number.NaN,
  node: process.versions.node,
  host: host.text,
  variantsText: host.variantsText,
  commit: (await outputOf('git', ['describe', '--always', '--dirty'])) || 'unknown',
  date: new Date().toISOString().slice(0, 10),
  ...{ rounds, seconds, workers, command },
});

/** What a program prints; nothing when it fails. */
const outputOf = (program: string, args: readonly string[]): Promise<string> =>
  promisify(execFile)(program, [...args], { cwd: import.meta.dirname }).then(
    ({ stdout }) => stdout.trim(),
    () => '',
  );
