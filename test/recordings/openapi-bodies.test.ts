import { existsSync, readFileSync } from 'node:fs';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { expect, it } from 'vitest';
import { crossInto } from '../../plugins/dialects/crossing.ts';
import type { Dialect } from '../../plugins/dialects/dialect.ts';
import { openaiChat } from '../../plugins/dialects/openai-chat/index.ts';
import { openaiResponses } from '../../plugins/dialects/openai-responses/index.ts';
import { dialects } from '../../plugins/dialects/registry.ts';
import { RequestError } from '../../plugins/refusals.ts';
import { isJsonObject } from '../../plugins/wire/json.ts';
import { SseSplitter } from '../../plugins/wire/sse.ts';
import { describeUnless } from '../describe-unless.ts';
import {
  answerContext,
  decodePieces,
  decodeWire,
  encodeAll,
  parseObject,
  type Recording,
  readRecordings,
  recordingsMissing,
} from '../golden/laws.ts';

// What we write for OpenAI's servers, and for clients of Chat, by OpenAI's own description of its API
// (github.com/openai/openai-openapi). Within one dialect nothing is written, so only others are asked.

const path = process.env.NEXUS_OPENAPI ?? '';

/** Why these tests are skipped; undefined when they can run. */
const missing =
  recordingsMissing ??
  (existsSync(path) ? undefined : 'no openapi.json; set NEXUS_OPENAPI to the path of one');

const ajv = new Ajv2020({ strict: false, validateFormats: false });

/**
 * The description with two of its habits changed: `nullable` is a word of older versions of JSON Schema, and alternatives
 * that exclude each other on paper are both true of ordinary messages.
 */
const description = (): object =>
  JSON.parse(readFileSync(path, 'utf8'), (key, value: unknown) => {
    if (!isJsonObject(value) || key === 'properties') return value;
    const { nullable, oneOf, ...rest } = value;
    const schema = oneOf === undefined ? rest : { ...rest, anyOf: oneOf };
    return nullable === true ? { anyOf: [schema, { type: 'null' }] } : schema;
  }) as object;

if (missing === undefined) ajv.addSchema(description(), 'openapi');

/** Compiled once, in the first test that needs it. */
const compiled = new Map<string, ValidateFunction>();

const schemaNamed = (name: string): ValidateFunction => {
  const known = compiled.get(name) ?? ajv.compile({ $ref: `openapi#/components/schemas/${name}` });
  compiled.set(name, known);
  return known;
};

const expectValid = (name: string, body: unknown): void => {
  const isValid = schemaNamed(name);
  expect(isValid(body), JSON.stringify(isValid.errors)).toBe(true);
};

const recorded = [
  ['openai-chat', 'openai.chat'],
  ['openai-responses', 'openai.responses'],
  ['anthropic-messages', 'anthropic.messages'],
  ['gemini', 'gemini.generate'],
] as const;

const exchangesBut = (own: Dialect) =>
  recorded
    .filter(([name]) => name !== own.name)
    .flatMap(([name, tag]) =>
      readRecordings(tag)
        .filter(({ kind }) => kind !== 'error')
        .map((recording) => [recording.name, dialects[name], recording] as const),
    );

/** The body for `to`; undefined for a request that is refused, or was none. */
const bodyFor = (to: Dialect, from: Dialect, { request: wire }: Recording): unknown => {
  if (!wire) return undefined;
  try {
    const { request } = crossInto(to, decodeWire(from, wire));
    return parseObject(
      to.encodeRequest(request, { model: 'gpt-5.2', clientHeaders: new Map(), server: 'openai' }).body,
    );
  } catch (cause) {
    if (cause instanceof RequestError) return undefined;
    throw cause;
  }
};

describeUnless(missing, 'requests of other dialects, for OpenAI', () => {
  it.each(exchangesBut(openaiChat))('Chat: %s', (_name, from, recording) => {
    const body = bodyFor(openaiChat, from, recording);
    if (body !== undefined) expectValid('CreateChatCompletionRequest', body);
  });

  it.each(exchangesBut(openaiResponses))('Responses: %s', (_name, from, recording) => {
    const body = bodyFor(openaiResponses, from, recording);
    if (body !== undefined) expectValid('CreateResponse', body);
  });
});

describeUnless(missing, 'answers of other dialects, told in Chat', () => {
  const answers = exchangesBut(openaiChat);

  it.each(answers)('%s', (_name, from, { kind, body }) => {
    const events = decodePieces(kind === 'stream' ? from.decodeStream() : from.decodeResponse(), body);
    if (events.at(-1)?.type !== 'message-stop') return;
    const whole = encodeAll(openaiChat.encodeResponse(answerContext(openaiChat, false)), events);
    if ('error' in parseObject(whole)) return;
    expectValid('CreateChatCompletionResponse', parseObject(whole));
    const stream = encodeAll(openaiChat.encodeStream(answerContext(openaiChat, true)), events);
    for (const { data } of new SseSplitter().push(Buffer.from(stream)))
      if (data !== '[DONE]') expectValid('CreateChatCompletionStreamResponse', parseObject(data));
  });
});

it('the description of the API is there', (context) => {
  if (missing !== undefined) context.skip(missing);
});
