import { readFileSync, writeFileSync } from 'node:fs';
import { isDeepStrictEqual, parseArgs } from 'node:util';
import { answerTranslator } from '../cli/translate.ts';
import { dialects } from '../plugins/dialects/registry.ts';
import type { DialectName } from '../plugins/model/request.ts';
import { sseFrame } from '../plugins/wire/sse.ts';
import { type Recording, readRecordings, recordingsMissing } from '../test/golden/laws.ts';
import { readFolder } from './cassettes.ts';
import { featureTables } from './dialect-features.ts';
import { serverTable } from './dialect-servers.ts';
import { readBySdk, type Seen } from './sdk-readers.ts';

// Every recorded answer, read by the official SDK of its own dialect as it came, and by the SDK of each dialect as the
// gateway tells it there: is it the same? `node bench/dialects.ts [--recordings DIR] [--failures] [--write]`; --write renews
// docs/dialects.md. Within one dialect the answer is decoded and written anew, too, as after a policy that changes it;
// untouched answers pass byte for byte.

const recorded: Readonly<Record<DialectName, readonly string[]>> = {
  'openai-chat': ['openai.chat'],
  'openai-responses': ['openai.responses'],
  'anthropic-messages': ['anthropic.messages'],
  gemini: ['gemini.generate', 'gemini.stream'],
};

const names = Object.keys(recorded) as DialectName[];

const titles: Readonly<Record<DialectName, string>> = {
  'openai-chat': 'Chat',
  'openai-responses': 'Responses',
  'anthropic-messages': 'Messages',
  gemini: 'Gemini',
};

/** Recordings that are no one answer, and why. */
const leftOut: ReadonlyMap<string, string> = new Map([
  [
    'vercel-ai/openai/openai-shell-container.1.chunks__d137ca98__0',
    'shortened by hand: its deltas and its end tell different texts',
  ],
  [
    'vercel-ai/cerebras/cererebras-structured-output-tools.1.chunks__7fa9cc5f__0',
    'two answers, one after the other',
  ],
]);

interface Pair {
  exact: number;
  readonly failures: string[];
}

/** How many answers of each kind were the same for each pair, and those that are no good answer as they came. */
export interface Measured {
  readonly pairs: ReadonlyMap<string, Pair>;
  readonly unreadable: readonly string[];
  /** How many were left out because they are no one answer. */
  readonly leftOut: number;
}

/** Measures all pairs over the recordings that `read` gives for the name of a dialect. */
export const measureExactness = async (
  read: (dialect: string) => readonly Recording[] = readRecordings,
): Promise<Measured> => {
  const pairs = new Map<string, Pair>();
  const unreadable: string[] = [];
  let skipped = 0;
  for (const from of names)
    for (const recording of recorded[from].flatMap(read)) {
      if (recording.kind === 'error') continue;
      if (leftOut.has(recording.name)) {
        skipped++;
        continue;
      }
      const direct = await readBySdk(from, {
        body: asServed(from, recording),
        stream: isStream(recording),
      }).catch((cause: unknown) => String(cause));
      if (typeof direct === 'string') unreadable.push(`${recording.name}: ${direct}`);
      else if (direct.finish === 'other')
        unreadable.push(`${recording.name}: ends in an error of its provider`);
      else for (const to of names) await compare(pairs, { from, to, recording, direct });
    }
  return { pairs, unreadable, leftOut: skipped };
};

const isStream = ({ kind }: Recording): boolean => kind === 'stream';

/** SDKs ask Gemini for events; some recordings hold the JSON array that others get. */
const asServed = (from: DialectName, { body, kind }: Recording): Uint8Array => {
  const text = body.toString('utf8').trimStart();
  if (from !== 'gemini' || kind !== 'stream' || !text.startsWith('[')) return body;
  const chunks = JSON.parse(text) as unknown[];
  return Buffer.from(chunks.map((chunk) => sseFrame(JSON.stringify(chunk))).join(''));
};

interface Comparison {
  readonly from: DialectName;
  readonly to: DialectName;
  readonly recording: Recording;
  readonly direct: Seen;
}

