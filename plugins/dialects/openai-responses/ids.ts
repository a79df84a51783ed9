import { createHash } from 'node:crypto';

/** Ids of items that we invent hold this, so that they are known again when a client sends them back. */
const ours = '_nexus_';

/** The id of an item in an answer that another dialect's upstream gave: `msg_nexus_<answer>_0`. */
export const inventId = (prefix: 'msg' | 'rs' | 'fc' | 'ig', answerId: string, index: number): string =>
  `${prefix}${ours}${bareId(answerId)}_${index}`;

/** `answerId` without what only its own API takes in an id. */
export const bareId = (answerId: string): string => answerId.replaceAll(/[^A-Za-z0-9]+/g, '').slice(0, 48);

/** Was the id invented by us? No server of this API knows it. */
export const isInvented = (id: unknown): boolean => typeof id === 'string' && id.includes(ours);

/** Does a text, perhaps a whole request, hold ids of ours? */
export const holdsInvented = (text: string): boolean => text.includes(ours);

/** Longest `call_id` that is taken (API reference, "Create a model response", read 2026-11-24). */
const maxCallIdLength = 64;

/** An id of a tool call as it may be sent; the same for a call and for its result. */
export const legalCallId = (id: string): string =>
  id.length <= maxCallIdLength
    ? id
    : `call_${createHash('sha256')
        .update(id)
        .digest('hex')
        .slice(0, maxCallIdLength - 5)}`;
