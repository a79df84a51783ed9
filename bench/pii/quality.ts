import { readFileSync, writeFileSync } from 'node:fs';
import { scanPii } from '../../plugins/policies/pii/scan.ts';
import { corpus, type MarkedText, ownMessages } from './corpora.ts';

/** How often a type was found, missed, and seen where it is not. A span counts as found when one of its type overlaps it. */
export interface Score {
  found: number;
  missed: number;
  wrong: number;
}

/** Scores by type. Types that the texts never mark are not counted as wrong: they may be there. */
export const score = (texts: readonly MarkedText[]): Map<string, Score> => {
  const scores = new Map<string, Score>();
  for (const { spans } of texts)
    for (const { type } of spans) scores.set(type, scores.get(type) ?? { found: 0, missed: 0, wrong: 0 });
  for (const { text, spans } of texts) {
    const seen = scanPii(text);
    const overlaps = (a: { start: number; end: number; type: string }, b: typeof a): boolean =>
      a.type === b.type && a.start < b.end && b.start < a.end;
    for (const span of spans) {
      const it = scores.get(span.type);
      if (it && seen.some((other) => overlaps(span, other))) it.found++;
      else if (it) it.missed++;
    }
    for (const span of seen) {
      const it = scores.get(span.type);
      if (it && !spans.some((other) => overlaps(span, other))) it.wrong++;
    }
  }
  return scores;
};

export const sumOf = (scores: Iterable<Score>): Score => {
  const sum = { found: 0, missed: 0, wrong: 0 };
  for (const { found, missed, wrong } of scores) {
    sum.found += found;
    sum.missed += missed;
    sum.wrong += wrong;
  }
  return sum;
};

export const recall = ({ found, missed }: Score): number => found / (found + missed);
export const precision = ({ found, wrong }: Score): number => found / (found + wrong);
export const f1 = (it: Score): number => (2 * it.found) / (2 * it.found + it.missed + it.wrong);

const percent = (value: number): string => (Number.isNaN(value) ? '–' : (100 * value).toFixed(1));

const rowOf = (name: string, it: Score): string =>
  `| ${name} | ${it.found + it.missed} | ${percent(recall(it))} | ${percent(precision(it))} | ${percent(f1(it))} |`;

const table = (scores: ReadonlyMap<string, Score>): string =>
  [
    '| type | marked | recall % | precision % | F1 % |',
    '|---|---|---|---|---|',
    ...[...scores].sort(([a], [b]) => (a < b ? -1 : 1)).map(([type, it]) => rowOf(type, it)),
    rowOf('**all**', sumOf(scores.values())),
  ].join('\n');

/** How many texts have a secret or password found in them. */
const flagged = (texts: readonly MarkedText[]): number =>
  texts.filter(({ text }) => scanPii(text).some(({ type }) => type === 'SECRET')).length;

const secretLines = (texts: readonly MarkedText[], benign: readonly MarkedText[]): string => {
  const keys = texts.filter(({ label }) => label === 1);
  const harmless = texts.filter(({ label }) => label === 0);
  return [
    '| secrets | texts | flagged |',
    '|---|---|---|',
    `| keys of 14 kinds in 10 contexts | ${keys.length} | ${flagged(keys)} |`,
    `| digests, UUIDs, placeholders, publishable keys | ${harmless.length} | ${flagged(harmless)} |`,
    `| ordinary prompts | ${benign.length} | ${flagged(benign)} |`,
  ].join('\n');
};

const start = '<!-- quality: written by bench/pii/quality.ts -->';
const end = '<!-- end of quality -->';

const report = (): string | undefined => {
  const dev = corpus('pii/dev.jsonl');
  const secrets = corpus('pii/secrets.jsonl');
  const benign = corpus('injection/benign_public.jsonl');
  if (!dev || !secrets || !benign) return undefined;
  return [
    `Development split (${dev.length} texts; templates that the tagger has seen, values that it has not all seen):`,
    table(score(dev)),
    `Messages of our own in other styles (\`bench/pii/messages.txt\`, ${ownMessages().length} texts, 12 languages):`,
    table(score(ownMessages())),
    secretLines(secrets, benign),
  ].join('\n\n');
};

if (import.meta.main) {
  const text = report();
  if (text === undefined) {
    console.error('The shared data is not there; NEXUS_DATA names its folder.');
    process.exitCode = 1;
  } else {
    console.log(text);
    const path = new URL('../../docs/pii.md', import.meta.url);
    const page = readFileSync(path, 'utf8');
    const [before = '', after = ''] = [page.slice(0, page.indexOf(start)), page.slice(page.indexOf(end))];
    writeFileSync(path, `${before}${start}\n\n${text}\n\n${after}`);
  }
}
