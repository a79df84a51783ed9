import type { ModelRequest } from '../../model/request.ts';
import { isJsonObject, type JsonValue } from '../../wire/json.ts';
import { SseSplitter } from '../../wire/sse.ts';
import type { ByteFilter } from '../dialect.ts';

/**
 * We ask every upstream to count its stream. A client that did not ask must not see the chunk with the counts:
 * it has no choices, and clients that read the first one crash.
 */
export const passStream = ({ stream, streamUsage }: ModelRequest): ByteFilter | undefined =>
  stream && !streamUsage ? new UsageFilter() : undefined;

const none = new Uint8Array(0);

class UsageFilter implements ByteFilter {
  #open: Uint8Array = none;

  push(bytes: Uint8Array): Uint8Array {
    const all = this.#open.length === 0 ? bytes : Buffer.concat([this.#open, bytes]);
    const kept: Uint8Array[] = [];
    let from = 0;
    for (let end = endOfFrame(all, from); end !== -1; end = endOfFrame(all, from)) {
      const frame = all.subarray(from, end);
      if (!isUsageFrame(frame)) kept.push(frame);
      from = end;
    }
    this.#open = all.slice(from);
    const [only = none, ...more] = kept;
    return more.length === 0 ? only : Buffer.concat(kept);
  }

  end(): Uint8Array {
    const open = this.#open;
    this.#open = none;
    return isUsageFrame(open) ? none : open;
  }
}

const lf = 0x0a;
const cr = 0x0d;

/** Just after the next blank line; -1 when none is whole. Lines end in LF, CR or both: a last CR may be half of an end. */
const endOfFrame = (bytes: Uint8Array, from: number): number => {
  let line = from;
  for (let at = from; at < bytes.length; at++) {
    const code = bytes[at];
    if (code !== lf && code !== cr) continue;
    if (code === cr && at + 1 === bytes.length) return -1;
    const blank = at === line;
    if (code === cr && bytes[at + 1] === lf) at++;
    if (blank) return at + 1;
    line = at + 1;
  }
  return -1;
};

const usageMember = Buffer.from('"usage"');

/** A chunk that holds nothing but the counts. */
const isUsageFrame = (frame: Uint8Array): boolean => {
  const bytes = Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength);
  if (!bytes.includes(usageMember)) return false;
  const sse = new SseSplitter();
  const [event] = [...sse.push(bytes), ...sse.end()];
  const chunk = event && parse(event.data);
  return (
    isJsonObject(chunk) &&
    isJsonObject(chunk.usage) &&
    Array.isArray(chunk.choices) &&
    chunk.choices.length === 0 &&
    !chunk.error
  );
};

const parse = (text: string): JsonValue | undefined => {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return undefined;
  }
};
