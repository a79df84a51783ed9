import fc from 'fast-check';
import { expect, test } from 'vitest';
import { legalName, restoreName } from './names.ts';

test('legal names stay as they are', () => {
  expect(legalName('get_weather-2')).toBe('get_weather-2');
});

test('every name becomes legal and comes back', () => {
  const name = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.string({ unit: fc.constantFrom('_', 'n', 'x', '5', 'f', '.') }),
    fc.constantFrom('mcp.files/read', 'a_nx2e_b', '_nx_nx5f_nx2e_', '_nx5.'),
  );
  fc.assert(
    fc.property(name, (original) => {
      const legal = legalName(original);
      expect(legal).toMatch(/^[A-Za-z0-9_-]*$/);
      expect(restoreName(legal)).toBe(original);
    }),
  );
});
