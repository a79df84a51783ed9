import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { sseFrame } from '../plugins/wire/sse.ts';
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

const chatCall = (name: string, text: string) => ({
  index: 0,
  id: name,
  function: { name, arguments: text },
});

test('in a whole answer each call is one, and `null` is no arguments', async () => {
  const tool_calls = [chatCall('f', '{"a":1}'), chatCall('g', 'null')];
  const choices = [{ index: 0, message: { content: null, tool_calls }, finish_reason: 'tool_calls' }];
  const seen = await readBySdk('openai-chat', {
    body: Buffer.from(JSON.stringify({ choices })),
    stream: false,
  });
  expect(seen.calls).toEqual([
    { name: 'f', input: { a: 1 } },
    { name: 'g', input: {} },
  ]);
});

test('a refusal is told apart', async () => {
  const choices = [{ index: 0, message: { content: null, refusal: 'No.' }, finish_reason: 'stop' }];
  const seen = await readBySdk('openai-chat', {
    body: Buffer.from(JSON.stringify({ choices })),
    stream: false,
  });
  expect(seen).toMatchObject({ text: 'No.', finish: 'refused' });
});

/** A stream of events, by their names. */
const frames = (events: Readonly<Record<string, object>>) =>
  Buffer.from(
    Object.entries(events)
      .map(([type, members]) => sseFrame(JSON.stringify({ type, ...members }), type))
      .join(''),
  );

test('of arguments that were cut counts what came, not what an SDK makes of it', async () => {
  const usage = { input_tokens: 1, output_tokens: 1 };
  const body = frames({
    message_start: { message: { id: 'msg_1', type: 'message', role: 'assistant', content: [], usage } },
    content_block_start: { index: 0, content_block: { type: 'tool_use', id: 't', name: 'f', input: {} } },
    content_block_delta: { index: 0, delta: { type: 'input_json_delta', partial_json: '{"a":1,"b' } },
    content_block_stop: { index: 0 },
    message_delta: { delta: { stop_reason: 'max_tokens', stop_sequence: null }, usage },
    message_stop: {},
  });
  const { calls } = await readBySdk('anthropic-messages', { body, stream: true });
  expect(calls).toEqual([{ name: 'f', input: { partial_json: '{"a":1,"b' } }]);
});

test('items of a stream count although its end has none', async () => {
  const response = { id: 'resp_1', object: 'response', status: 'in_progress', output: [] };
  const part = { type: 'output_text', text: '', annotations: [] };
  const item = { id: 'msg_1', type: 'message', role: 'assistant', status: 'in_progress', content: [] };
  const at = { output_index: 0, content_index: 0, item_id: 'msg_1' };
  const body = frames({
    'response.created': { response },
    'response.output_item.added': { output_index: 0, item },
    'response.content_part.added': { ...at, part },
    'response.output_text.delta': { ...at, delta: 'Hi' },
    'response.output_item.done': { output_index: 0, item: { ...item, content: [{ ...part, text: 'Hi' }] } },
    'response.completed': { response: { ...response, status: 'completed' } },
  });
  expect((await readBySdk('openai-responses', { body, stream: true })).text).toBe('Hi');
});

test('the tables of docs/dialects.md are those of today (node bench/dialects.ts --write)', () => {
  const document = readFileSync(documentPath, 'utf8');
  expect(withTables(document)).toBe(document);
  expect(document).toContain('| calls and results | carried');
});
