import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { JsonObject, JsonValue } from '../plugins/wire/json.ts';
import { ProtobufError } from '../plugins/wire/protobuf/reader.ts';
import { writeStruct } from '../plugins/wire/protobuf/struct.ts';
import { Writer } from '../plugins/wire/protobuf/writer.ts';
import { loadProtos } from '../proto/schema.ts';
import {
  type BodyAnswer,
  type BodyMode,
  type DynamicMetadata,
  decodeProcessingRequest,
  encodeBodyAnswer,
  encodeHeadersAnswer,
  encodeImmediate,
  encodeStreamedBody,
  encodeTrailersAnswer,
  type HeaderChanges,
  type HeaderMode,
  type MessageKind,
  type ModeOverride,
  type ProcessingRequest,
} from './codec.ts';

// protobufjs is the other side: it reads the .proto files, which test/unit/proto-oracle.test.ts holds against Envoy.
const root = loadProtos();
const requests = root.lookupType('envoy.service.ext_proc.v3.ProcessingRequest');
const responses = root.lookupType('envoy.service.ext_proc.v3.ProcessingResponse');

/** Bytes of a ProcessingRequest, given with the field names of the .proto file. */
const request = (fields: object): Buffer =>
  Buffer.from(requests.encode(requests.fromObject(fields)).finish());

/** What protobufjs reads in the bytes of an answer. */
const answer = (bytes: Buffer): object => responses.toObject(responses.decode(bytes), { enums: String });

/** The same shape of what an answer should be. */
const expected = (fields: object): object =>
  responses.toObject(responses.fromObject(fields), { enums: String });

const toStruct = (object: Readonly<JsonObject>): object => ({
  fields: Object.fromEntries(Object.entries(object).map(([key, value]) => [key, toValue(value)])),
});

const toValue = (value: JsonValue): object => {
  if (value === null) return { nullValue: 0 };
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'number') return { numberValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  if (Array.isArray(value)) return { listValue: { values: value.map(toValue) } };
  return { structValue: toStruct(value) };
};

/** Everything that a message holds, metadata included. */
const readAll = (bytes: Buffer): ProcessingRequest => {
  const { kind, headers, body, endOfStream, attributes, metadata } = decodeProcessingRequest(bytes);
  return { kind, headers, body, endOfStream, attributes, metadata };
};

const nothing: ProcessingRequest = {
  kind: 'none',
  headers: [],
  body: Buffer.alloc(0),
  endOfStream: false,
  attributes: new Map(),
  metadata: new Map(),
};

// Random parts

const bytes = (maxLength: number) => fc.uint8Array({ maxLength }).map((array) => Buffer.from(array));
const text = fc.string({ unit: 'binary', maxLength: 100 });
/** protobufjs itself can not hold `__proto__`, which has a test of its own. */
const key = text.filter((each) => each !== '__proto__');
const headerName = fc.stringMatching(/^:?[a-z][a-z0-9-]{0,40}$/);
const scalar = fc.oneof(text, fc.boolean(), fc.double({ noNaN: true }));
const { object: jsonObject } = fc.letrec<{ value: JsonValue; object: JsonObject }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.oneof(scalar, fc.constant(null)),
    fc.array(tie('value'), { maxLength: 4 }),
    tie('object'),
  ),
  object: fc.dictionary(key, tie('value'), { maxKeys: 5 }),
}));
const namespaces = fc.dictionary(key, jsonObject, { maxKeys: 3 });

