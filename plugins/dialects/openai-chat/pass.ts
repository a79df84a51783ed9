import type { ModelRequest } from '../../model/request.ts';
import { FrameCutter, framesWith, type Place } from '../../wire/frames.ts';
import { isJsonObject, parseJson } from '../../wire/json.ts';
import { SseSplitter } from '../../wire/sse.ts';
import type { ByteFilter } from '../dialect.ts';

/**
 * We ask every upstream to count its stream. A client that did not ask must not see the chunk with the counts:
 * it has no choices, and clients that read the first one crash.
 */
export const passStream = ({ stream, streamUsage }: ModelRequest): ByteFilter | undefined =>
  stream && !streamUsage ? new UsageFilter() : undefined;

/** A member that holds counts; inside of strings its quotes would be escaped. */
const counting = /"usage"\s*:\s*\{/g;

class UsageFilter implements ByteFilter {
  readonly #frames = new FrameCutter();

  push(bytes: Uint8Array): Uint8Array {
    return withoutUsageFrames(this.#frames.push(bytes));
  }

  end(): Uint8Array {
    return withoutUsageFrames(this.#frames.take());
  }
}

const withoutUsageFrames = (whole: Uint8Array): Uint8Array => {
  const places = framesWith(counting, whole) ?? everyFrame(whole);
  const out = places.filter(([start, end]) => isUsageFrame(whole.subarray(start, end)));
  if (out.length === 0) return whole;
  const kept = out.map(([start], at) => whole.subarray(out[at - 1]?.[1] ?? 0, start));
  return Buffer.concat([...kept, whole.subarray(out.at(-1)?.[1])]);
};

const lf = 0x0a;
const cr = 0x0d;

/** The place of each frame, whatever its line ends. */
const everyFrame = (bytes: Uint8Array): Place[] => {
  const places: Place[] = [];
  let start = 0;
  let line = 0;
  for (let at = 0; at < bytes.length; at++) {
    const code = bytes[at];
    if (code !== lf && code !== cr) continue;
    const isBlank = at === line;
    if (code === cr && bytes[at + 1] === lf) at++;
    line = at + 1;
    if (!isBlank) continue;
    places.push([start, line]);
    start = line;
  }
  if (start < bytes.length) places.push([start, bytes.length]);
  return places;
};

/** A chunk that holds nothing but the counts. */
const isUsageFrame = (frame: Uint8Array): boolean => {
  const bytes = Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength);
  const sse = new SseSplitter();
  const [event] = [...sse.push(bytes), ...sse.end()];
  const chunk = event && parseJson(event.data);
  return (
    isJsonObject(chunk) &&
    isJsonObject(chunk.usage) &&
    Array.isArray(chunk.choices) &&
    chunk.choices.length === 0 &&
    !chunk.error
  );
};
