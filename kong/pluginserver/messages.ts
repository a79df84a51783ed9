import { Reader } from '../../plugins/wire/protobuf/reader.ts';
import { Writer } from '../../plugins/wire/protobuf/writer.ts';

/**
 * Tags, `(field number << 3) | wire type`, of what Kong and a plugin server say to each other besides PDK calls.
 * Source: Kong 3.9.3, kong/include/kong/pluginsocket.proto.
 */
const tags = {
  call: { sequence: 0x08, startInstance: 0x010a, closeInstance: 0x011a, handleEvent: 0x0122 },
  startInstance: { config: 0x12 },
  closeInstance: { instanceId: 0x08 },
  handleEvent: { instanceId: 0x08, phase: 0x12 },
  return: { sequence: 0x08, instanceStatus: 0x010a },
  instanceStatus: { name: 0x0a, instanceId: 0x10 },
} as const;

/** What Kong wants of the plugin server; it waits for the answer that carries the same `sequence`. */
export type RpcCall =
  /** A route or the like has the plugin: `config` is its settings, JSON, with marks of Kong's own (`__seq__`). */
  | { readonly kind: 'start-instance'; readonly sequence: number; readonly config: string }
  | { readonly kind: 'close-instance'; readonly sequence: number; readonly instanceId: number }
  /** One phase of one request. */
  | {
      readonly kind: 'handle-event';
      readonly sequence: number;
      readonly instanceId: number;
      readonly phase: string;
    }
  /** Kong 3.9.3 sends no other; the protocol has some that ask for names, schemas and settings. */
  | { readonly kind: 'other'; readonly sequence: number };

/** Reads an RpcCall. Throws `ProtobufError`. */
export const decodeRpcCall = (bytes: Buffer): RpcCall => {
  const reader = new Reader(bytes);
  let sequence = 0;
  let call: Wanted = { kind: 'other' };
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === tags.call.sequence) sequence = reader.varint();
    else if (tag === tags.call.startInstance) call = readStartInstance(reader);
    else if (tag === tags.call.closeInstance) call = readCloseInstance(reader);
    else if (tag === tags.call.handleEvent) call = readHandleEvent(reader);
    else reader.skip(tag);
  }
  return { ...call, sequence };
};

type Without<K extends string, T> = T extends unknown ? Omit<T, K> : never;
type Wanted = Without<'sequence', RpcCall>;

const readStartInstance = (reader: Reader): Wanted => {
  let config = '';
  const outer = reader.enter();
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === tags.startInstance.config) config = reader.utf8();
    else reader.skip(tag);
  }
  reader.leave(outer);
  return { kind: 'start-instance', config };
};

const readCloseInstance = (reader: Reader): Wanted => {
  let instanceId = 0;
  const outer = reader.enter();
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === tags.closeInstance.instanceId) instanceId = reader.varint();
    else reader.skip(tag);
  }
  reader.leave(outer);
  return { kind: 'close-instance', instanceId };
};

const readHandleEvent = (reader: Reader): Wanted => {
  let instanceId = 0;
  let phase = '';
  const outer = reader.enter();
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === tags.handleEvent.instanceId) instanceId = reader.varint();
    else if (tag === tags.handleEvent.phase) phase = reader.utf8();
    else reader.skip(tag);
  }
  reader.leave(outer);
  return { kind: 'handle-event', instanceId, phase };
};

const writer = new Writer();

/** An RpcReturn that only says: done. */
export const encodeDone = (sequence: number): Buffer => {
  writer.begin();
  writer.varint(tags.return.sequence, sequence);
  return writer.finish();
};

/** An RpcReturn about an instance: its name and id, never its settings. */
export const encodeInstanceStatus = (
  sequence: number,
  { name, instanceId }: { name: string; instanceId: number },
): Buffer => {
  writer.begin();
  const mark = writer.size;
  writer.varint(tags.instanceStatus.instanceId, instanceId);
  writer.utf8(tags.instanceStatus.name, name);
  writer.message(tags.return.instanceStatus, mark);
  writer.varint(tags.return.sequence, sequence);
  return writer.finish();
};
