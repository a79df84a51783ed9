import { join } from 'node:path';
import protobuf from 'protobufjs';

const root = new protobuf.Root().loadSync(join(import.meta.dirname, 'pluginsocket.proto'), {
  keepCase: true,
});

/** A message as a plain object, with the field names of its .proto file. protobufjs is the other side of our own codec. */
export type Message = Readonly<Record<string, unknown>>;

const types = new Map<string, protobuf.Type>();

/** A type of pluginsocket.proto by its name, one of Google's by its full name. */
const typeOf = (name: string): protobuf.Type => {
  const type = types.get(name) ?? root.lookupType(name.includes('.') ? name : `kong_plugin_protocol.${name}`);
  types.set(name, type);
  return type;
};

export const encode = (name: string, message: Message): Buffer => {
  const type = typeOf(name);
  return Buffer.from(type.encode(type.fromObject(message)).finish());
};

export const decode = (name: string, bytes: Uint8Array): Message => {
  const type = typeOf(name);
  return type.toObject(type.decode(bytes), { longs: Number });
};

/** One frame: its length, little-endian, then the payload. */
export const framed = (payload: Uint8Array): Buffer => {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(payload.length);
  return Buffer.concat([length, payload]);
};

/** Takes the first whole frame off `bytes`; undefined when there is none yet. */
export const cutFrame = (bytes: Buffer): { readonly payload: Buffer; readonly rest: Buffer } | undefined => {
  if (bytes.length < 4) return undefined;
  const end = 4 + bytes.readUInt32LE(0);
  return bytes.length < end ? undefined : { payload: bytes.subarray(4, end), rest: bytes.subarray(end) };
};
