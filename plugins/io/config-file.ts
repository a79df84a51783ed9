import { readFileSync } from 'node:fs';
import type { Catalog } from '../catalog/catalog.ts';
import { type LoadedConfig, loadConfig, type RefusedConfig } from '../config/load.ts';
import { formatProblem } from '../config/problem.ts';
import { resolveSecrets, type SecretSources } from '../config/secrets.ts';
import type { GatewayConfig } from '../gateway.ts';
import { builtinCatalog } from './catalog.ts';
import { authorizersFor } from './credentials/authorizers.ts';

/** What this machine adds to a configuration: secrets of its environment and files, and the public prices. */
export const machineSecrets: SecretSources & { readonly catalog: () => Catalog } = {
  catalog: builtinCatalog,
  env: process.env,
  readFile: (path) => readFileSync(path, 'utf8'),
};

/** Reads the nexus.yaml at `file`, with this machine's secrets. Throws what the file system throws. */
export const loadConfigFile = (file: string): LoadedConfig | RefusedConfig =>
  loadConfig(readFileSync(file, 'utf8'), { file, ...machineSecrets });

/** The configuration in `file` with its secrets, or why it may not be served, one line a problem. */
export const loadGatewayConfig = (file: string): GatewayConfig | { readonly problems: readonly string[] } => {
  try {
    const loaded = loadConfigFile(file);
    if ('problems' in loaded) return { problems: loaded.problems.map(formatProblem) };
    const secrets = resolveSecrets(loaded.config, machineSecrets);
    return { ...loaded, secrets, authorizers: authorizersFor(loaded.config, secrets) };
  } catch (cause) {
    return { problems: [`${file}: ${cause instanceof Error ? cause.message : String(cause)}`] };
  }
};
