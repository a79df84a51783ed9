import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ResponseDecoder } from '../../plugins/dialects/dialect.ts';
import { dialects } from '../../plugins/dialects/registry.ts';
import type { ModelEvent } from '../../plugins/model/events.ts';
import type { DialectName } from '../../plugins/model/request.ts';
import { readRecordings, recordingsMissing } from './laws.ts';

/** What an exchange is settled by. */
const account = (decoder: ResponseDecoder, bytes: Uint8Array) => {
  const events = [...decoder.push(bytes), ...decoder.end()];
  const last = <T extends ModelEvent['type']>(type: T) =>
    events.findLast((event): event is Extract<ModelEvent, { type: T }> => event.type === type);
  return {
    usage: last('usage')?.usage,
    finished: events.filter(({ type }) => type === 'finish').length,
    error: last('error')?.error.code,
    complete: last('message-stop') !== undefined,
  };
};

const recordingNames: Record<DialectName, readonly string[]> = {
  'openai-chat': ['openai.chat'],
  'openai-responses': ['openai.responses'],
  'anthropic-messages': ['anthropic.messages'],
  gemini: ['gemini.generate', 'gemini.stream'],
};

describe.each(Object.values(dialects))(
  '$name: an observed answer is settled like a decoded one',
  (dialect) => {
    const root = join(import.meta.dirname, dialect.name);
    const files = (file: string) =>
      readdirSync(root).flatMap((name) => {
        const path = join(root, name, file);
        return existsSync(path) ? [[name, readFileSync(path)] as const] : [];
      });

    it.each(files('stream.sse'))('stream %s', (_name, bytes) => {
      expect(account(dialect.observeStream(), bytes)).toEqual(account(dialect.decodeStream(), bytes));
    });

    it.each(files('response.json'))('whole %s', (_name, bytes) => {
      expect(account(dialect.observeResponse(), bytes)).toEqual(account(dialect.decodeResponse(), bytes));
    });

    it('on every recording', (context) => {
      if (recordingsMissing !== undefined) context.skip(recordingsMissing);
      for (const { name, kind, body: bytes } of recordingNames[dialect.name].flatMap(readRecordings)) {
        if (kind === 'stream')
          expect(account(dialect.observeStream(), bytes), name).toEqual(
            account(dialect.decodeStream(), bytes),
          );
        if (kind === 'unary')
          expect(account(dialect.observeResponse(), bytes), name).toEqual(
            account(dialect.decodeResponse(), bytes),
          );
      }
    });
  },
);
