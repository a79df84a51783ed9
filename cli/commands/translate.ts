import { once } from 'node:events';
import { defineCommand } from 'citty';
import { expectedOneOf } from '../../plugins/config/problem.ts';
import type { Dialect } from '../../plugins/dialects/dialect.ts';
import { dialects, isDialectName } from '../../plugins/dialects/registry.ts';
import { type ExitCode, UsageError } from '../run.ts';
import { answerTranslator, type Pair, translateRequest, type Warn } from '../translate.ts';

export default defineCommand({
  meta: {
    description: 'Put a body from stdin through a pair of dialects; what is lost goes to stderr as JSON',
  },
  args: {
    from: { type: 'string', required: true, description: 'Dialect of the body that comes' },
    to: { type: 'string', required: true, description: 'Dialect of the body that goes' },
    request: { type: 'boolean', description: "A client's request" },
    response: { type: 'boolean', description: "An upstream's whole answer" },
    stream: { type: 'boolean', description: "An upstream's streamed answer" },
    lines: { type: 'boolean', description: 'Each line is a body of its own (requests and whole answers)' },
    model: { type: 'string', description: "The provider's name of the model, for requests" },
    path: { type: 'string', description: "The client's path, where it names the model" },
  },
  run: async ({ args }): Promise<ExitCode> => {
    const pair: Pair = { from: dialectNamed(args.from), to: dialectNamed(args.to) };
    const kind = kindOf(args);
    if (kind === 'stream') return translateStream(pair);
    const bodies = args.lines ? linesOf(await readAll()) : [await readAll()];
    const end = args.lines ? '\n' : '';
    let exit: ExitCode = 0;
    for (const body of bodies) {
      const { text, failed } =
        kind === 'request'
          ? requestOf(body, pair, { model: args.model, path: args.path })
          : answerOf(body, pair);
      if (failed) exit = 1;
      process.stdout.write(text + end);
    }
    return exit;
  },
});

const dialectNamed = (name: string): Dialect => {
  if (!isDialectName(name))
    throw new UsageError(`unknown dialect ${name}, ${expectedOneOf(name, Object.keys(dialects))}`);
  return dialects[name];
};

const kinds = ['request', 'response', 'stream'] as const;

const kindOf = (args: { readonly [K in (typeof kinds)[number]]?: boolean | undefined }) => {
  const [kind, ...more] = kinds.filter((it) => args[it]);
  if (!kind || more.length > 0) throw new UsageError('expected one of --request, --response and --stream');
  return kind;
};

const warn: Warn = (warning) => console.error(JSON.stringify(warning));

interface Translated {
  readonly text: string;
  readonly failed: boolean;
}

const requestOf = (
  body: Uint8Array,
  pair: Pair,
  options: { model?: string | undefined; path?: string | undefined },
): Translated => {
  const text = translateRequest(body, pair, { options, warn });
  return { text: text ?? '', failed: text === undefined };
};

const answerOf = (body: Uint8Array, pair: Pair): Translated => {
  const translator = answerTranslator(pair, { kind: 'response', nowSeconds: nowSeconds(), warn });
  const text = translator.push(body) + translator.end();
  return { text, failed: translator.failed };
};

/** Written as it comes, and no faster than it is taken. */
const translateStream = async (pair: Pair): Promise<ExitCode> => {
  const translator = answerTranslator(pair, { kind: 'stream', nowSeconds: nowSeconds(), warn });
  for await (const chunk of process.stdin as AsyncIterable<Uint8Array>) await write(translator.push(chunk));
  await write(translator.end());
  return translator.failed ? 1 : 0;
};

const write = async (text: string): Promise<void> => {
  if (text !== '' && !process.stdout.write(text)) await once(process.stdout, 'drain');
};

const readAll = async (): Promise<Buffer> =>
  Buffer.concat(await Array.fromAsync(process.stdin as AsyncIterable<Uint8Array>));

const linesOf = (bytes: Buffer): Buffer[] =>
  bytes
    .toString('utf8')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => Buffer.from(line));

const nowSeconds = (): number => Math.floor(Date.now() / 1000);
