import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../plugins/wire/json.ts';
import { failureIn } from './failure.ts';

const noted = (fields: JsonObject) => failureIn({ metadata: new Map([['nexus_failure', fields]]) });

describe('failureIn', () => {
  it('reads what Envoy notes', () => {
    expect(noted({ last: { attempt: 2, status: '429', headers: { 'retry-after': '7' } } })).toEqual({
      number: 2,
      head: { status: 429, headers: new Map([['retry-after', '7']]) },
    });
  });

  it('is nothing while nobody has failed, or when it is not what we wrote', () => {
    expect(failureIn({ metadata: new Map() })).toBeUndefined();
    for (const last of ['7', null, [], { attempt: 1, status: '429' }, { attempt: 1, headers: '' }]) {
      expect(noted({ last })).toBeUndefined();
    }
  });
});
