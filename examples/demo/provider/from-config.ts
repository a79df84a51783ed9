import { formatProblem } from '../../../plugins/config/problem.ts';
import type { Config } from '../../../plugins/config/schema.ts';
import { resolveSecrets } from '../../../plugins/config/secrets.ts';
import { loadConfigFile, machineSecrets } from '../../../plugins/io/config-file.ts';
import type { ProviderSettings } from './server.ts';

/** A fake in the place of one provider of a nexus.yaml. */
export interface StandIn {
  readonly name: string;
  readonly port: number;
  readonly settings: ProviderSettings;
}

/**
 * Fakes for all providers of the nexus.yaml at `file`: with their ports, dialects, keys and models. `special` adds
 * settings to some. Throws when the file cannot be used.
 */
export const standInsFor = (
  file: string,
  special: Readonly<Record<string, Partial<ProviderSettings>>>,
): StandIn[] => {
  const loaded = loadConfigFile(file);
  if ('problems' in loaded) throw new Error(loaded.problems.map(formatProblem).join('\n'));
  const { config } = loaded;
  const keys = resolveSecrets(config, machineSecrets);
  return Object.entries(config.providers).map(([name, { dialect, baseUrl }]) => {
    const key = keys.get(name);
    const models = modelsAt(name, config);
    if (dialect !== 'openai' && dialect !== 'anthropic')
      throw new Error(`${name}: no fake speaks ${dialect}`);
    return {
      name,
      port: Number(new URL(baseUrl).port),
      settings: { dialect, models, ...(key === undefined ? {} : { key }), ...special[name] },
    };
  });
};

const modelsAt = (provider: string, { models }: Config): string[] => {
  const candidates = Object.values(models).flatMap((model) => [...model.candidates, ...model.fallback]);
  return [...new Set(candidates.filter((it) => it.provider === provider).map(({ model }) => model))];
};
