import type { ModelEvent } from '../../plugins/model/events.ts';
import { placeholderOf } from '../../plugins/policies/pii/placeholder.ts';
import { restoreFilter } from '../../plugins/policies/pii/restore.ts';
import { findPii } from '../../plugins/policies/pii/scan.ts';
import { Detector } from '../../plugins/policies/prompt-guard/detector.ts';
import { quantile } from '../statistics.ts';
import { corpus, ownMessages } from './corpora.ts';

/** Texts of about `bytes` made of documents one after another. */
const textsOf = (documents: readonly string[], bytes: number): string[] => {
  const texts: string[] = [];
  let text = '';
  for (const document of documents) {
    text += `${document}\n`;
    if (text.length < bytes) continue;
    texts.push(text.slice(0, bytes));
    text = '';
    if (texts.length === 200) break;
  }
  return texts;
};

/** Milliseconds of CPU, of this process only: other load on the machine counts less. */
const cpuMs = (run: () => void): number => {
  const before = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
};

/** Each text is scanned this often and its shortest time counts: what lies above is other load on the machine. */
const repeats = 8;

const shortestMs = (run: () => void): number => {
  const times = Array.from({ length: repeats }, () => {
    const start = performance.now();
    run();
    return performance.now() - start;
  });
  return Math.min(...times);
};

const scanRow = (name: string, texts: readonly string[]): string => {
  for (const text of texts) findPii(text);
  const usPerKb = texts.map(
    (text) => (1000 * shortestMs(() => findPii(text))) / (Buffer.byteLength(text) / 1024),
  );
  const sorted = usPerKb.sort((a, b) => a - b);
  return `| ${name} | ${texts.length} | ${quantile(sorted, 0.5).toFixed(0)} | ${quantile(sorted, 0.99).toFixed(0)} |`;
};

/** Guard and PII on the same prompt, everything on: milliseconds of a whole prompt. */
const togetherRow = (name: string, texts: readonly string[]): string => {
  const detector = new Detector();
  const judge = (text: string): void => {
    detector.judge(text, 'user', 'balanced');
    findPii(text);
  };
  for (const text of texts) judge(text);
  const sorted = texts.map((text) => shortestMs(() => judge(text))).sort((a, b) => a - b);
  return `| ${name} | ${texts.length} | ${quantile(sorted, 0.5).toFixed(2)} | ${quantile(sorted, 0.99).toFixed(2)} |`;
};

const restoreRow = (name: string, text: string): string => {
  const filter = restoreFilter({
    entries: Array.from({ length: 50 }, (_, at) => ({
      placeholder: placeholderOf('EMAIL', at + 1, 'k7q'),
      value: `user${at}@example.org`,
      type: 'email',
      canRestore: true,
    })),
    textWriting: 'plain',
  });
  const event: ModelEvent = { type: 'text-delta', part: 0, text };
  const events = 200_000;
  const run = () => {
    for (let at = 0; at < events; at++) filter?.push(event);
  };
  run();
  return `| ${name} | ${((1000 * cpuMs(run)) / events).toFixed(2)} |`;
};

const documents = (corpus('injection/documents_benign.jsonl') ?? ownMessages()).map(({ text }) => text);
console.log('| scan | texts | µs per KB, p50 | p99 |\n|---|---|---|---|');
for (const bytes of [512, 2048, 8192, 65_536])
  console.log(scanRow(`${bytes} B of documents`, textsOf(documents, bytes)));
const prompts = (corpus('injection/benign_public.jsonl') ?? ownMessages()).map(({ text }) => text);
console.log('\n| guard and PII together | prompts | ms, p50 | p99 |\n|---|---|---|---|');
for (const bytes of [2048, 8192])
  console.log(togetherRow(`${bytes / 1024} KB of chat`, textsOf(prompts, bytes)));
console.log('\n| restore, 50 placeholders known | CPU µs per event |\n|---|---|');
console.log(restoreRow('no placeholder', ' the next word'));
console.log(restoreRow('a bracket', ' see [1] and '));
console.log(restoreRow('a placeholder', ' to [EMAIL_7_k7q] '));
