import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import protobuf from 'protobufjs';
import descriptor, {
  type IDescriptorProto,
  type IEnumDescriptorProto,
  type IFieldDescriptorProto,
  type IFileDescriptorProto,
} from 'protobufjs/ext/descriptor/index.js';

/** What decides how a field stands on the wire. */
export interface FieldShape {
  readonly number: number;
  /** A scalar's name, a full type name, or `map<key, value>`. */
  readonly type: string;
  readonly repeated?: boolean;
  readonly oneof?: string;
}

export interface MethodShape {
  readonly request: string;
  readonly response: string;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
}

/** The wire meaning of .proto files, by full name: `envoy.config.core.v3.HeaderMap`. */
export interface Schema {
  readonly messages: Readonly<Record<string, Readonly<Record<string, FieldShape>>>>;
  readonly enums: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** By full name of the service and the method: `grpc.health.v1.Health.Check`. */
  readonly methods: Readonly<Record<string, MethodShape>>;
}

/** The .proto files that are spoken, below this directory; Google's own come with protobufjs. */
export const protoFiles = [
  'envoy/service/ext_proc/v3/external_processor.proto',
  'envoy/extensions/filters/http/ext_proc/v3/processing_mode.proto',
  'envoy/config/core/v3/base.proto',
  'envoy/type/v3/http_status.proto',
  'grpc/health/v1/health.proto',
  'google/protobuf/struct.proto',
  'google/protobuf/duration.proto',
] as const;

export type ProtoFile = (typeof protoFiles)[number];

/** The types of `protoFiles`, ready to encode and decode; field names as they are written. */
export const loadProtos = (): protobuf.Root => {
  const root = new protobuf.Root();
  root.resolvePath = (_importer, file) => fileURLToPath(new URL(file, import.meta.url));
  root.loadSync([...protoFiles], { keepCase: true });
  root.resolveAll();
  return root;
};

interface MutableSchema {
  messages: Record<string, Record<string, FieldShape>>;
  enums: Record<string, Record<string, number>>;
  methods: Record<string, MethodShape>;
}

const emptySchema = (): MutableSchema => ({ messages: {}, enums: {}, methods: {} });

/** What loaded .proto files say. */
export const schemaOfProtos = (root: protobuf.Root): Schema => {
  const schema = emptySchema();
  addNamespace(schema, root);
  return schema;
};

const addNamespace = (schema: MutableSchema, namespace: protobuf.NamespaceBase): void => {
  for (const child of namespace.nestedArray) {
    const name = child.fullName.slice(1);
    if (child instanceof protobuf.Type) schema.messages[name] = fieldsOfType(child);
    if (child instanceof protobuf.Enum) schema.enums[name] = { ...child.values };
    if (child instanceof protobuf.Service) Object.assign(schema.methods, methodsOfService(child));
    if (child instanceof protobuf.Namespace) addNamespace(schema, child);
  }
};

const fieldsOfType = (type: protobuf.Type): Record<string, FieldShape> =>
  Object.fromEntries(
    type.fieldsArray.map((field) => {
      const value = field.resolvedType?.fullName.slice(1) ?? field.type;
      return [
        snakeCase(field.name),
        {
          number: field.id,
          type: field instanceof protobuf.MapField ? `map<${field.keyType}, ${value}>` : value,
          ...(field.repeated ? { repeated: true } : {}),
          ...(field.partOf ? { oneof: field.partOf.name } : {}),
        },
      ];
    }),
  );

/** protobufjs brings Google's types with field names in camel case. */
const snakeCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

const methodsOfService = (service: protobuf.Service): Record<string, MethodShape> =>
  Object.fromEntries(
    service.methodsArray.map((method) => [
      method.fullName.slice(1),
      {
        request: method.resolvedRequestType?.fullName.slice(1) ?? method.requestType,
        response: method.resolvedResponseType?.fullName.slice(1) ?? method.responseType,
        requestStream: method.requestStream ?? false,
        responseStream: method.responseStream ?? false,
      },
    ]),
  );