const compare = async (
  pairs: Map<string, Pair>,
  { from, to, recording, direct }: Comparison,
): Promise<void> => {
  const key = `${to} ${from} ${recording.kind}`;
  const pair = pairs.get(key) ?? { exact: 0, failures: [] };
  pairs.set(key, pair);
  const through = await readBySdk(to, { body: told(from, to, recording), stream: isStream(recording) }).catch(
    (cause: unknown) => String(cause),
  );
  const different = typeof through === 'string' ? through : difference(direct, through);
  if (different === '') pair.exact++;
  else pair.failures.push(`${titles[to]} ← ${titles[from]} ${recording.name}: ${different}`);
};

const told = (from: DialectName, to: DialectName, { body, kind }: Recording): Buffer => {
  const translator = answerTranslator(
    { from: dialects[from], to: dialects[to] },
    { kind: kind === 'stream' ? 'stream' : 'response', nowSeconds: 1_790_000_000, warn: () => {} },
  );
  return Buffer.from(translator.push(body) + translator.end());
};

/** What differs, by name; empty for the same. */
const difference = (direct: Seen, through: Seen): string =>
  (Object.keys(direct) as (keyof Seen)[])
    .filter(
      (key) =>
        !isDeepStrictEqual(direct[key], through[key]) && !(key === 'finish' && isRefusal(direct, through)),
    )
    .map((key) => `${key} ${shown(direct[key])} → ${shown(through[key])}`)
    .join('; ');

/**
 * Messages has an ending of its own for a refusal, which OpenAI ends with `stop` (docs.claude.com, "Structured outputs");
 * Gemini has neither that nor a member for it, only the text.
 */
const isRefusal = (direct: Seen, through: Seen): boolean =>
  direct.finish === 'refused' && (through.finish === 'filter' || through.finish === 'stop');

const shown = (value: unknown): string => JSON.stringify(value).slice(0, 160);

/** The table for people, one row a client. */
export const exactnessTable = ({ pairs, unreadable, leftOut: skipped }: Measured): string => {
  const cell = (to: DialectName, from: DialectName) =>
    (['unary', 'stream'] as const)
      .map((kind) => {
        const pair = pairs.get(`${to} ${from} ${kind}`);
        return pair ? `${pair.exact}/${pair.exact + pair.failures.length}` : '0/0';
      })
      .join(' · ');
  const rows = names.map((to) => `| ${titles[to]} | ${names.map((from) => cell(to, from)).join(' | ')} |`);
  const all = [...pairs.values()];
  const exact = all.reduce((sum, pair) => sum + pair.exact, 0);
  const total = exact + all.reduce((sum, pair) => sum + pair.failures.length, 0);
  return [
    `| client ↓ upstream → | ${names.map((name) => titles[name]).join(' | ')} |`,
    `|---|${names.map(() => '---').join('|')}|`,
    ...rows,
    '',
    `${exact} of ${total} are exact: ${((100 * exact) / total).toFixed(2)} %. ${unreadable.length} recordings are left out because their own SDK cannot read them or they end in an error, ${skipped} because they are no one answer.`,
  ].join('\n');
};

/** Puts `text` between the marks of `name` in a document. */
const between = (document: string, name: string, text: string): string =>
  document.replace(
    new RegExp(`(<!-- ${name}: begin -->)[^]*?(<!-- ${name}: end -->)`),
    (_all, begin: string, end: string) => `${begin}\n\n${text}\n\n${end}`,
  );

export const documentPath = 'docs/dialects.md';

/** The document with its tables as they are now; without `measured`, that one stays. */
export const withTables = (document: string, measured?: Measured): string => {
  const asked = between(document, 'features', featureTables());
  const served = between(asked, 'servers', serverTable());
  return measured ? between(served, 'exactness', exactnessTable(measured)) : served;
};

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      recordings: { type: 'string' },
      failures: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
    },
  });
  const { recordings } = values;
  if (recordings === undefined && recordingsMissing !== undefined) console.error(recordingsMissing);
  const measured = await measureExactness(recordings === undefined ? undefined : readFolder(recordings));
  console.info(exactnessTable(measured));
  if (values.write) writeFileSync(documentPath, withTables(readFileSync(documentPath, 'utf8'), measured));
  if (values.failures)
    for (const line of [...measured.unreadable, ...[...measured.pairs.values()].flatMap((it) => it.failures)])
      console.info(line);
}
