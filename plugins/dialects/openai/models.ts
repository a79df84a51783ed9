import type { JsonObject } from '../../wire/json.ts';

/** The list of models as both OpenAI dialects have it ("List models", read 2026-11-24); we know no dates of release. */
export const encodeModels = (names: readonly string[]): JsonObject => ({
  object: 'list',
  data: names.map((id) => ({ id, object: 'model', created: 0, owned_by: 'nexus' })),
});
