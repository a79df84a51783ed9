import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineCommand } from 'citty';
import { baseline } from '../../plugins/policies/prompt-guard/training/baseline.ts';
import { type DataFile, guardCard } from '../../plugins/policies/prompt-guard/training/card.ts';
import { parseRow } from '../../plugins/policies/prompt-guard/training/rows.ts';
import { train } from '../../plugins/policies/prompt-guard/training/train.ts';
import { type ExitCode, UsageError } from '../run.ts';
import pii from './train-pii.ts';

const root = join(import.meta.dirname, '../..');

const files = [
  'attacks_public.jsonl',
  'attacks_templates.jsonl',
  'benign_public.jsonl',
  'benign_templates.jsonl',
  'documents_benign.jsonl',
  'indirect_attacks.jsonl',
] as const;

const guard = defineCommand({
  meta: { description: 'Train the prompt guard; writes its weights and its card' },
  args: {
    data: {
      type: 'string',
      description:
        'Folder with the training data (default: NEXUS_INJECTION_DATA, else ../shared/data/injection)',
    },
    out: {
      type: 'string',
      description: 'Where to write the weights instead of the repository; no card then',
    },
    json: { type: 'boolean', description: 'Print thresholds and false-positive rates as JSON' },
  },
  run: ({ args }): ExitCode => {
    const folder = args.data ?? process.env.NEXUS_INJECTION_DATA ?? join(root, '../shared/data/injection');
    const data = files.map((name) => readData(folder, name));
    const trainedOn = createHash('sha256')
      .update(data.map((it) => it.sha256).join('\n'))
      .digest('hex');
    const { file, heldOut } = train(
      data.flatMap((it) => it.rows),
      trainedOn,
      showProgress,
    );
    if (process.stderr.isTTY) process.stderr.write('\n');
    const weights = args.out ?? join(root, 'plugins/policies/prompt-guard/weights.json');
    writeFileSync(weights, `${JSON.stringify(file, null, 2)}\n`);
    if (args.out === undefined)
      writeFileSync(join(root, 'docs/guard-card.md'), guardCard(data, file, heldOut, baseline(heldOut)));
    const { thresholds, falsePositives } = file;
    console.log(args.json ? JSON.stringify({ thresholds, falsePositives }) : `wrote ${weights}`);
    return 0;
  },
});

const readData = (folder: string, name: string): DataFile => {
  const path = join(folder, name);
  if (!existsSync(path)) throw new UsageError(`no ${path}; name the folder with --data`);
  const bytes = readFileSync(path);
  return {
    name,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    rows: bytes
      .toString('utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map(parseRow),
  };
};

const showProgress = (done: number, what: string): void => {
  if (!process.stderr.isTTY) return;
  process.stderr.write(`\r\u001b[K${String(Math.round(done * 100)).padStart(3)} % ${what}`);
};

export default defineCommand({
  meta: { description: 'Train the models that are shipped with Nexus' },
  subCommands: { guard, pii },
});
