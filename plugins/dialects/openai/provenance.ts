import type { DialectName, Vendor } from '../../model/request.ts';
import type { JsonObject } from '../../wire/json.ts';
import { notes } from '../../wire/notes.ts';

/** What a dialect remembers of the wire that it read nodes of the model from. */
export interface Provenance {
  /**
   * Notes that `node` of the model was read from `wire`, and returns it. Its vendor bag is noted too: a policy that
   * changes a node by `{ ...node, text }` takes the bag along.
   */
  readFrom<T extends { readonly vendor?: Vendor }>(node: T, wire: JsonObject): T;
  /** What `node` was read from; undefined for a node that is not as it was read. Nodes are replaced, never edited. */
  wireOf(node: object): JsonObject | undefined;
  /**
   * What `node` was read from, perhaps changed since. Tells only which of several names or roles the client used; what
   * a node says is always taken from the node.
   */
  shapeOf(node: { readonly vendor?: Vendor }): JsonObject | undefined;
}

/** The memory of one dialect; what another one read is unknown to it. */
export const provenanceOf = (dialect: DialectName): Provenance => {
  const wires = notes<JsonObject>(`wire of ${dialect}`);
  return {
    readFrom: (node, wire) => {
      wires.set(node, wire);
      if (node.vendor) wires.set(node.vendor, wire);
      return node;
    },
    wireOf: (node) => wires.get(node),
    shapeOf: ({ vendor }) => vendor && wires.get(vendor),
  };
};