describe('decodeProcessingRequest', () => {
  const kind = fc.constantFrom<Exclude<MessageKind, 'none'>>(
    'request_headers',
    'response_headers',
    'request_body',
    'response_body',
    'request_trailers',
    'response_trailers',
  );
  const headerValue = fc.oneof(fc.record({ raw_value: bytes(150) }), fc.record({ value: text }));
  const message = fc.record({
    kind,
    headers: fc.array(fc.record({ key: headerName, of: headerValue }), { maxLength: 30 }),
    body: bytes(3000),
    endOfStream: fc.boolean(),
    scalars: fc.dictionary(key, scalar, { maxKeys: 5 }),
    metadata: namespaces,
  });
  type Message = typeof message extends fc.Arbitrary<infer T> ? T : never;

  const partOf = ({ kind, headers, body, endOfStream }: Message): object => {
    if (kind.endsWith('body')) return { body, end_of_stream: endOfStream };
    const headerMap = { headers: headers.map(({ key, of }) => ({ key, ...of })) };
    return kind.endsWith('trailers')
      ? { trailers: headerMap }
      : { headers: headerMap, end_of_stream: endOfStream };
  };

  const wireOf = (each: Message): Buffer => {
    const { kind, scalars, metadata } = each;
    return request({
      [kind]: partOf(each),
      metadata_context: {
        filter_metadata: Object.fromEntries(
          Object.entries(metadata).map(([name, of]) => [name, toStruct(of)]),
        ),
      },
      attributes: {
        'another.filter': toStruct({ ignored: 1 }),
        'envoy.filters.http.ext_proc': toStruct({ ...scalars, '': null, ' ': ['no scalar'], '  ': {} }),
        'one.more.filter': toStruct({ ignored: 1 }),
      },
      observability_mode: true,
      protocol_config: { request_body_mode: 2 },
    });
  };

  const meaningOf = ({ kind, headers, body, endOfStream, scalars, metadata }: Message): ProcessingRequest => {
    const { '': _null, ' ': _list, '  ': _struct, ...attributes } = scalars;
    return {
      kind,
      headers: kind.endsWith('body')
        ? []
        : headers.map(({ key, of }) => [
            key,
            ('value' in of ? Buffer.from(of.value) : of.raw_value).toString('latin1'),
          ]),
      body: kind.endsWith('body') ? body : Buffer.alloc(0),
      endOfStream: kind.endsWith('trailers') || endOfStream,
      attributes: new Map(Object.entries(attributes)),
      metadata: new Map(Object.entries(metadata)),
    };
  };

  test('reads what protobufjs writes', () => {
    fc.assert(
      fc.property(message, (each) => {
        expect(readAll(wireOf(each))).toEqual(meaningOf(each));
      }),
    );
  });

  test('reads an empty message as none', () => {
    expect(readAll(Buffer.alloc(0))).toEqual(nothing);
  });

  test('prefers raw_value to value', () => {
    const headers = [{ key: 'a', value: 'no', raw_value: Buffer.from('yes') }];
    expect(readAll(request({ request_headers: { headers: { headers } } })).headers).toEqual([['a', 'yes']]);
  });

  test('does not copy the body', () => {
    const wire = request({ response_body: { body: Buffer.from('a piece') } });
    const { body } = decodeProcessingRequest(wire);
    expect(body.buffer).toBe(wire.buffer);
    expect(body.toString()).toBe('a piece');
  });

  test('reads a body of many megabytes', () => {
    const body = Buffer.alloc(20_000_000, 'megabytes ');
    const read = decodeProcessingRequest(request({ request_body: { body, end_of_stream: true } }));
    expect(read.body.equals(body)).toBe(true);
    expect(read.endOfStream).toBe(true);
  });

  test('keeps __proto__ a name like any other', () => {
    const wire = withMetadata(JSON.parse('{ "__proto__": true }'));
    const read = decodeProcessingRequest(wire).metadata.get('') ?? {};
    expect(Object.entries(read)).toEqual([['__proto__', true]]);
    expect(Object.getPrototypeOf(read)).toBe(Object.prototype);
  });

  test('reads metadata only when it is asked for', () => {
    const broken = decodeProcessingRequest(Buffer.of(0x42, 2, 0x0a, 9));
    expect(broken.kind).toBe('none');
    expect(() => broken.metadata).toThrow(ProtobufError);
  });

  /** A message with this metadata in one namespace; protobufjs would not nest as deeply. */
  const withMetadata = (metadata: JsonObject): Buffer => {
    const writer = new Writer();
    writer.begin();
    writeStruct(writer, metadata);
    for (const tag of [0x12, 0x0a, 0x42]) writer.message(tag, 0); // map entry's value, filter_metadata, metadata_context
    return writer.finish();
  };

  const nestedObjects = (levels: number): JsonValue => (levels === 0 ? 1 : { x: nestedObjects(levels - 1) });
  const nestedLists = (levels: number): JsonValue => (levels === 0 ? 1 : [nestedLists(levels - 1)]);

  test.each([
    ['objects', nestedObjects],
    ['lists', nestedLists],
  ])('bounds how deeply %s may be nested', (_, nested) => {
    const [deepest, tooDeep] = [{ a: nested(99) }, { a: nested(100) }];
    expect(readAll(withMetadata(deepest)).metadata.get('')).toEqual(deepest);
    expect(() => readAll(withMetadata(tooDeep))).toThrow(ProtobufError);
  });

  test.each([
    ['a fixed32 field', [0x75, 1, 2, 3, 4]],
    ['a fixed64 field', [0x71, 1, 2, 3, 4, 5, 6, 7, 8]],
    ['a number', [0x70, 0xff, 0x7f]],
    ['a message', [0x72, 3, 1, 2, 3]],
    ['a field number of two bytes', [0x82, 0x7d, 0]],
  ])('passes over %s that it does not know', (_, unknown) => {
    const known = request({ response_body: { end_of_stream: true } });
    const read = readAll(Buffer.concat([Buffer.from(unknown), known, Buffer.from(unknown)]));
    expect(read).toEqual({ ...nothing, kind: 'response_body', endOfStream: true });
  });

  test.each([
    ['longer than needed', [0x81, 0x80, 0x00]],
    ['of ten bytes', [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]],
  ])('takes a number %s', (_, number) => {
    const wire = Buffer.from([0x22, number.length + 1, 0x10, ...number]);
    expect(readAll(wire)).toEqual({ ...nothing, kind: 'request_body', endOfStream: true });
  });

  test.each([
    ['a number of eleven bytes', [0x50, ...Array<number>(10).fill(0xff), 0x01]],
    ['field number 0', [0x02, 0]],
    ['a group', [0x73]],
    ['the end of a group', [0x74]],
    ['wire type 7', [0x77]],
    ['a length past the end', [0x22, 0x7f]],
    ['a length of gigabytes', [0x22, 0xff, 0xff, 0xff, 0xff, 0x7f]],
    ['an inner length past its message', [0x22, 2, 0x0a, 3, 0, 0, 0]],
  ])('refuses %s', (_, wire) => {
    expect(() => readAll(Buffer.from(wire))).toThrow(ProtobufError);
  });

  test('refuses a message that is cut anywhere', () => {
    const headers = [
      { key: ':path', raw_value: Buffer.from('/v1/messages') },
      { key: 'x-long', raw_value: Buffer.alloc(200, 'y') },
    ];
    const metadata = { nexus: toStruct({ a: 'text', b: 1, c: [true, null], d: { e: 'f' } }) };
    const wires = [
      request({ request_headers: { headers: { headers }, end_of_stream: true } }),
      request({ response_body: { body: Buffer.alloc(300), end_of_stream: true } }),
      request({ response_trailers: { trailers: { headers } } }),
      request({ metadata_context: { filter_metadata: metadata } }),
      request({ attributes: metadata }),
    ];
    for (const wire of wires) {
      expect(() => readAll(wire)).not.toThrow();
      for (let cut = 1; cut < wire.length; cut++) {
        expect(() => readAll(wire.subarray(0, cut)), `cut at ${cut}`).toThrow(ProtobufError);
      }
    }
  });

  /** Whether the bytes can be read; any fault but `ProtobufError` goes through. */
  const isReadable = (wire: Buffer): boolean => {
    try {
      return readAll(wire) !== undefined;
    } catch (cause) {
      if (cause instanceof ProtobufError) return false;
      throw cause;
    }
  };

  test('reads or refuses any bytes', () => {
    fc.assert(fc.property(bytes(200), (wire) => typeof isReadable(wire) === 'boolean'));
  });

  test('reads or refuses a message with a wrong byte', () => {
    const damage = fc.record({ at: fc.nat(), byte: fc.nat(255) });
    fc.assert(
      fc.property(message, damage, (each, { at, byte }) => {
        const wire = wireOf(each);
        wire[at % wire.length] = byte;
        return typeof isReadable(wire) === 'boolean';
      }),
    );
  });
});

