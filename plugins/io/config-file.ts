import { readFileSync } from 'node:fs';
import { type LoadedConfig, loadConfig, type RefusedConfig } from '../config/load.ts';
import type { SecretSources } from '../config/secrets.ts';

/** Secrets of this machine: the environment and the files of this process. */
export const machineSecrets: SecretSources = {
  env: process.env,
  readFile: (path) => readFileSync(path, 'utf8'),
};

/** Reads the nexus.yaml at `file`, with this machine's secrets. Throws what the file system throws. */
export const loadConfigFile = (file: string): LoadedConfig | RefusedConfig =>
  loadConfig(readFileSync(file, 'utf8'), { file, ...machineSecrets });
