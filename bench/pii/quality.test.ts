import { describe, expect, it } from 'vitest';
import { corpus, ownMessages } from './corpora.ts';
import { f1, precision, recall, type Score, score, sumOf } from './quality.ts';

const none: Score = { found: 0, missed: 0, wrong: 0 };

describe('quality', () => {
  it('holds on messages in styles that the tagger was not trained on', () => {
    const scores = score(ownMessages());
    expect(f1(sumOf(scores.values()))).toBeGreaterThan(0.88);
    expect(recall(scores.get('PERSON') ?? none)).toBeGreaterThan(0.92);
    expect(recall(scores.get('ADDRESS') ?? none)).toBeGreaterThan(0.9);
  });

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
