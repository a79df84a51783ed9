import { maxSseEventBytes } from './sse.ts';

const none: Uint8Array = new Uint8Array(0);

/**
 * Lets whole frames of a stream of server-sent events through and holds back the one that is not whole yet.
 * Throws a `RangeError` when one frame grows over `maxSseEventBytes`.
 */
export class FrameCutter {
  #open: Uint8Array = none;

  /** The bytes up to the last blank line. */
  push(bytes: Uint8Array): Uint8Array {
    const all = this.#open.length === 0 ? bytes : Buffer.concat([this.#open, bytes]);
    const cut = endOfLastFrame(all);
    if (all.length - cut > maxSseEventBytes) throw new RangeError('an event is too large');
    this.#open = cut === all.length ? none : all.slice(cut);
    return cut === all.length ? all : all.subarray(0, cut);
  }

  /** What is held back, which is then held no longer. */
  take(): Uint8Array {
    const open = this.#open;
    this.#open = none;
    return open;
  }
}

/** Just after the last blank line (LF LF, CR LF CR LF or CR CR); 0 when there is none. */
const endOfLastFrame = (bytes: Uint8Array): number => {
  for (let at = bytes.length - 1; at > 0; at--) {
    const code = bytes[at];
    if (code !== 0x0a && code !== 0x0d) continue;
    if (bytes[at - 1] === code) return at + 1;
    if (code === 0x0a && bytes[at - 1] === 0x0d && bytes[at - 2] === 0x0a) return at + 1;
  }
  return 0;
};

/** Where a frame stands: [start, end) in bytes. */
export type Place = readonly [start: number, end: number];

/**
 * Where frames of interest stand in `bytes`, which hold whole frames: those in which `pattern` (global) matches, in
 * order, each once. Undefined when lines do not all end in LF or all in CR LF: then frames have to be split one by
 * one. Bytes are looked at as Latin-1, so positions are those of bytes.
 */
export const framesWith = (pattern: RegExp, bytes: Uint8Array): readonly Place[] | undefined => {
  const text = latin1(bytes);
  const blank = blankLine(text);
  if (blank === undefined) return undefined;
  const found: Place[] = [];
  pattern.lastIndex = 0;
  for (let match = pattern.exec(text); match; match = pattern.exec(text)) {
    const before = text.lastIndexOf(blank, match.index);
    const after = text.indexOf(blank, match.index);
    const end = after === -1 ? text.length : after + blank.length;
    found.push([before === -1 ? 0 : before + blank.length, end]);
    pattern.lastIndex = end;
  }
  return found;
};

const latin1 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');

/** What stands between the frames of `text`; undefined for anything but LF LF or CR LF CR LF throughout. */
const blankLine = (text: string): string | undefined => {
  if (!text.includes('\r')) return '\n\n';
  return text.includes('\r\n\r\n') && !text.includes('\n\n') && !text.includes('\r\r')
    ? '\r\n\r\n'
    : undefined;
};

/** `places` with that of the very first frame of `bytes` before them. */
export const firstAnd = (
  places: readonly Place[] | undefined,
  bytes: Uint8Array,
): readonly Place[] | undefined => {
  if (!places || places[0]?.[0] === 0) return places;
  const text = latin1(bytes);
  const blank = blankLine(text) ?? '\n\n';
  const at = text.indexOf(blank);
  return [[0, at === -1 ? bytes.length : at + blank.length], ...places];
};