describe('the encoders', () => {
  const latin1 = bytes(150).map((each) => each.toString('latin1'));
  const headerList = fc.array(fc.tuple(headerName, latin1), { maxLength: 20 });
  const phase = fc.constantFrom('request', 'response');
  const body = fc.oneof(bytes(3000), text);
  const headerChanges = { setHeaders: headerList, removeHeaders: fc.array(headerName, { maxLength: 20 }) };
  const common = {
    phase,
    ...headerChanges,
    body,
    clearRouteCache: fc.boolean(),
    dynamicMetadata: namespaces,
  };
  const requiredKeys: ['phase'] = ['phase'];

  const mutation = ({ setHeaders = [], removeHeaders = [] }: HeaderChanges): object | undefined =>
    setHeaders.length + removeHeaders.length === 0
      ? undefined
      : {
          set_headers: setHeaders.map(([name, value]) => ({
            header: { key: name, raw_value: Buffer.from(value, 'latin1') },
            append_action: 'OVERWRITE_IF_EXISTS_OR_ADD',
          })),
          remove_headers: removeHeaders,
        };

  const commonResponse = (made: BodyAnswer): object => ({
    header_mutation: mutation(made),
    body_mutation: made.body === undefined ? undefined : { body: Buffer.from(made.body) },
    clear_route_cache: made.clearRouteCache ? true : undefined,
  });

  const metadataOf = ({ dynamicMetadata }: { dynamicMetadata?: DynamicMetadata }): object =>
    dynamicMetadata === undefined ? {} : { dynamic_metadata: toStruct(dynamicMetadata) };

  test('headers', () => {
    const headerMode = fc.constantFrom<HeaderMode>('DEFAULT', 'SEND', 'SKIP');
    const bodyMode = fc.constantFrom<BodyMode>(
      'NONE',
      'STREAMED',
      'BUFFERED',
      'BUFFERED_PARTIAL',
      'FULL_DUPLEX_STREAMED',
    );
    const modeOverride = fc.record(
      {
        requestHeaderMode: headerMode,
        responseHeaderMode: headerMode,
        requestBodyMode: bodyMode,
        responseBodyMode: bodyMode,
        requestTrailerMode: headerMode,
        responseTrailerMode: headerMode,
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.record({ ...common, modeOverride }, { requiredKeys }), (made) => {
        const status = made.body === undefined ? undefined : 'CONTINUE_AND_REPLACE';
        expect(answer(encodeHeadersAnswer(made))).toEqual(
          expected({
            [`${made.phase}_headers`]: { response: { status, ...commonResponse(made) } },
            mode_override: made.modeOverride && modesOf(made.modeOverride),
            ...metadataOf(made),
          }),
        );
      }),
    );
  });

  test('a whole body', () => {
    fc.assert(
      fc.property(fc.record(common, { requiredKeys }), (made) => {
        expect(answer(encodeBodyAnswer(made))).toEqual(
          expected({ [`${made.phase}_body`]: { response: commonResponse(made) }, ...metadataOf(made) }),
        );
      }),
    );
  });

  test('a piece of a streamed body', () => {
    const piece = { body, endOfStream: fc.boolean(), dynamicMetadata: namespaces };
    fc.assert(
      fc.property(fc.record(piece, { requiredKeys: ['body', 'endOfStream'] }), (made) => {
        const streamed = { body: Buffer.from(made.body), end_of_stream: made.endOfStream ? true : undefined };
        expect(answer(encodeStreamedBody(made))).toEqual(
          expected({
            response_body: { response: { body_mutation: { streamed_response: streamed } } },
            ...metadataOf(made),
          }),
        );
      }),
    );
  });

  test('trailers', () => {
    const trailers = { phase, ...headerChanges, dynamicMetadata: namespaces };
    fc.assert(
      fc.property(fc.record(trailers, { requiredKeys }), (made) => {
        expect(answer(encodeTrailersAnswer(made))).toEqual(
          expected({ [`${made.phase}_trailers`]: { header_mutation: mutation(made) }, ...metadataOf(made) }),
        );
      }),
    );
  });

  test('an immediate answer', () => {
    const status = fc.constantFrom(200, 400, 429, 503);
    const immediate = { status, headers: headerList, body, details: text, dynamicMetadata: namespaces };
    fc.assert(
      fc.property(fc.record(immediate, { requiredKeys: ['status'] }), (made) => {
        expect(answer(encodeImmediate(made))).toEqual(
          expected({
            immediate_response: {
              status: { code: made.status },
              headers: made.headers && mutation({ setHeaders: made.headers }),
              body: made.body === undefined ? undefined : Buffer.from(made.body),
              details: made.details,
            },
            ...metadataOf(made),
          }),
        );
      }),
    );
  });

  test('carry a status without a name', () => {
    expect(answer(encodeImmediate({ status: 529 }))).toEqual({
      immediate_response: { status: { code: 529 } },
    });
  });

  test('write a header value above U+00FF in UTF-8', () => {
    const made = encodeBodyAnswer({ phase: 'response', setHeaders: [['x-nexus-dropped', 'größe→']] });
    expect(answer(made)).toEqual(
      expected({
        response_body: {
          response: {
            header_mutation: mutation({
              setHeaders: [['x-nexus-dropped', Buffer.from('größe→').toString('latin1')]],
            }),
          },
        },
      }),
    );
  });

  /** The body of an answer to a request's body, by protobufjs. */
  const bodyIn = (made: Buffer): Buffer => {
    const read = responses.decode(made) as unknown as {
      request_body: { response: { body_mutation: { body: Buffer } } };
    };
    return read.request_body.response.body_mutation.body;
  };

  test('carry bodies of the sizes where a length takes one byte more', () => {
    const sizes = [7, 14, 21].flatMap((bits) => [-8, -4, -1, 0, 1, 4].map((off) => 2 ** bits + off));
    for (const size of sizes) {
      const body = Buffer.alloc(size, 'size');
      expect(bodyIn(encodeBodyAnswer({ phase: 'request', body })).equals(body), `${size} bytes`).toBe(true);
    }
  });

  test.each([
    ['bytes', Buffer.alloc(20_000_000, 'megabytes ')],
    ['text', 'é'.repeat(3_000_000)],
  ])('carry many megabytes of %s', (_, body) => {
    const made = encodeBodyAnswer({
      phase: 'request',
      setHeaders: [['a', 'b']],
      body,
      dynamicMetadata: { n: { c: 1 } },
    });
    expect(bodyIn(made).equals(Buffer.from(body))).toBe(true);
  });

  test('leave the answers that were made before as they were', () => {
    const bodies = Array.from({ length: 400 }, (_, index) => Buffer.alloc((index * 977) % 6000, index));
    bodies.push(Buffer.alloc(200_000, 'large'), Buffer.from('small'));
    const made = bodies.map((body) => encodeStreamedBody({ body, endOfStream: false }));
    expect(made.map(answer)).toEqual(
      bodies.map((body) =>
        expected({ response_body: { response: { body_mutation: { streamed_response: { body } } } } }),
      ),
    );
  });
});

/** In the words of the .proto file; its zeros are absent. */
const modesOf = (mode: ModeOverride): object =>
  Object.fromEntries(
    Object.entries(mode).flatMap(([name, value]) =>
      value === 'DEFAULT' || value === 'NONE'
        ? []
        : [[name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`), value]],
    ),
  );
