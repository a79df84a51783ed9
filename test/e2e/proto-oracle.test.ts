import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { embeddedDescriptors, readEnvoyFields } from '../../proto/embedded.ts';
import committed from '../../proto/fields.json' with { type: 'json' };
import {
  conflicts,
  loadProtos,
  protoFiles,
  schemaOfDescriptors,
  schemaOfProtos,
} from '../../proto/schema.ts';
import { envoyBinary } from './envoy.ts';

describe.skipIf(!envoyBinary)('the descriptors inside the Envoy binary', () => {
  const path = envoyBinary ?? '';
  const fields = envoyBinary ? readEnvoyFields(path) : undefined;

  test('agree with our .proto files', () => {
    expect(fields && conflicts(schemaOfProtos(loadProtos()), fields)).toEqual([]);
  });

  test('are those of fields.json', ({ skip }) => {
    skip(
      fields?.envoy !== committed.envoy,
      `fields.json is of Envoy ${committed.envoy}, this is ${fields?.envoy}`,
    );
    expect(fields).toEqual(committed);
  });

  test('say the same in every copy', () => {
    const program = readFileSync(path);
    for (const file of protoFiles) {
      const [first, ...others] = embeddedDescriptors(program, file).map((copy) =>
        schemaOfDescriptors([copy]),
      );
      expect(first, file).toBeDefined();
      for (const other of others) expect(other).toEqual(first);
    }
  });
});
