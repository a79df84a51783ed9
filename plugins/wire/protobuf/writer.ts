/** Room for some dozens of usual messages. */
const slabBytes = 64 * 1024;

/** Bytes of a number up to 2^53, the largest that is written. */
const longestVarint = 8;

/** From here on a native call is quicker than a loop. */
const longTextLength = 64;

/**
 * Writes protobuf messages from their end to their start: when a length must be written, what it measures is there
 * already, so nothing is counted beforehand. Fields come in reverse, inner messages before what is around them:
 *
 * ```ts
 * writer.begin();
 * const mark = writer.size;
 * writer.utf8(innerTag, 'text');
 * writer.message(outerTag, mark); // all that was written since `mark`
 * return writer.finish();
 * ```
 *
 * Tags are `(field number << 3) | wire type`. Messages are cut from shared slabs and never written again, as Node does
 * with small buffers.
 */
export class Writer {
  #slab = Buffer.allocUnsafeSlow(slabBytes);
  /** The first byte written; all before it is free. */
  #at = slabBytes;
  #end = slabBytes;

  /** Starts a message, and drops one that was not finished. */
  begin(): void {
    this.#end = this.#at;
  }

  finish(): Buffer {
    return this.#slab.subarray(this.#at, this.#end);
  }

  /** Bytes of the message so far. */
  get size(): number {
    return this.#end - this.#at;
  }

  /** An integer from 0 to 2^53 - 1. */
  varint(tag: number, value: number): void {
    this.#reserve(2 * longestVarint);
    this.#varint(value);
    this.#tag(tag);
  }

  double(tag: number, value: number): void {
    this.#reserve(8 + longestVarint);
    this.#at -= 8;
    this.#slab.writeDoubleLE(value, this.#at);
    this.#tag(tag);
  }

  bytes(tag: number, value: Uint8Array): void {
    this.#reserve(value.length);
    this.#at -= value.length;
    this.#slab.set(value, this.#at);
    this.#lengthAndTag(tag, value.length);
  }

  utf8(tag: number, value: string): void {
    if (value.length >= longTextLength || !this.#eachCharacter(tag, value, 0x7f)) this.#encoded(tag, value);
  }

  /** One byte per character, the reverse of `Reader.latin1`; a text with characters above U+00FF in UTF-8. */
  latin1(tag: number, value: string): void {
    if (!this.#eachCharacter(tag, value, 0xff)) this.#encoded(tag, value);
  }

  /** Makes everything since `mark`, a `size` taken earlier, the value of one field. */
  message(tag: number, mark: number): void {
    this.#lengthAndTag(tag, this.size - mark);
  }

  /** Writes a byte per character, or nothing and says false when a character is above `highest`. */
  #eachCharacter(tag: number, value: string, highest: number): boolean {
    const { length } = value;
    this.#reserve(length);
    const slab = this.#slab;
    const start = this.#at - length;
    for (let index = 0; index < length; index++) {
      const code = value.charCodeAt(index);
      if (code > highest) return false;
      slab[start + index] = code;
    }
    this.#at = start;
    this.#lengthAndTag(tag, length);
    return true;
  }

  #encoded(tag: number, value: string): void {
    const length = Buffer.byteLength(value);
    this.#reserve(length);
    this.#at -= length;
    this.#slab.write(value, this.#at, length, 'utf8');
    this.#lengthAndTag(tag, length);
  }

  #lengthAndTag(tag: number, length: number): void {
    this.#reserve(2 * longestVarint);
    this.#varint(length);
    this.#tag(tag);
  }

  #tag(tag: number): void {
    if (tag > 0x7f) this.#varint(tag);
    else this.#slab[--this.#at] = tag;
  }

  #varint(value: number): void {
    this.#at -= varintBytes(value);
    let at = this.#at;
    let rest = value;
    for (; rest > 0xffff_ffff; rest = Math.floor(rest / 0x80)) this.#slab[at++] = (rest % 0x80) | 0x80;
    for (; rest > 0x7f; rest >>>= 7) this.#slab[at++] = (rest & 0x7f) | 0x80;
    this.#slab[at] = rest;
  }

  /** A message that outgrows its slab takes what it has to a new one, large enough for it and for those after it. */
  #reserve(bytes: number): void {
    if (bytes <= this.#at) return;
    const { size } = this;
    const slab = Buffer.allocUnsafeSlow(size + bytes + slabBytes);
    this.#slab.copy(slab, slab.length - size, this.#at, this.#end);
    this.#slab = slab;
    this.#at = slab.length - size;
    this.#end = slab.length;
  }
}

const varintBytes = (value: number): number => {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  if (value < 0x20_0000) return 3;
  if (value < 0x1000_0000) return 4;
  let bytes = 5;
  for (let least = 0x8_0000_0000; value >= least; least *= 0x80) bytes++;
  return bytes;
};
