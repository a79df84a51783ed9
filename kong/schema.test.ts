import { expect, test } from 'vitest';
import { z } from 'zod';
import { kongFields } from './schema.ts';

test('every key becomes a field', () => {
  const settings = z.strictObject({
    name: z.string().min(1).describe('What it is called.'),
    count: z.int().default(3),
    share: z.number().optional(),
    mode: z.enum(['on', 'off']).default('on'),
    loud: z.boolean().optional(),
  });
  expect(kongFields(settings)).toEqual([
    { name: { type: 'string', description: 'What it is called.', required: true } },
    { count: { type: 'integer', default: 3 } },
    { share: { type: 'number' } },
    { mode: { type: 'string', default: 'on', one_of: ['on', 'off'] } },
    { loud: { type: 'boolean' } },
  ]);
});

test.each([z.array(z.string()), z.strictObject({}), z.string().nullable()])(
  'what Kong has no field for is an error',
  (type) => {
    expect(() => kongFields(z.strictObject({ odd: type }))).toThrow(/^odd: Kong's schema has no field for /);
  },
);
