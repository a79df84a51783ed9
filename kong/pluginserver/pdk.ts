import type { JsonValue } from '../../plugins/wire/json.ts';
import { Reader } from '../../plugins/wire/protobuf/reader.ts';
import { readOpenFields, writeStruct, writeValue } from '../../plugins/wire/protobuf/struct.ts';
import { Writer } from '../../plugins/wire/protobuf/writer.ts';
import type { Channel } from './channel.ts';

/** Who one of Kong's authentication plugins found. Empty where Kong's entity has nothing. */
export interface KongConsumer {
  readonly id: string;
  readonly username: string;
  readonly customId: string;
}

/** An answer that Kong gives instead of proxying. A body is sent as it is. */
export interface Exit {
  readonly status: number;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * What a plugin may ask of Kong, named as in kong-pdk 0.6.0. Calls need not wait for each other. Those that return
 * nothing are not answered: when one fails, Kong ends the request with its 500.
 */
export interface Kong {
  /** Any other method by its full name, with its arguments and its result encoded as pluginsocket.proto has them. */
  call(method: string, args: Uint8Array): Promise<Buffer>;
  readonly client: { getConsumer(): Promise<KongConsumer | undefined> };
  readonly nginx: {
    /** A variable of nginx, empty when it has no value. */
    getVar(name: string): Promise<string>;
  };
  readonly request: {
    /** Names are lower-case. At most `maxHeaders`, which is 1000 at most: Kong leaves out the rest without a word. */
    getHeaders(maxHeaders: number): Promise<ReadonlyMap<string, readonly string[]>>;
  };
  readonly response: {
    /** Answers the client. Nothing that is called after it happens. */
    exit(status: number, body: string, headers: Exit['headers']): void;
  };
  readonly service: {
    setTarget(host: string, port: number): void;
    readonly request: { setHeader(name: string, value: string): void };
  };
}

/** The PDK at the other end of a channel. */
export const kongOver = (channel: Channel): Kong => ({
  call: (method, args) => channel.call(method, args),
  client: {
    getConsumer: async () => readConsumer(await channel.call('kong.client.get_consumer', nothing)),
  },
  nginx: {
    getVar: async (name) => readString(await channel.call('kong.nginx.get_var', encodeString(name))),
  },
  request: {
    getHeaders: async (maxHeaders) =>
      readHeaders(await channel.call('kong.request.get_headers', encodeInt(maxHeaders))),
  },
  response: {
    exit: (status, body, headers) =>
      channel.sendLast('kong.response.exit', encodeExit({ status, body, headers })),
  },
  service: {
    setTarget: (host, port) => channel.send('kong.service.set_target', encodeTarget(host, port)),
    request: {
      setHeader: (name, value) =>
        channel.send('kong.service.request.set_header', encodeKeyValue(name, value)),
    },
  },
});

/** Tags of arguments and results, `(field number << 3) | wire type`. Source: as for messages.ts. */
const tags = {
  /** String, Int and the other messages of one value. */
  text: 0x0a,
  number: 0x08,
  keyValue: { key: 0x0a, value: 0x12 },
  target: { host: 0x0a, port: 0x10 },
  exit: { status: 0x08, body: 0x12, headers: 0x1a },
  consumer: { id: 0x0a, username: 0x1a, customId: 0x22 },
} as const;

const nothing = new Uint8Array(0);
const writer = new Writer();

const encodeString = (value: string): Buffer => {
  writer.begin();
  writer.utf8(tags.text, value);
  return writer.finish();
};

const encodeInt = (value: number): Buffer => {
  writer.begin();
  writer.varint(tags.number, value);
  return writer.finish();
};

const encodeKeyValue = (key: string, value: JsonValue): Buffer => {
  writer.begin();
  writeValue(writer, tags.keyValue.value, value);
  writer.utf8(tags.keyValue.key, key);
  return writer.finish();
};

const encodeTarget = (host: string, port: number): Buffer => {
  writer.begin();
  writer.varint(tags.target.port, port);
  writer.utf8(tags.target.host, host);
  return writer.finish();
};

const encodeExit = ({ status, body, headers }: Exit): Buffer => {
  writer.begin();
  const mark = writer.size;
  writeStruct(writer, headers);
  writer.message(tags.exit.headers, mark);
  writer.utf8(tags.exit.body, body);
  writer.varint(tags.exit.status, status);
  return writer.finish();
};

const readString = (bytes: Buffer): string => {
  const reader = new Reader(bytes);
  let text = '';
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === tags.text) text = reader.utf8();
    else reader.skip(tag);
  }
  return text;
};

const readConsumer = (bytes: Buffer): KongConsumer | undefined => {
  if (bytes.length === 0) return undefined;
  const consumer = { id: '', username: '', customId: '' };
  const reader = new Reader(bytes);
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === tags.consumer.id) consumer.id = reader.utf8();
    else if (tag === tags.consumer.username) consumer.username = reader.utf8();
    else if (tag === tags.consumer.customId) consumer.customId = reader.utf8();
    else reader.skip(tag);
  }
  return consumer;
};

/** A Struct whose values are texts, or lists of them for headers that came more than once. */
const readHeaders = (bytes: Buffer): Map<string, string[]> =>
  new Map(readOpenFields(new Reader(bytes)).map(([name, value]) => [name, [value].flat().map(String)]));
