import { readFileSync, writeFileSync } from 'node:fs';
import { defineCommand } from 'citty';
import { UsageError } from '../run.ts';
import { trainTagger } from '../train-pii/tagger.ts';

export default defineCommand({
  meta: { description: 'Train the tagger for names and addresses; the same files give the same weights' },
  args: {
    rows: {
      type: 'string',
      description: 'Marked texts, JSON lines with `text` and `spans`',
      default: '../shared/data/pii/train.jsonl',
    },
    plain: {
      type: 'string',
      description: 'Texts without marks, JSON lines with `text`',
      default: '../shared/data/injection/benign_public.jsonl',
    },
    out: {
      type: 'string',
      description: 'Where the weights go',
      default: 'plugins/policies/pii/names/weights.ts',
    },
  },
  run: ({ args }) => {
    const read = (path: string): string => {
      try {
        return readFileSync(path, 'utf8');
      } catch {
        throw new UsageError(`cannot read ${path}`);
      }
    };
    const packed = trainTagger({
      rows: read(args.rows),
      plain: read(args.plain),
      log: (line) => console.error(line),
    });
    writeFileSync(
      args.out,
      `/** Written by \`nexus train pii\`. */\nexport const weights =\n  '${packed}';\n`,
    );
    console.error(`${args.out}: ${packed.length} characters`);
  },
});
