import { once } from 'node:events';
import { defineCommand } from 'citty';
import { expectedOneOf } from '../../plugins/config/problem.ts';
import { dialects, upstreamDialects } from '../../plugins/dialects/registry.ts';
import { type ServerName, serverNames } from '../../plugins/dialects/servers.ts';
import { type ExitCode, UsageError } from '../run.ts';
import {
  type AnswerPair,
  answerTranslator,
  type RequestOptions,
  type RequestPair,
  translateRequest,
  type Warn,
} from '../translate.ts';

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
    server: { type: 'string', description: 'Kind of server, for requests to one that speaks openai-chat' },
  },
  run: async ({ args }): Promise<ExitCode> => {
    const { from, to, lines, model, path } = args;
    const server = args.server === undefined ? undefined : serverNamed(args.server);
    const kind = kindOf(args);
    if (kind === 'stream') return translateStream(answerPair(from, to));
    if (kind === 'response') {
      const pair = answerPair(from, to);
      return eachBody(lines, (body) => answerOf(body, pair));
    }
    const pair = { from: named('dialect', from, dialects), to: named('dialect', to, upstreamDialects) };
    return eachBody(lines, (body) => requestOf(body, pair, { model, path, server }));
  },
});

/** The `what` called `name`, which came from outside. */
const named = <T>(what: string, name: string, known: Readonly<Record<string, T>>): T => {
  const found = Object.hasOwn(known, name) ? known[name] : undefined;
  if (!found) throw new UsageError(`unknown ${what} ${name}, ${expectedOneOf(name, Object.keys(known))}`);
  return found;
};

const serverNamed = (name: string): ServerName =>
  named('server', name, Object.fromEntries(serverNames.map((known) => [known, known])));

const answerPair = (from: string, to: string): AnswerPair => ({
  from: named('dialect', from, upstreamDialects),
  to: named('dialect', to, dialects),
});

/** All of stdin as one body, or each of its lines. */
const eachBody = async (
  lines: boolean | undefined,
  translate: (body: Uint8Array) => Translated,
): Promise<ExitCode> => {
  const all = await readAll();
  const results = (lines ? linesOf(all) : [all]).map(translate);
  process.stdout.write(results.map(({ text }) => text + (lines ? '\n' : '')).join(''));
  return results.some(({ failed }) => failed) ? 1 : 0;
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

const requestOf = (body: Uint8Array, pair: RequestPair, options: RequestOptions): Translated => {
  const text = translateRequest(body, pair, { options, warn });
  return { text: text ?? '', failed: text === undefined };
};

const answerOf = (body: Uint8Array, pair: AnswerPair): Translated => {
  const translator = answerTranslator(pair, { kind: 'response', nowSeconds: nowSeconds(), warn });
  const text = translator.push(body) + translator.end();
  return { text, failed: translator.failed };
};

/** Written as it comes, and no faster than it is taken. */
const translateStream = async (pair: AnswerPair): Promise<ExitCode> => {
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
