import type { CacheMark, DialectName, Vendor } from '../../model/request.ts';
import { RequestError } from '../../refusals.ts';
import type { JsonObject } from '../../wire/json.ts';
import { isNoLoss } from '../losses.ts';
import { merge } from './wire.ts';

interface Extended {
  readonly vendor?: Vendor;
  readonly cache?: CacheMark;
}

/** One request that is being written: what it was read from, and what is lost on the way. */
export class Writing {
  /** The request came in this dialect, so its vendor bags hold this dialect's members. */
  readonly own: boolean;
  readonly #dropped = new Set<string>();

  /** `dialect` is the one that writes. */
  constructor(request: { readonly dialect: DialectName }, dialect: DialectName) {
    this.own = request.dialect === dialect;
  }

  /** Client-side names of what could not be carried. */
  get dropped(): string[] {
    return [...this.#dropped];
  }

  drop(field: string): void {
    this.#dropped.add(field);
  }

  /**
   * `body`, which says what `node` says, with the members that only this dialect knows. Those of another dialect are
   * dropped under their names at `place`; cache marks mean nothing there, where caching needs none.
   */
  extend(body: JsonObject, { vendor = {}, cache }: Extended, place: string): JsonObject {
    if (this.own)
      return merge(vendor, cache ? { ...body, prompt_cache_breakpoint: { mode: 'explicit' } } : body);
    for (const [key, value] of Object.entries(vendor)) if (!isNoLoss(key, value)) this.drop(place + key);
    return body;
  }
}

/** The refusal of something that an upstream of this dialect cannot be asked. */
export const unsupported = (param: string, what: string): RequestError =>
  new RequestError('unsupported_field', {
    param,
    message: `${param}: the upstream of this model does not take ${what}.`,
  });
