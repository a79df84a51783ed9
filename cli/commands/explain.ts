import { readFileSync } from 'node:fs';
import { defineCommand } from 'citty';
import type { LoadedConfig } from '../../plugins/config/load.ts';
import { dialects, isDialectName } from '../../plugins/dialects/registry.ts';
import type { Consumer } from '../../plugins/exchange.ts';
import { type Explanation, explain } from '../../plugins/explain.ts';
import { keyRing, ownerOf } from '../../plugins/identity.ts';
import { builtinCatalog } from '../../plugins/io/catalog.ts';
import { systemClock } from '../../plugins/io/clock.ts';
import { systemRandom } from '../../plugins/io/random.ts';
import type { DialectName, ModelRequest } from '../../plugins/model/request.ts';
import { RequestError } from '../../plugins/refusals.ts';
import { readRequestBody } from '../../plugins/request-body.ts';
import { openConfig } from '../config.ts';
import { explanationText } from '../explanation-text.ts';
import { type ExitCode, UsageError } from '../run.ts';

export default defineCommand({
  meta: { description: 'Tell what would become of a request, and why; sends nothing' },
  args: {
    config: { type: 'string', required: true, description: 'The nexus.yaml' },
    key: { type: 'string', description: 'The key of the caller' },
    'key-id': { type: 'string', description: 'Or its id, as `nexus keys list` shows it' },
    model: { type: 'string', description: 'The model asked for; that of the request when left out' },
    request: { type: 'string', description: 'File with the body of a request; a short one when left out' },
    dialect: { type: 'string', default: 'openai-chat', description: 'What the request is written in' },
    'data-classes': { type: 'string', description: 'Classes of data to be taken for found: pii,health' },
    json: { type: 'boolean', description: 'Print JSON' },
  },
  run: ({ args }): ExitCode => {
    const request = requestFrom(args.request, { dialect: parseDialect(args.dialect), model: args.model });
    const loaded = openConfig(args.config);
    if (!loaded) return 1;
    const consumer = consumerFrom(loaded, { key: args.key, id: args['key-id'] });
    const explanation = explain(
      {
        ...loaded,
        configDigest: loaded.digest,
        consumer,
        request,
        dataClasses: listed(args['data-classes']),
      },
      { clock: systemClock, random: systemRandom, catalog: builtinCatalog() },
    );
    console.log(args.json ? JSON.stringify(explanation, null, 2) : explanationText(explanation));
    return exitCode(explanation);
  },
});

/** 1: the answer is no. */
const exitCode = ({ refusal }: Explanation): ExitCode => (refusal ? 1 : 0);

const listed = (text: string | undefined): string[] => text?.split(',').filter((it) => it !== '') ?? [];

const parseDialect = (name: string): DialectName => {
  if (isDialectName(name)) return name;
  throw new UsageError(`--dialect ${name}: expected one of ${Object.keys(dialects).join(', ')}`);
};

const consumerFrom = (
  { config }: LoadedConfig,
  { key, id }: { readonly key: string | undefined; readonly id: string | undefined },
): Consumer => {
  if ((key === undefined) === (id === undefined)) throw new UsageError('expected --key or --key-id');
  const found =
    key === undefined ? ownerOf(config.keys, id ?? '') : keyRing(config.keys, systemClock).identify(key);
  if (found) return found;
  throw new UsageError(key === undefined ? 'no key has this id' : 'the key is unknown or has expired');
};

interface Wanted {
  readonly dialect: DialectName;
  readonly model: string | undefined;
}

const requestFrom = (file: string | undefined, { dialect, model }: Wanted): ModelRequest => {
  if (file === undefined && model === undefined) throw new UsageError('expected --model or --request');
  const bytes = file === undefined ? shortBody(model ?? '') : bytesOf(file);
  try {
    const request = dialects[dialect].decodeRequest(readRequestBody(bytes, new Map(), bytes.length));
    return model === undefined ? request : { ...request, requestModel: model };
  } catch (cause) {
    if (!(cause instanceof RequestError)) throw cause;
    throw new UsageError(`${file}: ${cause.error.message}`);
  }
};

/** Good in every dialect. */
const shortBody = (model: string): Uint8Array =>
  Buffer.from(JSON.stringify({ model, max_tokens: 100, messages: [{ role: 'user', content: 'Hello' }] }));

const bytesOf = (file: string): Uint8Array => {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new UsageError(`cannot read ${file} (${cause instanceof Error ? cause.message : String(cause)})`);
  }
};
