import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliDecompressSync, gunzipSync, inflateSync, zstdDecompressSync } from 'node:zlib';
import { parseAllDocuments, type ScalarTag } from 'yaml';
import { type Recording, readRecordingsIn } from '../test/golden/laws.ts';

// Recordings that tests of other projects keep of providers' answers: cassettes of VCR (Python, Ruby, R, Go) and of httpmock
// (Rust) in YAML, HAR files, and those of the tests here. A file that is none of these is passed over.

type Wire = Readonly<Record<string, unknown>>;

interface Exchange {
  readonly url: string;
  readonly status: number;
  readonly body: Buffer;
}

/** Every answer in `dir` and the folders below that a dialect (`openai.chat`) can read; the same one twice counts once. */
export const readFolder = (dir: string): ((dialect: string) => readonly Recording[]) => {
  const found = new Map<string, Recording[]>();
  const seen = new Set<string>();
  for (const name of readdirSync(dir, { recursive: true, encoding: 'utf8' }).sort()) {
    if (!/\.(ya?ml|har|json)$/.test(name)) continue;
    for (const [at, exchange] of exchangesIn(join(dir, name)).entries()) {
      const dialect = dialectOf(exchange.url);
      const text = exchange.body.toString('utf8').trim();
      if (!dialect || text === '' || seen.has(text)) continue;
      seen.add(text);
      const list = found.get(dialect) ?? [];
      found.set(dialect, list);
      list.push(recordingOf(`${name}#${at + 1}`, exchange));
    }
  }
  return (dialect) => [...(found.get(dialect) ?? []), ...readRecordingsIn(dir, dialect)];
};

const recordingOf = (name: string, { url, status, body }: Exchange): Recording => {
  const isStream = /^\s*(data:|event:|id:|:|\[)/.test(body.toString('utf8', 0, 100));
  const kind = status >= 400 ? 'error' : isStream ? 'stream' : 'unary';
  return { name, provider: url, kind, status, headers: new Map(), body };
};

const paths: readonly (readonly [end: RegExp, dialect: string])[] = [
  [/\/chat\/completions$/, 'openai.chat'],
  [/\/responses$/, 'openai.responses'],
  [/\/v1\/messages$|\/anthropic\/.*awPredict$/, 'anthropic.messages'],
  [/:generateContent$/, 'gemini.generate'],
  [/:streamGenerateContent$/, 'gemini.stream'],
];

const dialectOf = (url: string): string | undefined => {
  const [path = ''] = url.split('?');
  return paths.find(([end]) => end.test(path))?.[1];
};

const exchangesIn = (file: string): Exchange[] => {
  const text = readFileSync(file, 'utf8');
  try {
    return file.endsWith('.yaml') || file.endsWith('.yml')
      ? fromYaml(text)
      : fromDocument(JSON.parse(text) as unknown);
  } catch {
    return [];
  }
};

/** Ruby's tag for bytes has one `!`. Tags of classes say nothing here. */
const rubyBinary: ScalarTag = { tag: '!binary', resolve: (text) => Buffer.from(text, 'base64') };

const fromYaml = (text: string): Exchange[] =>
  parseAllDocuments(text, { logLevel: 'silent', customTags: (tags) => [...tags, 'binary', rubyBinary] })
    .flat()
    .flatMap((document) => fromDocument(document.toJS({ maxAliasCount: -1 })));

const fromDocument = (value: unknown): Exchange[] => {
  const document = loose(value);
  if (document.when) return [fromHttpmock(document)];
  const entries = loose(document.log).entries ?? document.interactions ?? document.http_interactions;
  const isOne = document.request && document.response;
  return list(entries ?? (isOne ? [document] : [])).map((entry) => {
    const { request, response } = entry;
    const { uri, url } = loose(request);
    const { status, status_code: code, code: plainCode } = loose(response);
    return {
      url: String(uri ?? url ?? ''),
      status: Number.parseInt(String(loose(status).code ?? status ?? code ?? plainCode ?? 200), 10),
      body: bodyOf(loose(response)),
    };
  });
};

const fromHttpmock = ({ when, then }: Wire): Exchange => ({
  url: String(loose(when).path ?? ''),
  status: Number(loose(then).status ?? 200),
  body: bodyOf(loose(then)),
});

/** The bytes of an answer; each recorder has a member of its own for them. */
const bodyOf = (response: Wire): Buffer => {
  const { body, content, parsed_body: parsed } = response;
  if (parsed) return Buffer.from(JSON.stringify(parsed));
  const { base64_string: base64, raw_gzip: zipped, string } = loose(body);
  if (typeof base64 === 'string') return unzipped(Buffer.from(base64, 'base64'), response);
  if (typeof zipped === 'string') return gunzipSync(Buffer.from(zipped, 'base64'));
  const { text, encoding } = loose(content);
  if (typeof text !== 'string') return unzipped(asBytes(string ?? body ?? content), response);
  return unzipped(encoding === 'base64' ? harBytes(text) : Buffer.from(text), response);
};

const asBytes = (value: unknown): Buffer =>
  Buffer.from(value instanceof Uint8Array ? value : typeof value === 'string' ? value : '');

/** Polly keeps the pieces of a zipped body as a list of texts. */
const harBytes = (text: string): Buffer => {
  const pieces = text.startsWith('[') ? (JSON.parse(text) as string[]) : [text];
  return Buffer.concat(pieces.map((piece) => Buffer.from(piece, 'base64')));
};

const unzips: Readonly<Record<string, (bytes: Buffer) => Buffer>> = {
  br: brotliDecompressSync,
  deflate: inflateSync,
  zstd: zstdDecompressSync,
};

/** Some recorders keep the header of a body that they have unzipped. */
const unzipped = (bytes: Buffer, { headers }: Wire): Buffer => {
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) return gunzipSync(bytes);
  const unzip = unzips[encodingOf(headers)];
  if (!unzip) return bytes;
  try {
    return unzip(bytes);
  } catch {
    return bytes;
  }
};

const encodingOf = (headers: unknown): string => {
  const pairs = Array.isArray(headers)
    ? headers.map(loose).map(({ name, value }) => [name, value] as const)
    : Object.entries(loose(headers));
  const [, value] = pairs.find(([name]) => String(name).toLowerCase() === 'content-encoding') ?? [];
  return String(Array.isArray(value) ? value[0] : (value ?? '')).toLowerCase();
};

const loose = (value: unknown): Wire => (typeof value === 'object' && value !== null ? (value as Wire) : {});

const list = (value: unknown): Wire[] => (Array.isArray(value) ? value.map(loose) : []);
