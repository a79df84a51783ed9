import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as anthropic from './anthropic-messages/names.ts';
import * as gemini from './gemini/names.ts';

test('legal names stay as they are', () => {
  expect(anthropic.legalName('get_weather-2')).toBe('get_weather-2');
  expect(gemini.legalName('get:weather.2')).toBe('get:weather.2');
});

describe.each([
  ['anthropic', anthropic, /^[A-Za-z0-9_-]*$/],
  ['gemini', gemini, /^([A-Za-z_][A-Za-z0-9_.:-]*)?$/],
])('%s', (_, { legalName, restoreName }, legalForm) => {
  test('every name becomes legal and comes back', () => {
    const name = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.string({ unit: fc.constantFrom('_', 'n', 'x', '5', 'f', '.', '/') }),
      fc.constantFrom('mcp.files/read', 'a_nx2e_b', '_nx_nx5f_nx2e_', '_nx5.', '_nx5/'),
    );
    fc.assert(
      fc.property(name, (original) => {
        const legal = legalName(original);
        expect(legal).toMatch(legalForm);
        expect(restoreName(legal)).toBe(original);
      }),
      { numRuns: 500 },
    );
  });
});
