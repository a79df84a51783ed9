import type { Vendor } from '../../model/request.ts';
import type { JsonObject } from '../../wire/json.ts';
import { notes } from '../../wire/notes.ts';
import { provenanceOf } from '../openai/provenance.ts';
import { name } from './wire.ts';

export const { readFrom, wireOf, shapeOf } = provenanceOf(name);

/** The items that a turn was read from, while nobody changed it. Several items of an assistant are one turn. */
export const itemsOfTurn = notes<readonly JsonObject[]>(`items of ${name}`);

const messages = notes<JsonObject>(`message of ${name}`);

/** Notes the message that a part stood in. */
export const standsIn = <T extends { readonly vendor: Vendor }>(part: T, message: JsonObject): T => {
  messages.set(part.vendor, message);
  return part;
};

/** The message that a part stood in, perhaps changed since. */
export const messageOf = ({ vendor }: { readonly vendor?: Vendor }): JsonObject | undefined =>
  vendor && messages.get(vendor);
