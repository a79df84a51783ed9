import type { DialectName, Vendor } from '../model/request.ts';
import { RequestError } from '../refusals.ts';
import type { JsonValue } from '../wire/json.ts';

/** What one request loses on its way into an upstream's dialect; each field is named once. */
export class Losses {
  readonly #dropped = new Set<string>();

  /** Client-side names of what could not be carried. */
  get dropped(): string[] {
    return [...this.#dropped];
  }

  drop(field: string): void {
    this.#dropped.add(field);
  }

  /** Drops each field that is there. */
  dropPresent(fields: Readonly<Record<string, unknown>>): void {
    for (const [field, value] of Object.entries(fields)) if (value !== undefined) this.drop(field);
  }

  /** Drops the members that only the client's dialect understands. */
  dropVendor(vendor: Vendor | undefined, place = ''): void {
    for (const [key, value] of Object.entries(vendor ?? {}))
      if (!isNoLoss(key, value)) this.drop(place + key);
  }

  /** `value` within the range that the upstream takes; the field is named when that changes it. */
  clamp(
    field: string,
    value: number | undefined,
    [least, most]: readonly [number, number],
  ): number | undefined {
    if (value === undefined) return undefined;
    const clamped = Math.min(most, Math.max(least, value));
    if (clamped !== value) this.drop(field);
    return clamped;
  }
}

/** Is a member of another dialect missed by nobody? Null says nothing, and what is not to be kept is kept nowhere. */
export const isNoLoss = (member: string, value: JsonValue | undefined): boolean =>
  value === null || value === undefined || (member === 'store' && value === false);

/** The refusal of something that an upstream of this dialect cannot be asked. */
export const cannotCarry = (param: string, what: string): RequestError =>
  new RequestError('unsupported_field', {
    param,
    message: `${param}: the upstream of this model does not take ${what}.`,
  });

/** The refusal of a block that only another dialect understands. */
export const foreignPart = (wireType: string, dialect: DialectName): RequestError =>
  cannotCarry(wireType, `${wireType} of ${dialect}`);
