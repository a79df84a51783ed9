import { join } from 'node:path';
import { findEnvoy } from '../envoy-binary.ts';
import { Failure } from './failure.ts';

const cacheDir = join(import.meta.dirname, '../../.cache');

/** Path of an Envoy that takes our configuration, downloaded once if need be. Throws a `Failure` that says what helps. */
export const bringEnvoy = async (log: (line: string) => void): Promise<string> => {
  try {
    return await findEnvoy({ cacheDir, env: process.env, log });
  } catch (cause) {
    throw new Failure(cause instanceof Error ? cause.message : String(cause));
  }
};
