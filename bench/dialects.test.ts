import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { recordingsMissing } from '../test/golden/laws.ts';
import { documentPath, measureExactness, withTables } from './dialects.ts';
import { readBySdk } from './sdk-readers.ts';

test('an SDK learns the same from a recorded answer through the gateway as without it', async (context) => {
  if (recordingsMissing !== undefined) context.skip(recordingsMissing);
  const { pairs } = await measureExactness();
  expect([...pairs.values()].flatMap(({ failures }) => failures)).toEqual([]);
  expect(pairs.size).toBe(32); // four clients, four upstreams, unary and streamed
}, 120_000);

test('the readers see what an answer lacks', async () => {
  const body = (text: string) =>
    Buffer.from(
      JSON.stringify({
        choices: [{ index: 0, message: { content: text }, finish_reason: 'length' }],
        usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 },
      }),
    );
  const seen = await readBySdk('openai-chat', { body: body('a'), stream: false });
  expect(seen).toEqual({ text: 'a', reasoning: '', calls: [], finish: 'length', usage: [1, 0, 2, 0] });
  expect(await readBySdk('openai-chat', { body: body('b'), stream: false })).not.toEqual(seen);
});

test('the tables of docs/dialects.md are those of today (node bench/dialects.ts --write)', () => {
  const document = readFileSync(documentPath, 'utf8');
  expect(withTables(document)).toBe(document);
  expect(document).toContain('| calls and results | carried');
});
