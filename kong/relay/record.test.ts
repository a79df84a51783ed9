import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeRecord, recordedReply } from './record.ts';

test('a record is a query, whose numbers are marked', () => {
  expect(encodeRecord({ id: 'a1', user: 'Zoë & co', input_tokens: 12 })).toBe(
    'id=a1&user=Zo%C3%AB%20%26%20co&input_tokens%23=12',
  );
});

test('it fits into a head, and its first fields are whole', () => {
  const texts = fc.dictionary(
    fc.stringMatching(/^[a-z]{1,9}$/),
    fc.string({ unit: 'binary', maxLength: 5000 }),
  );
  fc.assert(
    fc.property(texts, (fields) => {
      const record = encodeRecord({ id: 'a1', ...fields });
      expect(record.length).toBeLessThanOrEqual(2048);
      expect(record.startsWith('id=')).toBe(true);
    }),
  );
});

test('a reply before any session says what its head tells, never a query', () => {
  const reply = {
    kind: 'reply',
    status: 401,
    headers: [['x-nexus-decision', 'd1']],
    body: '',
    code: 'invalid_key',
  } as const;
  const { headers } = recordedReply(reply, { method: 'POST', path: '/v1/x?key=secret', headers: new Map() });
  expect(headers.at(-1)).toEqual(['x-nexus-record', 'id=d1&path=%2Fv1%2Fx&code=invalid_key']);
});
