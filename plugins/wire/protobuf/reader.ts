/** The bytes are no protobuf message. */
export class ProtobufError extends Error {
  override readonly name = 'ProtobufError';
}

/** How a field's value stands on the wire: the low three bits of its tag. */
const wireType = { varint: 0, fixed64: 1, length: 2, fixed32: 5 } as const;

/**
 * Walks over a protobuf message without building objects. Every read stays inside the innermost open message; what
 * does not fit there throws `ProtobufError`.
 *
 * ```ts
 * for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
 *   if (tag === wanted) found = reader.bool();
 *   else reader.skip(tag);
 * }
 * ```
 */
export class Reader {
  readonly #bytes: Buffer;
  #at = 0;
  /** Of the innermost open message. */
  #end: number;
  /** Bytes from `#textStart` on as one string, one character per byte: see `prefetchText`. */
  #text = '';
  #textStart = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    this.#end = bytes.length;
  }

  /** The next field's number and wire type, `(number << 3) | wireType`; 0 at the end of the message. */
  tag(): number {
    if (this.#at === this.#end) return 0;
    const tag = this.varint();
    if (tag < 8) throw new ProtobufError('a field has the number 0');
    return tag;
  }

  /** Exact up to 2^53: enough for lengths, enums and booleans. */
  varint(): number {
    let byte = this.#byte();
    if (byte < 0x80) return byte;
    let value = byte & 0x7f;
    for (let scale = 0x80; scale <= longestVarintScale; scale *= 0x80) {
      byte = this.#byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
    throw new ProtobufError('a number is longer than ten bytes');
  }

  bool(): boolean {
    return this.varint() !== 0;
  }

  double(): number {
    const start = this.#take(8);
    return this.#bytes.readDoubleLE(start);
  }

  /** A view, not a copy. */
  bytes(): Buffer {
    const start = this.#take(this.varint());
    return this.#bytes.subarray(start, this.#at);
  }

  /** One character per byte: loses nothing, whatever the encoding. */
  latin1(): string {
    const start = this.#take(this.varint());
    return this.#isPrefetched() ? this.#cut(start) : this.#bytes.toString('latin1', start, this.#at);
  }

  utf8(): string {
    const start = this.#take(this.varint());
    const isCheap = this.#isPrefetched() && this.#isAscii(start);
    return isCheap ? this.#cut(start) : this.#bytes.toString('utf8', start, this.#at);
  }

  /** Opens the message that comes next; give what this returns to `leave` after its last field. */
  enter(): number {
    const outer = this.#end;
    const length = this.varint();
    this.#at = this.#take(length);
    this.#end = this.#at + length;
    return outer;
  }

  leave(outer: number): void {
    this.#end = outer;
  }

  /**
   * Reads the rest of the open message as one string from which its texts are then cut: one native call instead of
   * one per text. Worth it for a message made of short texts.
   */
  prefetchText(): void {
    this.#textStart = this.#at;
    this.#text = this.#bytes.toString('latin1', this.#at, this.#end);
  }

  /** Passes over the value of a field that nobody wants. */
  skip(tag: number): void {
    switch (tag & 7) {
      case wireType.varint:
        this.varint();
        return;
      case wireType.fixed64:
        this.#take(8);
        return;
      case wireType.length:
        this.#take(this.varint());
        return;
      case wireType.fixed32:
        this.#take(4);
        return;
      default:
        throw new ProtobufError(`wire type ${tag & 7} is not in use`);
    }
  }

  #byte(): number {
    if (this.#at >= this.#end) throw new ProtobufError('the message ends inside a number');
    return this.#bytes[this.#at++] ?? 0;
  }

  /** Steps over `length` bytes and returns where they begin. */
  #take(length: number): number {
    const start = this.#at;
    if (length > this.#end - start) throw new ProtobufError('the message ends inside a field');
    this.#at = start + length;
    return start;
  }

  /** Of the text that ends here; it can not begin before `#textStart`, as nothing is read twice. */
  #isPrefetched(): boolean {
    return this.#at <= this.#textStart + this.#text.length;
  }

  #isAscii(start: number): boolean {
    for (let at = start; at < this.#at; at++) if ((this.#bytes[at] ?? 0) > 0x7f) return false;
    return true;
  }

  #cut(start: number): string {
    return this.#text.substring(start - this.#textStart, this.#at - this.#textStart);
  }
}

/** Of the tenth byte. */
const longestVarintScale = 2 ** 63;
