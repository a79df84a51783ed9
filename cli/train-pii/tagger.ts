import { packWeights } from '../../plugins/policies/pii/names/pack.ts';
import { chanceOf } from './chance.ts';
import { quantise, train } from './crf.ts';
import { examplesOf, partialExamplesOf } from './examples.ts';
import { plainRows, type Row, recase, synthesise, withName } from './synthesis.ts';

export interface TrainingFiles {
  /** JSON lines: `text`, and `spans` with offsets in code points and a `type`. */
  readonly rows: string;
  /** JSON lines: `text`, names in it unmarked. */
  readonly plain: string;
  readonly log: (line: string) => void;
}

const seed = 20_261_128;
/** Rows made from templates, how often the plain lines come, and unmarked texts taken. */
const sizes = { made: 50_000, plainTimes: 12, unmarked: 8_000, epochs: 4 };

/** The packed weights of a tagger trained on these files. */
export const trainTagger = ({ rows, plain, log }: TrainingFiles): string => {
  const chance = chanceOf(seed);
  const marked = rows.trim().split('\n').map(rowOf);
  const pools = poolsOf(marked);
  const made = synthesise(pools, { count: sizes.made, chance });
  const plainTexts = Array.from({ length: sizes.plainTimes }, () => plainRows(chance)).flat();
  const full = [...marked.map((row) => recase(row, chance)), ...made, ...plainTexts].flatMap(examplesOf);
  const texts = plain
    .trim()
    .split('\n')
    .map((line) => textOf(line));
  const common = commonWords(texts);
  const step = Math.max(1, Math.floor(texts.length / sizes.unmarked));
  const partial = texts
    .filter((_, at) => at % step === 0)
    .map((text) => text.slice(0, 1200))
    .map((text): Row => {
      const roll = chance();
      if (roll < 0.55) return withName(text, pools, chance);
      return { text: roll < 0.75 ? titled(text.slice(0, 300), common) : text, spans: [] };
    })
    .flatMap((row) => partialExamplesOf(row, common));
  log(`${full.length} segments with all names known, ${partial.length} with some`);
  const weights = train([...full, ...partial], { epochs: sizes.epochs, rate: 0.15, decay: 1e-4, seed, log });
  const small = quantise(weights);
  log(`${small.features.filter((value) => value !== 0).length} weights, one unit is ${small.scale}`);
  return packWeights(small);
};

/** Every common word with a capital: headings, lists, names of dishes and products name nobody. */
const titled = (text: string, common: ReadonlySet<string>): string =>
  text.replace(/\p{L}[\p{L}'’-]*/gu, (word) =>
    common.has(word) ? word.charAt(0).toUpperCase() + word.slice(1) : word,
  );

interface MarkedLine {
  readonly text: string;
  readonly spans: readonly { readonly start: number; readonly end: number; readonly type: string }[];
}

const rowOf = (line: string): Row => {
  const { text, spans } = JSON.parse(line) as MarkedLine;
  const units = [0];
  for (const sign of text) units.push((units.at(-1) ?? 0) + sign.length);
  return {
    text,
    spans: spans.map((it) => ({ start: units[it.start] ?? 0, end: units[it.end] ?? 0, type: it.type })),
  };
};

const textOf = (line: string): string => (JSON.parse(line) as { text: string }).text;

const poolsOf = (rows: readonly Row[]): Map<string, string[]> => {
  const pools = new Map<string, Set<string>>();
  for (const { text, spans } of rows)
    for (const { start, end, type } of spans)
      pools.set(type, (pools.get(type) ?? new Set()).add(text.slice(start, end)));
  return new Map([...pools].map(([type, values]) => [type, [...values]]));
};

/** Words that stand in small letters at least four times, and more often than with a capital inside of a sentence. */
const commonWords = (texts: readonly string[]): Set<string> => {
  const small = new Map<string, number>();
  const large = new Map<string, number>();
  for (const text of texts) {
    for (const [word] of text.matchAll(/(?<=[a-z,] )\p{L}[\p{L}'’-]*/gu)) {
      const lower = word.toLowerCase();
      const counts = lower === word ? small : large;
      counts.set(lower, (counts.get(lower) ?? 0) + 1);
    }
  }
  return new Set(
    [...small]
      .filter(([word, count]) => count >= 4 && count > 3 * (large.get(word) ?? 0))
      .map(([word]) => word),
  );
};
