import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { scanPii } from '../../plugins/policies/pii/scan.ts';
import { corpus, ownMessages } from './corpora.ts';
import { f1, precision, recall, type Score, score, sumOf } from './quality.ts';

const none: Score = { found: 0, missed: 0, wrong: 0 };

/** Everything found in texts as one short value: it changes with a finding, not with how fast it was found. */
const digest = (texts: readonly { readonly text: string }[]): string =>
  createHash('sha256')
    .update(JSON.stringify(texts.map(({ text }) => scanPii(text))))
    .digest('hex')
    .slice(0, 16);

describe('quality', () => {
  it('holds on messages in styles that the tagger was not trained on', () => {
    const scores = score(ownMessages());
    expect(f1(sumOf(scores.values()))).toBeGreaterThan(0.88);
    expect(recall(scores.get('PERSON') ?? none)).toBeGreaterThan(0.92);
    expect(recall(scores.get('ADDRESS') ?? none)).toBeGreaterThan(0.9);
  });

  // After new weights or rules, and only then, write down the new values.
  it('finds what it found before', () => expect(digest(ownMessages())).toBe('ab22c35e79311b66'));
  it.skipIf(!corpus('pii/dev.jsonl'))('finds what it found before in the development split', () =>
    expect(digest(corpus('pii/dev.jsonl') ?? [])).toBe('e95d3a2f9f6fa0d3'),
  );

  const dev = corpus('pii/dev.jsonl');
  it.skipIf(!dev)('holds on the development split (skipped without ../shared/data, see NEXUS_DATA)', () => {
    const scores = score(dev ?? []);
    expect(f1(sumOf(scores.values()))).toBeGreaterThan(0.97);
    for (const type of ['CARD', 'IBAN', 'SSN', 'EMAIL', 'IP', 'MAC']) {
      expect([type, recall(scores.get(type) ?? none)]).toEqual([type, 1]);
      expect([type, precision(scores.get(type) ?? none)]).toEqual([type, 1]);
    }
  });
});