/** What compiled .proto files say. */
export const schemaOfDescriptors = (files: readonly IFileDescriptorProto[]): Schema => {
  const schema = emptySchema();
  for (const file of files) {
    const scope = file.package ?? '';
    for (const message of file.messageType ?? []) addMessage(schema, scope, message);
    for (const each of file.enumType ?? []) addEnum(schema, scope, each);
    Object.assign(schema.methods, methodsOfFile(file));
  }
  return schema;
};

const addMessage = (schema: MutableSchema, scope: string, message: IDescriptorProto): void => {
  const name = `${scope}.${message.name}`;
  const mapEntries = new Map<string, IDescriptorProto>();
  for (const nested of message.nestedType ?? []) {
    if (nested.options?.mapEntry) mapEntries.set(`.${name}.${nested.name}`, nested);
    else addMessage(schema, name, nested);
  }
  for (const each of message.enumType ?? []) addEnum(schema, name, each);
  schema.messages[name] = Object.fromEntries(
    (message.field ?? []).map((field) => [field.name ?? '', shapeOfField(message, field, mapEntries)]),
  );
};

const addEnum = (schema: MutableSchema, scope: string, { name, value = [] }: IEnumDescriptorProto): void => {
  schema.enums[`${scope}.${name}`] = Object.fromEntries(
    value.map((each) => [each.name ?? '', each.number ?? 0]),
  );
};

const labels = descriptor.FieldDescriptorProto.getEnum('Label');

/** `TYPE_BYTES` → `bytes`. */
const scalarTypes = new Map(
  Object.entries(descriptor.FieldDescriptorProto.getEnum('Type')).map(([name, number]) => [
    number,
    name.replace('TYPE_', '').toLowerCase(),
  ]),
);

const shapeOfField = (
  message: IDescriptorProto,
  field: IFieldDescriptorProto,
  mapEntries: ReadonlyMap<string, IDescriptorProto>,
): FieldShape => {
  const number = field.number ?? 0;
  const entry = mapEntries.get(field.typeName ?? '');
  if (entry) return { number, type: mapType(entry) };
  // An absent index reads as 0, which is also the first oneof's.
  const oneof = Object.hasOwn(field, 'oneofIndex')
    ? message.oneofDecl?.[field.oneofIndex ?? 0]?.name
    : undefined;
  return {
    number,
    type: typeOfField(field),
    ...(field.label === labels.LABEL_REPEATED ? { repeated: true } : {}),
    ...(oneof === undefined ? {} : { oneof }),
  };
};

const mapType = ({ field = [] }: IDescriptorProto): string => {
  const [key = '', value = ''] = field.map(typeOfField);
  return `map<${key}, ${value}>`;
};

/** Messages and enums by their full name, without its leading dot. */
const typeOfField = ({ type = 0, typeName }: IFieldDescriptorProto): string =>
  typeName ? typeName.slice(1) : (scalarTypes.get(type) ?? `unknown type ${type}`);

const methodsOfFile = ({ package: scope, service = [] }: IFileDescriptorProto): Record<string, MethodShape> =>
  Object.fromEntries(
    service.flatMap(({ name, method = [] }) =>
      method.map((each) => [
        `${scope}.${name}.${each.name}`,
        {
          request: each.inputType?.slice(1) ?? '',
          response: each.outputType?.slice(1) ?? '',
          requestStream: each.clientStreaming ?? false,
          responseStream: each.serverStreaming ?? false,
        },
      ]),
    ),
  );

/** Where `part` says something that `whole` does not say, one line each; `whole` may say more. */
export const conflicts = (part: Schema, whole: Schema): string[] => [
  ...Object.entries(part.messages).flatMap(([name, fields]) =>
    missingFrom(whole.messages[name], fields, name),
  ),
  ...Object.entries(part.enums).flatMap(([name, values]) => missingFrom(whole.enums[name], values, name)),
  ...missingFrom(whole.methods, part.methods, 'methods'),
];

const missingFrom = (
  whole: Readonly<Record<string, unknown>> = {},
  part: Readonly<Record<string, unknown>>,
  name: string,
): string[] =>
  Object.entries(part).flatMap(([key, said]) =>
    isDeepStrictEqual(whole[key], said)
      ? []
      : [`${name} ${key}: ${JSON.stringify(said)}, but ${JSON.stringify(whole[key])}`],
  );
