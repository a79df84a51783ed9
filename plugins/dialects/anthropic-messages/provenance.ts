import type { JsonValue } from '../../wire/json.ts';
import { notes } from '../../wire/notes.ts';

const wireOf = notes<JsonValue>('wire of anthropic-messages');

/** Notes that `node` of the model was read from `wire`, and returns it. */
export const readFrom = <T extends object>(node: T, wire: JsonValue): T => {
  wireOf.set(node, wire);
  return node;
};

/**
 * What `node` was read from; undefined for a node that a policy made or changed. Model nodes are replaced, never
 * edited, so a known node still means what its wire value says.
 */
export const originOf = (node: object): JsonValue | undefined => wireOf.get(node);
