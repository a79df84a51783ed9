import { fold } from '../../../text/fold.ts';
import { emptyHash, nextHash } from '../../../text/hash.ts';
import { ConceptFinder } from '../concepts.ts';
import { bucketCount } from '../features.ts';
import { normalised, type Thresholds } from '../model.ts';
import { ownSource } from './augment.ts';
import type { TrainingRow } from './rows.ts';
import {
  fitLinear,
  foldOf,
  folds,
  type HeldOut,
  isBare,
  isOrdinaryChat,
  isOrdinaryDocument,
  type Linear,
  quantile,
  type Sample,
  sumOf,
} from './train.ts';

/** What the plain model says of each held-out row, and its thresholds. */
export interface Baseline {
  readonly heldOut: readonly HeldOut[];
  readonly thresholds: Thresholds;
}

/**
 * A plain model to compare with, as one writes it in an hour: hashed character 3–5-grams, words and pairs of words, fifteen
 * concepts, a few flags of structure, logistic regression, one threshold at 1 % of ordinary chat and one at 1 % of
 * documents. It learns from the files alone. Rows of files are scored by a model that saw nothing of their source, rows of
 * our grammars by the model of all files.
 */
export const baseline = (rows: readonly HeldOut[]): Baseline => {
  const windows = rows.map(({ row }) => windowsOf(row));
  const scores = rows.map(() => Number.NEGATIVE_INFINITY);
  for (let left = 0; left <= folds; left++) {
    const isScored = (at: number) => foldOfRow(rows[at] as HeldOut) === left;
    const model = fitLinear(samplesOf(rows, windows, isScored));
    rows.forEach((_, at) => {
      if (isScored(at)) scores[at] = best(windows[at] ?? [], model);
    });
  }
  const heldOut = rows.map((it, at) => ({ ...it, user: scores[at] ?? 0, tool: scores[at] ?? 0 }));
  return { heldOut, thresholds: thresholdsFor(heldOut) };
};

/** The model that scores a row: what it learns from is everything but that fold; the last one learns from all files. */
const foldOfRow = ({ row, group }: HeldOut): number => (row.source === ownSource ? folds : foldOf(group));

const thresholdsFor = (heldOut: readonly HeldOut[]): Thresholds => {
  const chat = heldOut.filter(({ row }) => isOrdinaryChat(row)).map((it) => it.user);
  const documents = heldOut.filter(({ row }) => isOrdinaryDocument(row)).map((it) => it.tool);
  const [user, tool] = [quantile(chat, 0.01), quantile(documents, 0.01)];
  return { user: [user, user, user, user], userWindow: Infinity, tool: [tool, tool, tool], bare: Infinity };
};

const samplesOf = (
  rows: readonly HeldOut[],
  windows: readonly (readonly Window[])[],
  isLeftOut: (at: number) => boolean,
): Sample[] =>
  rows.flatMap(({ row }, at) => {
    if (row.source === ownSource || isBare(row) || isLeftOut(at)) return [];
    return (windows[at] ?? [])
      .filter((it) => !row.span || covers(it, row.span))
      .map(({ buckets }) => ({ buckets, label: row.label, weight: 1, row: at }));
  });

const covers = ({ from, to }: Window, [start, end]: readonly [number, number]): boolean =>
  Math.min(to, end) - Math.max(from, start) >= 0.7 * Math.min(end - start, to - from);

interface Window {
  readonly buckets: Uint32Array;
  readonly from: number;
  readonly to: number;
}

const windowWords = 24;

/** A turn as a whole, a document in windows that overlap by half. */
const windowsOf = ({ text, channel }: TrainingRow): Window[] => {
  const words = [...text.matchAll(/\S+/g)];
  const step = windowWords / 2;
  if (channel === 'user' || words.length <= windowWords)
    return [{ buckets: bucketsOf(fold(text).text), from: 0, to: text.length }];
  return Array.from({ length: Math.ceil(words.length / step) - 1 }, (_, at) => {
    const from = words[at * step]?.index ?? 0;
    const to = words[(at + 2) * step]?.index ?? text.length;
    return { buckets: bucketsOf(fold(text.slice(from, to)).text), from, to };
  });
};

const hashOf = (text: string, seed: number): number => {
  let hash = emptyHash ^ seed;
  for (let at = 0; at < text.length; at++) hash = nextHash(hash, text.charCodeAt(at));
  return (Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d) >>> 8) % bucketCount;
};

const bucketsOf = (text: string): Uint32Array => {
  const found = new Set<number>();
  for (let at = 0; at < text.length; at++) {
    for (const length of [3, 4, 5])
      if (at + length <= text.length) found.add(hashOf(text.slice(at, at + length), 1));
  }
  const words: readonly string[] = text.match(/[\p{L}\p{M}\p{N}]+/gu) ?? [];
  words.forEach((word, at) => {
    found.add(hashOf(word, 2));
    if (at > 0) found.add(hashOf(`${words[at - 1]} ${word}`, 3));
  });
  const concepts = [...conceptsOf(text)];
  for (const one of concepts) for (const other of concepts) found.add(hashOf(`${one} ${other}`, 4));
  flags.forEach((flag, at) => {
    if (flag.test(text)) found.add(hashOf(`${at}`, 5));
  });
  return Uint32Array.from(found);
};

const finder = new ConceptFinder();

/** The first fifteen concepts: what overrides, leaks and personas are made of. */
const conceptsOf = (text: string): Set<number> => {
  finder.read(
    Uint16Array.from(`${text}      `, (it) => it.charCodeAt(0)),
    text.length,
  );
  const found = new Set<number>();
  for (const { index } of text.matchAll(/(?<![\p{L}\p{N}])\p{L}|[\u0e00-\u9fff]/gu)) {
    const concept = finder.at(index) & 63;
    if (concept > 0 && concept <= 15) found.add(concept);
  }
  return found;
};

const flags: readonly RegExp[] = [
  /^[\s#>*[]*(?:system|user|assistant|human)\b[^\n]{0,12}:/m,
  /<\|\w+\|>|\[\/?inst\]|<<sys>>/,
  /```|"""|###|---|===/,
  /<!--/,
  /^.{0,40}$/s,
  /.{600}/s,
  /\?\s*$/,
  /["“”«»]/,
];

const best = (windows: readonly Window[], { weights, bias }: Linear): number =>
  Math.max(...windows.map(({ buckets }) => bias + normalised(sumOf(weights, buckets), buckets.length)));
