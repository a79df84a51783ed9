import type { Vendor } from '../../model/request.ts';
import type { JsonObject } from '../../wire/json.ts';
import { notes } from '../../wire/notes.ts';

const wires = notes<JsonObject>('wire of gemini');

/**
 * Notes that `node` of the model was read from `wire`, and returns it. Its vendor bag is noted too: a policy that
 * changes a node by `{ ...node, text }` takes the bag along.
 */
export const readFrom = <T extends object>(node: T & { readonly vendor?: Vendor }, wire: JsonObject): T => {
  wires.set(node, wire);
  if (node.vendor) wires.set(node.vendor, wire);
  return node;
};

/** What `node` was read from; undefined for a node that is not as it was read. Nodes are replaced, never edited. */
export const wireOf = (node: object): JsonObject | undefined => wires.get(node);

/** What `node` was read from, perhaps changed since: tells only which of several shapes the client used. */
export const shapeOf = ({ vendor }: { readonly vendor?: Vendor }): JsonObject | undefined =>
  vendor && wires.get(vendor);
