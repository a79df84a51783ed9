import type { PiiConfig } from './config.ts';
import { customFinders } from './custom.ts';
import type { Finder, Finding } from './finding.ts';
import { findPii } from './scan.ts';

/** Texts to scan, and what the operator looks for besides. Can be copied to another thread. */
export interface PiiJob extends Pick<PiiConfig, 'patterns' | 'words'> {
  readonly texts: readonly string[];
}

/** Name of the job where tasks of other threads have names. */
export const piiTask = 'pii';

/** What each text holds, on a thread that has nothing else to do. */
export const scanAll = ({ texts, patterns, words }: PiiJob): Finding[][] => {
  const finders = findersOf({ patterns, words });
  return texts.map((text) => findPii(text, finders));
};

let made: { readonly key: string; readonly finders: readonly Finder[] } | undefined;

/** Finders of the configuration that was asked for last: it seldom changes. */
const findersOf = (config: Pick<PiiConfig, 'patterns' | 'words'>): readonly Finder[] => {
  const key = JSON.stringify(config);
  if (made?.key !== key) made = { key, finders: customFinders(config) };
  return made.finders;
};
