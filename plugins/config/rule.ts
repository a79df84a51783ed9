import type { Catalog } from '../catalog/catalog.ts';
import type { Finding, Path } from './problem.ts';
import type { Config } from './schema.ts';
import type { SecretSources } from './secrets.ts';

/** What the rules look at. */
export interface RuleContext {
  readonly config: Config;
  /** Does the text itself set this path? Defaults do not count. */
  readonly wrote: (path: Path) => boolean;
  readonly sources: SecretSources;
  /** Wall clock, milliseconds since 1970. */
  readonly epochMs: number;
  /** Public prices; without them prices are not checked. */
  readonly catalog?: () => Catalog;
}

/** One thing to check. */
export type Rule = (context: RuleContext) => Finding[];

export const error = (path: Path, message: string): Finding => ({
  severity: 'error',
  path,
  part: 'value',
  message,
});

export const warning = (path: Path, message: string): Finding => ({
  severity: 'warning',
  path,
  part: 'value',
  message,
});

/** Indexes of the texts that stood before. */
export const repeats = (texts: readonly string[]): number[] =>
  texts.flatMap((text, index) => (texts.indexOf(text) < index ? [index] : []));
