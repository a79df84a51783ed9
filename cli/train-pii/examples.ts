import { listBits, lists } from '../../plugins/policies/pii/names/gazetteer.ts';
import { beginOf, tagged } from '../../plugins/policies/pii/names/labels.ts';
import { segmentsOf, signsOf } from '../../plugins/policies/pii/names/tagger.ts';
import { tokenKinds } from '../../plugins/policies/pii/token-kinds.ts';
import { type Token, tokenize } from '../../plugins/policies/pii/tokens.ts';
import type { Example } from './crf.ts';
import type { Row } from './synthesis.ts';

/** The segments of a row whose names are all known. */
export const examplesOf = ({ text, spans }: Row): Example[] => {
  const tokens = tokenize(text);
  return cut(text, tokens, mark(tokens, spans, new Uint8Array(tokens.length)));
};

const mark = (tokens: readonly Token[], spans: Row['spans'], labels: Uint8Array): Uint8Array => {
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
  return labels;
};

/**
 * The segments of a text of whose names only those of `spans` are marked. Another capital that is no common word is
 * unknown beside a word of the lists of names and beside another such capital; whatever else there is counts as none.
 */
export const partialExamplesOf = ({ text, spans }: Row, common: ReadonlySet<string>): Example[] => {
  const tokens = tokenize(text);
  const named = tokens.map((token) => mayName(token, common));
  const rare = tokens.map(
    (token) => token.kind === tokenKinds.word && token.capital && !common.has(token.lower),
  );
  const labels = Uint8Array.from(tokens, (token, at) => {
    if (common.has(token.lower) || token.kind === tokenKinds.line) return 0;
    const near =
      [at - 2, at - 1, at, at + 1, at + 2].some((other) => named[other]) ||
      (rare[at] && (rare[at - 1] || rare[at + 1]));
    return (token.capital || token.kind === tokenKinds.mark) && near ? 255 : 0;
  });
  return cut(text, tokens, mark(tokens, spans, labels));
};

const { first, last, place, company, street, title } = lists;
const nameBits = first.bit | last.bit | place.bit | company.bit | street.bit | title.bit;

const mayName = ({ kind, capital, lower }: Token, common: ReadonlySet<string>): boolean =>
  kind === tokenKinds.word && capital && !common.has(lower) && (listBits(lower) & nameBits) !== 0;

const cut = (text: string, tokens: readonly Token[], labels: Uint8Array): Example[] =>
  segmentsOf(tokens).map((segment) => ({
    signs: signsOf(text, tokens, segment),
    labels: begun(labels.slice(segment.from, segment.to)),
  }));

/** A name of which a segment holds only the end begins there. */
const begun = (labels: Uint8Array): Uint8Array => {
  const [first = 0] = labels;
  if (first !== 0 && first !== 255 && first % 2 === 0) labels[0] = first - 1;
  return labels;
};
