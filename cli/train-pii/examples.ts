import { beginOf, tagged } from '../../plugins/policies/pii/names/labels.ts';
import { segmentsOf, signsOf } from '../../plugins/policies/pii/names/tagger.ts';
import { type Token, tokenize, tokenKinds } from '../../plugins/policies/pii/tokens.ts';
import type { Example } from './perceptron.ts';
import type { Row } from './synthesis.ts';

/** The segments of a row whose names are all known. */
export const examplesOf = ({ text, spans }: Row): Example[] => {
  const tokens = tokenize(text);
  const labels = new Uint8Array(tokens.length);
  for (const { start, end, type } of spans) {
    const entity = tagged.findIndex((name) => name.toUpperCase() === type);
    if (entity === -1) continue;
    let label = beginOf(entity);
    tokens.forEach((token, at) => {
      if (token.start >= end || token.end <= start) return;
      labels[at] = label;
      label = beginOf(entity) + 1;
    });
  }
  return cut(text, tokens, labels);
};

/**
 * The segments of a text whose names nobody has marked: words that also stand in small letters elsewhere, and marks
 * between them, are known to be none; the rest is unknown.
 */
export const partialExamplesOf = (text: string, common: ReadonlySet<string>): Example[] => {
  const tokens = tokenize(text);
  const labels = Uint8Array.from(tokens, (token, at) => (isUnknown(token, tokens[at - 1], common) ? 255 : 0));
  return cut(text, tokens, labels).filter(({ labels: known }) => known.some((label) => label === 0));
};

const isUnknown = ({ kind, capital, lower }: Token, before: Token | undefined, common: ReadonlySet<string>): boolean => {
  if (kind === tokenKinds.number || kind === tokenKinds.mixed) return true;
  if (kind !== tokenKinds.word) return before?.capital === true && !common.has(before.lower);
  return capital ? !common.has(lower) : !common.has(lower);
};

const cut = (text: string, tokens: readonly Token[], labels: Uint8Array): Example[] =>
  segmentsOf(tokens).map((segment) => ({
    signs: signsOf(text, tokens, segment),
    labels: labels.slice(segment.from, segment.to),
  }));
