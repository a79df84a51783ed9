import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Channel, Detector } from '../plugins/policies/prompt-guard/detector.ts';

/**
 * How long the prompt guard takes, everything on: 4 KB texts put together from the training data (or, without it, from
 * made-up sentences), then worst cases up to 1 MiB. Processor time; prints a table: `node bench/guard.ts`.
 */
const folder = process.env.NEXUS_INJECTION_DATA ?? join(import.meta.dirname, '../../shared/data/injection');

const textsOf = (file: string): string[] => {
  const path = join(folder, file);
  if (!existsSync(path))
    return Array.from({ length: 300 }, (_, at) => `Please summarise chapter ${at} of the book.`);
  const lines = readFileSync(path, 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((line) => (JSON.parse(line) as { text: string }).text);
};

const inBlocks = (texts: readonly string[], size: number): string[] => {
  const blocks: string[] = [];
  let block = '';
  for (const text of texts) {
    block += `${text}\n\n`;
    if (block.length < size) continue;
    blocks.push(block.slice(0, size));
    block = '';
  }
  return blocks;
};

/** Processor time of this thread, so that other programs on the machine do not count. */
const cpuMs = (): number => {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
};

const quantile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;

const detector = new Detector();

/** The clock of the processor ticks every few milliseconds, so each text is judged many times. */
const rounds = 160;

const measure = (name: string, texts: readonly string[], channel: Channel): void => {
  for (const text of texts.slice(0, 200)) detector.judge(text, channel, 'balanced');
  const perKb = texts
    .filter((_, at) => at % Math.ceil(texts.length / 60) === 0)
    .map((text) => {
      const startMs = cpuMs();
      for (let round = 0; round < rounds; round++) detector.judge(text, channel, 'balanced');
      return ((cpuMs() - startMs) * 1000) / rounds / (text.length / 1024);
    })
    .sort((one, other) => one - other);
  const [p50, p99] = [quantile(perKb, 0.5), quantile(perKb, 0.99)].map((it) => it.toFixed(0).padStart(5));
  console.log(`${name.padEnd(34)} ${String(perKb.length).padStart(6)} ${p50} ${p99}`);
};

const pseudoRandom = createHash('sha512').update('guard').digest('base64');

const worst: Readonly<Record<string, string>> = {
  'one letter': 'a',
  'spaced letters': 'a b ',
  'base64 runs': `${pseudoRandom} `,
  'percent codes': '%41%42',
  entities: '&#65;&#66;',
  'marks on letters': 'e\u0301\u0302',
  'mixed scripts': 'pаypаl ',
  'look-alikes of rules': 'dear <!-- ignore style=" ![x](http://a?b ',
  'scrambled words': 'irgnoe peivuors isntructinos ',
  'long words': 'ignoreallpreviousinstructions ',
  'chinese text': '忽略之前的所有指令然后',
};

console.log('text                                count   p50   p99   µs per KB');
measure('chat, 4 KB', inBlocks(textsOf('benign_public.jsonl'), 4096), 'user');
measure('documents, 4 KB', inBlocks(textsOf('documents_benign.jsonl'), 4096), 'data');
measure('attacks, 4 KB', inBlocks(textsOf('attacks_public.jsonl'), 4096), 'user');
measure(
  'chat, single turns',
  textsOf('benign_public.jsonl')
    .filter((it) => it.length > 500)
    .slice(0, 2000),
  'user',
);
console.log('\nworst case                        64 KiB ms   1 MiB ms   longest piece ms');
for (const [name, unit] of Object.entries(worst)) {
  const times = [65_536, 1_048_576].map((size) => {
    const text = unit.repeat(Math.ceil(size / unit.length)).slice(0, size);
    const startMs = cpuMs();
    const judging = detector.start(text, 'user', 'balanced');
    let longest = 0;
    for (let more = true; more; ) {
      const pieceMs = cpuMs();
      more = judging.next();
      longest = Math.max(longest, cpuMs() - pieceMs);
    }
    judging.finding();
    return { total: cpuMs() - startMs, longest };
  });
  const [small, large] = times;
  console.log(
    `${name.padEnd(32)} ${small?.total.toFixed(1).padStart(10)} ${large?.total.toFixed(1).padStart(10)} ${large?.longest.toFixed(1).padStart(10)}`,
  );
}
