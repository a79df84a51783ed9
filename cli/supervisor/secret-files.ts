import { resolve } from 'node:path';
import type { Config } from '../../plugins/config/schema.ts';
import { secretFiles } from '../../plugins/config/secrets.ts';
import { watchFile } from './config-file.ts';

/** Watches the files that hold secrets, so that one can be changed without a restart. */
export class SecretFiles {
  readonly #onChange: () => void;
  #stops: readonly (() => void)[] = [];

  constructor(onChange: () => void) {
    this.#onChange = onChange;
  }

  /** Watches the files of this configuration instead of those before. */
  follow(config: Config): void {
    this.stop();
    const files = new Set(secretFiles(config).map((file) => resolve(file)));
    this.#stops = [...files].map((file) => watchFile(file, this.#onChange));
  }

  stop(): void {
    for (const stop of this.#stops) stop();
    this.#stops = [];
  }
}
