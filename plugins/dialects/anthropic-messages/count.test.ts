import { expect, test } from 'vitest';
import { parseJsonDocument } from '../../wire/json.ts';
import { anthropicMessages } from './index.ts';

const counting = anthropicMessages.operations?.['count-tokens'];
const target = { model: 'theirs', clientHeaders: new Map<string, string>() };

test('the body of a count needs no max_tokens and goes out without members of answers', () => {
  const ask = { model: 'ours', system: 'be kind', messages: [{ role: 'user', content: 'hi' }] };
  const request = counting?.decodeRequest(parseJsonDocument(Buffer.from(JSON.stringify(ask))));
  const sent = request && counting?.encodeRequest({ ...request, stream: true, maxOutputTokens: 9 }, target);
  expect(sent?.path).toBe('/v1/messages/count_tokens');
  expect(JSON.parse(sent?.body ?? '')).toEqual({ ...ask, model: 'theirs' });
});

test('a count comes back as it came', () => {
  const decoder = counting?.decodeResponse();
  decoder?.push(Buffer.from('{"input_tokens":14}'));
  const encoder = counting?.encodeResponse({} as never);
  for (const event of decoder?.end() ?? []) encoder?.push(event);
  expect(encoder?.end()).toBe('{"input_tokens":14}');
});

test('an answer without a count is malformed', () => {
  const decoder = counting?.decodeResponse();
  decoder?.push(Buffer.from('{"input_tokens":"14"}'));
  expect(decoder?.end()).toMatchObject([{ type: 'error', error: { code: 'upstream_malformed' } }]);
});
