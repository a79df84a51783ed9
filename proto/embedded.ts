import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import protobuf from 'protobufjs';
import descriptor, { type IFileDescriptorProto } from 'protobufjs/ext/descriptor/index.js';
import {
  loadProtos,
  type ProtoFile,
  protoFiles,
  type Schema,
  schemaOfDescriptors,
  schemaOfProtos,
} from './schema.ts';

/** fields.json: whole messages, also the fields that our .proto files leave out, of every type that they name. */
export interface EnvoyFields extends Schema {
  /** The Envoy that says so. */
  readonly envoy: string;
}

/** What the Envoy binary at this path says of the types that our .proto files name. */
export const readEnvoyFields = (binaryPath: string): EnvoyFields => {
  const program = readFileSync(binaryPath);
  const theirs = schemaOfDescriptors(protoFiles.flatMap((file) => embeddedDescriptors(program, file)));
  const ours = schemaOfProtos(loadProtos());
  return {
    envoy: envoyVersion(binaryPath),
    messages: keep(theirs.messages, ours.messages),
    enums: keep(theirs.enums, ours.enums),
    methods: keep(theirs.methods, ours.methods),
  };
};

const keep = <T>(theirs: Readonly<Record<string, T>>, ours: Readonly<Record<string, T>>): Record<string, T> =>
  Object.fromEntries(Object.entries(theirs).filter(([name]) => Object.hasOwn(ours, name)));

/** `1.40.0`, by the binary's own word. */
export const envoyVersion = (binaryPath: string): string => {
  const words = execFileSync(binaryPath, ['--version'], { encoding: 'utf8' });
  const version = /\/(\d+\.\d+\.\d+)[^/]*\//.exec(words)?.[1];
  if (version === undefined) throw new Error(`${binaryPath} --version names no version`);
  return version;
};

/**
 * The compiled .proto files of this path that stand inside a C++ program, which needs them for reflection: each is a
 * serialized FileDescriptorProto. A program may hold several copies, of its own and of libraries that bring theirs.
 */
export const embeddedDescriptors = (program: Buffer, file: ProtoFile): readonly IFileDescriptorProto[] => {
  const start = nameField(builtAs[file] ?? file);
  const found: IFileDescriptorProto[] = [];
  for (let at = program.indexOf(start); at !== -1; at = program.indexOf(start, at + 1)) {
    const bytes = program.subarray(at, at + longestDescriptorBytes);
    const decoded = descriptor.FileDescriptorProto.decode(bytes.subarray(0, endOfDescriptor(bytes)));
    found.push(decoded as IFileDescriptorProto);
  }
  return found;
};

/** Envoy's build gives this file another path than its package has. */
const builtAs: Readonly<Partial<Record<ProtoFile, string>>> = {
  'grpc/health/v1/health.proto': 'src/proto/grpc/health/v1/health.proto',
};

/** Ample: the longest that we read has 7 KB in Envoy 1.40.0. */
const longestDescriptorBytes = 1 << 16;

const nameTag = 0x0a;

/** Every descriptor begins with its path: field 1, length (one byte, up to 127), text. */
const nameField = (path: string): Buffer =>
  Buffer.concat([Buffer.from([nameTag, path.length]), Buffer.from(path, 'latin1')]);

/** Nothing says how long a descriptor is: it ends before the first field that it can not have. */
const endOfDescriptor = (bytes: Buffer): number => {
  const reader = protobuf.Reader.create(bytes);
  let end = 0;
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (!fileTags.has(tag) || (tag === nameTag && end > 0)) break;
    reader.skipType(tag & 7);
    end = reader.pos;
  }
  return end;
};

/** FileDescriptorProto's fields with their wire types: texts and messages; numbers of imports and of the edition. */
const fileTags: ReadonlySet<number> = new Set([
  ...[1, 2, 3, 4, 5, 6, 7, 8, 9, 12].map((field) => (field << 3) | 2),
  ...[10, 11, 14].map((field) => field << 3),
]);
