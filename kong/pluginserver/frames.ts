/** What came is no frame of Kong's. */
export class FrameError extends Error {
  override readonly name = 'FrameError';
}

const lengthBytes = 4;
/** Far above Kong's largest message, which carries all headers of a request; bounds what a stray peer can make us hold. */
const maxFrameBytes = 1_048_576;

/** One frame of `ProtoBuf:1`: its length as four bytes, little-endian, then the payload. */
export const frame = (payload: Uint8Array): Buffer => {
  const framed = Buffer.allocUnsafe(lengthBytes + payload.length);
  framed.writeUInt32LE(payload.length);
  framed.set(payload, lengthBytes);
  return framed;
};

export const emptyFrame = frame(new Uint8Array(0));

/** Finds the frames in what a socket brings. */
export class FrameReader {
  #rest: Buffer = Buffer.alloc(0);

  /** Payloads of the frames that are complete with this chunk. Throws `FrameError`. */
  push(chunk: Buffer): Buffer[] {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const payloads: Buffer[] = [];
    let at = 0;
    while (bytes.length - at >= lengthBytes) {
      const end = at + lengthBytes + lengthAt(bytes, at);
      if (end > bytes.length) break;
      payloads.push(bytes.subarray(at + lengthBytes, end));
      at = end;
    }
    this.#rest = bytes.subarray(at);
    return payloads;
  }
}

const lengthAt = (bytes: Buffer, at: number): number => {
  const length = bytes.readUInt32LE(at);
  if (length > maxFrameBytes) throw new FrameError(`a frame of ${length} bytes`);
  return length;
};
