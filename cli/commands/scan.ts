import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { defineCommand } from 'citty';
import { scanPii } from '../../plugins/policies/pii/scan.ts';
import { type Level, levels } from '../../plugins/policies/prompt-guard/config.ts';
import { Detector } from '../../plugins/policies/prompt-guard/detector.ts';
import { type ExitCode, UsageError } from '../run.ts';

const channels = { user: 'user', tool: 'data', document: 'data' } as const;

/** One line of input. */
interface Asked {
  readonly id: unknown;
  readonly text: string;
  readonly channel: keyof typeof channels;
}

export default defineCommand({
  meta: { description: 'Run texts through the prompt guard and the PII finders: NDJSON in, NDJSON out' },
  args: {
    threshold: { type: 'string', default: 'balanced', description: `One of ${levels.join(', ')}` },
  },
  run: ({ args }): Promise<ExitCode> => {
    const level = levels.find((it) => it === args.threshold);
    if (!level) throw new UsageError(`unknown threshold ${args.threshold}, expected ${levels.join(', ')}`);
    return scan(process.stdin, process.stdout, level);
  },
});

/** Judges line by line as they come, as fast as `output` takes them. 1 when a line could not be read. */
export const scan = async (input: Readable, output: Writable, level: Level): Promise<ExitCode> => {
  const detector = new Detector();
  let number = 0;
  let exitCode: ExitCode = 0;
  for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
    number++;
    if (line.trim() === '') continue;
    const asked = parse(line);
    if ('error' in asked) exitCode = 1;
    const answer = 'error' in asked ? { line: number, ...asked } : answerTo(asked, detector, level);
    if (!output.write(`${JSON.stringify(answer)}\n`))
      await new Promise((drained) => output.once('drain', drained));
  }
  return exitCode;
};

const parse = (line: string): Asked | { readonly error: string } => {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return { error: 'expected a JSON object on one line' };
  }
  const { id, text, channel = 'user' } = (value ?? {}) as Partial<Asked>;
  if (typeof text !== 'string') return { error: 'expected "text" to be a string' };
  if (!Object.hasOwn(channels, channel)) return { error: 'expected "channel" to be user, tool or document' };
  return { id: id ?? null, text, channel };
};

const answerTo = ({ id, text, channel }: Asked, detector: Detector, level: Level) => {
  const start = process.hrtime.bigint();
  const { score, verdict, rules, head } = detector.judge(text, channels[channel], level);
  const pii = scanPii(text);
  const microseconds = Number((process.hrtime.bigint() - start) / 1000n);
  return { id, injection: { score, verdict, rules, head }, pii, microseconds };
};
