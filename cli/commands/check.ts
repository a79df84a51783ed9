import { defineCommand } from 'citty';
import type { LoadedConfig } from '../../plugins/config/load.ts';
import { formatProblem } from '../../plugins/config/problem.ts';
import { readConfig } from '../config.ts';
import type { ExitCode } from '../run.ts';

export default defineCommand({
  meta: { description: 'Validate a nexus.yaml' },
  args: {
    file: { type: 'positional', required: true, description: 'The nexus.yaml to check' },
    json: { type: 'boolean', description: 'Print problems and warnings as a JSON list' },
  },
  run: ({ args }): ExitCode => {
    const loaded = readConfig(args.file);
    const found = 'problems' in loaded ? loaded.problems : loaded.warnings;
    if (args.json) console.log(JSON.stringify(found, null, 2));
    else for (const problem of found) console.error(formatProblem(problem));
    if ('problems' in loaded) return 1;
    if (!args.json) console.log(summary(loaded));
    return 0;
  },
});

const summary = ({ config, digest }: LoadedConfig): string => {
  const counts = [
    counted(Object.keys(config.providers).length, 'provider'),
    counted(Object.keys(config.models).length, 'model'),
    counted(Object.keys(config.teams).length, 'team'),
    counted(config.keys.length, 'key'),
  ];
  return `ok: ${counts.join(', ')} (${digest})`;
};

const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;
