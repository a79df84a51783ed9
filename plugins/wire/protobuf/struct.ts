import type { JsonObject, JsonValue } from '../json.ts';
import { ProtobufError, type Reader } from './reader.ts';
import type { Writer } from './writer.ts';

/** google/protobuf/struct.proto: JSON in protobuf. */
const tags = {
  struct: { fields: 0x0a },
  entry: { key: 0x0a, value: 0x12 },
  value: { null: 0x08, number: 0x11, string: 0x1a, bool: 0x20, struct: 0x2a, list: 0x32 },
  list: { values: 0x0a },
} as const;

/** Ample for what hosts forward; bounds the stack. */
const deepestValue = 100;

/** Reads a Struct. Throws `ProtobufError` when it is malformed or nested deeper than 100 values. */
export const readStruct = (reader: Reader, depth = 0): JsonObject =>
  Object.fromEntries(readFields(reader, depth)); // unlike assignment safe for the key "__proto__"

/** Reads a Struct as its names and values, in their order. */
export const readFields = (reader: Reader, depth = 0): [name: string, value: JsonValue][] => {
  const outer = reader.enter();
  const fields = readOpenFields(reader, depth);
  reader.leave(outer);
  return fields;
};

/** As `readFields`, for a Struct that is open already: the whole of what `reader` reads. */
export const readOpenFields = (reader: Reader, depth = 0): [name: string, value: JsonValue][] => {
  const fields: [string, JsonValue][] = [];
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === tags.struct.fields) fields.push(readEntry(reader, readValue, depth));
    else reader.skip(tag);
  }
  return fields;
};

/** Reads an entry of a `map<string, …>`; `read` takes its value. */
export const readEntry = <T>(
  reader: Reader,
  read: (reader: Reader, depth: number) => T,
  depth = 0,
): [key: string, value: T | null] => {
  let key = '';
  let value: T | null = null;
  const outer = reader.enter();
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === tags.entry.key) key = reader.utf8();
    else if (tag === tags.entry.value) value = read(reader, depth);
    else reader.skip(tag);
  }
  reader.leave(outer);
  return [key, value];
};

const readValue = (reader: Reader, depth: number): JsonValue => {
  if (depth >= deepestValue) throw new ProtobufError(`a value is nested deeper than ${deepestValue} levels`);
  let value: JsonValue = null;
  const outer = reader.enter();
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === tags.value.string) value = reader.utf8();
    else if (tag === tags.value.number) value = reader.double();
    else if (tag === tags.value.bool) value = reader.bool();
    else if (tag === tags.value.struct) value = readStruct(reader, depth + 1);
    else if (tag === tags.value.list) value = readList(reader, depth + 1);
    else reader.skip(tag);
  }
  reader.leave(outer);
  return value;
};

const readList = (reader: Reader, depth: number): JsonValue[] => {
  const values: JsonValue[] = [];
  const outer = reader.enter();
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === tags.list.values) values.push(readValue(reader, depth));
    else reader.skip(tag);
  }
  reader.leave(outer);
  return values;
};

/** Writes the fields of a Struct; the caller closes the message. */
export const writeStruct = (writer: Writer, struct: Readonly<JsonObject>): void => {
  const keys = Object.keys(struct);
  for (let index = keys.length - 1; index >= 0; index--) {
    const key = keys[index] ?? '';
    const mark = writer.size;
    writeValue(writer, tags.entry.value, struct[key] ?? null);
    writer.utf8(tags.entry.key, key);
    writer.message(tags.struct.fields, mark);
  }
};

/** Writes a Value as the field `tag`. */
export const writeValue = (writer: Writer, tag: number, value: JsonValue): void => {
  const mark = writer.size;
  if (typeof value === 'string') writer.utf8(tags.value.string, value);
  else if (typeof value === 'number') writer.double(tags.value.number, value);
  else if (typeof value === 'boolean') writer.varint(tags.value.bool, Number(value));
  else if (value === null) writer.varint(tags.value.null, 0);
  else writeNested(writer, value);
  writer.message(tag, mark);
};

const writeNested = (writer: Writer, value: JsonValue[] | JsonObject): void => {
  const mark = writer.size;
  if (Array.isArray(value)) {
    for (let index = value.length - 1; index >= 0; index--)
      writeValue(writer, tags.list.values, value[index] ?? null);
    writer.message(tags.value.list, mark);
  } else {
    writeStruct(writer, value);
    writer.message(tags.value.struct, mark);
  }
};
