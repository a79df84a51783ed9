import type { CounterStore } from '../../ports/counter-store.ts';

/** What may be asked over the socket: the calls of a store, and those of a `RemoteStore` that tell whether it has forgotten. */
export type Method = keyof CounterStore | 'probe' | 'bringBack';

/** A number that the answer repeats, the method and its arguments. */
export type Question = readonly [number: number, method: Method, args: readonly unknown[]];

/** The number of the question, and what came of it. */
export type Answer = readonly [number: number, outcome: Outcome];

export type Outcome =
  | { readonly result: unknown }
  /** What was asked makes no sense. */
  | { readonly rangeError: string }
  /** The store behind the socket failed, or is lost itself. */
  | { readonly fault: true };
