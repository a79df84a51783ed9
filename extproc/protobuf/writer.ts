/** Room for some dozens of usual messages. */
const slabBytes = 64 * 1024;

/**
 * Writes protobuf messages from their end to their start: when a length must be written, what it measures is there
 * already, so nothing is counted beforehand. Fields come in reverse, inner messages before what is around them:
 *
 * ```ts
 * writer.begin();
 * const mark = writer.size;
 * writer.text(innerField, 'text');
 * writer.message(outerField, mark); // all that was written since `mark`
 * return writer.finish();
 * ```
 *
 * Messages are cut from shared slabs and never written again, as Node does with small buffers.
 */
export class Writer {
  #slab = Buffer.allocUnsafeSlow(slabBytes);
  /** Just before the free room: the first byte of what was written last. */
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

  varint(tag: number, value: number): void {
    this.#reserve(11);
    this.#varint(value);
    this.#tag(tag);
  }

  double(tag: number, value: number): void {
    this.#reserve(9);
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
    if (value.length > longestShortText || !this.#shortText(tag, value, 0x7f)) this.#anyText(tag, value);
  }

  /** One byte per character, the reverse of `Reader.latin1`; a text with characters above U+00FF in UTF-8. */
  latin1(tag: number, value: string): void {
    if (!this.#shortText(tag, value, 0xff)) this.#anyText(tag, value);
  }

  /** Makes everything since `mark`, a `size` taken earlier, the value of one field. */
  message(tag: number, mark: number): void {
    this.#lengthAndTag(tag, this.size - mark);
  }

  /** Byte by byte, which beats a native call for short texts; false when a character is above `highest`. */
  #shortText(tag: number, value: string, highest: number): boolean {
    const { length } = value;
    this.#reserve(length);
    const start = this.#at - length;
    for (let index = 0; index < length; index++) {
      const code = value.charCodeAt(index);
      if (code > highest) return false;
      this.#slab[start + index] = code;
    }
    this.#at = start;
    this.#lengthAndTag(tag, length);
    return true;
  }

  #anyText(tag: number, value: string): void {
    const length = Buffer.byteLength(value);
    this.#reserve(length);
    this.#at -= length;
    this.#slab.utf8Write(value, this.#at, length);
    this.#lengthAndTag(tag, length);
  }

  #lengthAndTag(tag: number, length: number): void {
    this.#reserve(6);
    this.#varint(length);
    this.#tag(tag);
  }

  /** All field numbers here are below 16, so that a tag is one byte. */
  #tag(tag: number): void {
    this.#slab[--this.#at] = tag;
  }

  #varint(value: number): void {
    if (value < 0x80) {
      this.#slab[--this.#at] = value;
      return;
    }
    ...
  }
}
