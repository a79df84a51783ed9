import type { CacheMark, Vendor } from '../../model/request.ts';
import { isJsonObject, type JsonValue } from '../../wire/json.ts';
import type { Fields } from '../fields.ts';
import { isEmptyObject } from './wire.ts';

/** Members of a content part without a place in the model. A plain cache breakpoint is a mark of the model. */
export const extras = (fields: Fields, nested: Vendor = {}): { vendor?: Vendor; cache?: CacheMark } => {
  const { prompt_cache_breakpoint: breakpoint, ...others } = fields.rest;
  const marked = isPlainBreakpoint(breakpoint);
  const vendor = { ...(marked ? others : fields.rest), ...nested };
  return { ...(isEmptyObject(vendor) ? {} : { vendor }), ...(marked ? { cache: {} } : {}) };
};

const isPlainBreakpoint = (value: JsonValue | undefined): boolean =>
  isJsonObject(value) && value.mode === 'explicit' && Object.keys(value).length === 1;
