import { existsSync, readFileSync } from 'node:fs';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { expect, it } from 'vitest';
import type { Dialect } from '../../plugins/dialects/dialect.ts';
import { openaiResponses } from '../../plugins/dialects/openai-responses/index.ts';
import { dialects } from '../../plugins/dialects/registry.ts';
import type { ModelEvent } from '../../plugins/model/events.ts';
import { SseSplitter } from '../../plugins/wire/sse.ts';
import { describeUnless } from '../describe-unless.ts';
import { answerContext, decodePieces, encodeAll, type Recording, readRecordings } from '../golden/laws.ts';

// What we write for clients of Responses, by OpenAI's own description of its API (github.com/openai/openai-openapi).

const path = process.env.NEXUS_OPENAPI ?? '';

/** Why these tests are skipped; undefined when they can run. */
const missing = existsSync(path) ? undefined : 'no openapi.json; set NEXUS_OPENAPI to the path of one';

const ajv = new Ajv2020({ strict: false, validateFormats: false });
if (missing === undefined) ajv.addSchema(JSON.parse(readFileSync(path, 'utf8')) as object, 'openapi');

/** Compiled once, in the first test that needs it. */
const compiled = new Map<string, ValidateFunction>();

const schemaNamed = (name: string): ValidateFunction => {
  const known = compiled.get(name);
  if (known) return known;
  const schema = ajv.compile({ $ref: `openapi#/components/schemas/${name}` });
  compiled.set(name, schema);
  return schema;
};

const answers = (
  [
    ['openai-chat', 'openai.chat'],
    ['anthropic-messages', 'anthropic.messages'],
  ] as const
).flatMap(([name, recorded]) =>
  readRecordings(recorded)
    .filter(({ kind }) => kind !== 'error')
    .map((recording) => [recording.name, dialects[name], recording] as const),
);

const eventsOf = (dialect: Dialect, { kind, body }: Recording): ModelEvent[] =>
  decodePieces(kind === 'stream' ? dialect.decodeStream() : dialect.decodeResponse(), body);

describeUnless(missing, 'answers of other dialects, told in Responses', () => {
  it.each(answers)('%s', (_name, dialect, recording) => {
    const events = eventsOf(dialect, recording);
    if (events.at(-1)?.type !== 'message-stop') return;
    const [isResponse, isEvent] = [schemaNamed('Response'), schemaNamed('ResponseStreamEvent')];
    const body = encodeAll(openaiResponses.encodeResponse(answerContext(openaiResponses, false)), events);
    expect(isResponse(JSON.parse(body)), JSON.stringify(isResponse.errors)).toBe(true);
    const stream = encodeAll(openaiResponses.encodeStream(answerContext(openaiResponses, true)), events);
    for (const { event, data } of new SseSplitter().push(Buffer.from(stream)))
      expect(isEvent(JSON.parse(data)), event).toBe(true);
  });
});

it('the description of the API is there', (context) => {
  if (missing !== undefined) context.skip(missing);
});
