import { RE2JS } from 're2js';
import type { PiiConfig } from './config.ts';
import type { Finder, Finding, Page } from './finding.ts';
import { tokenize } from './tokens.ts';

/** Finders for an operator's own patterns (RE2: linear whatever the pattern) and words. */
export const customFinders = ({ patterns, words }: Pick<PiiConfig, 'patterns' | 'words'>): Finder[] => [
  ...patterns.map(({ name, pattern }) => patternFinder(name, pattern)),
  ...words.map(({ name, words: listed }) => wordFinder(name, listed)),
];

/** Nobody's own rule is doubted. */
const confidence = 1;

const patternFinder = (label: string, pattern: string): Finder => {
  const compiled = RE2JS.compile(pattern);
  return ({ text }) => {
    const found: Finding[] = [];
    const matcher = compiled.matcher(text);
    while (matcher.find()) {
      const [start, end] = [matcher.start(), matcher.end()];
      if (end > start) found.push({ start, end, type: 'custom', confidence, label });
    }
    return found;
  };
};

/** Phrases by their first word, so that a text is read once however many there are. */
const wordFinder = (label: string, listed: readonly string[]): Finder => {
  const phrases = Map.groupBy(
    listed.map((phrase) => tokenize(phrase).map(({ lower }) => lower)),
    ([first = '']) => first,
  );
  return (page) =>
    page.tokens.flatMap(({ lower }, at) =>
      (phrases.get(lower) ?? []).flatMap((phrase) => {
        const found = phraseAt(page, at, phrase);
        return found ? [{ ...found, type: 'custom' as const, confidence, label }] : [];
      }),
    );
};

const phraseAt = (
  { tokens }: Page,
  at: number,
  phrase: readonly string[],
): { start: number; end: number } | undefined => {
  if (!phrase.every((word, index) => tokens[at + index]?.lower === word)) return undefined;
  const [first, last] = [tokens[at], tokens[at + phrase.length - 1]];
  return first && last && { start: first.start, end: last.end };
};
