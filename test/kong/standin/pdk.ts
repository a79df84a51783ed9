import { decode, encode, type Message } from './wire.ts';

/** A client's request as the PDK shows it to a plugin. */
export interface ClientRequest {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  /** Lower-case; a list for a header that came more than once. */
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  /** Whom an authentication plugin of Kong has found. */
  readonly consumer?: Message;
}

/** What a plugin has made of a request so far. */
export interface Proxied {
  /** Every PDK method that ran, in order. */
  readonly calls: string[];
  readonly headers: Map<string, unknown>;
  target?: Message;
}

/** What kong.response.exit was given. Thrown, as Kong leaves the plugin there and then; no error, so without a stack. */
export class Exited {
  readonly status: number;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;

  constructor({ status, body, headers }: Message) {
    this.status = Number(status);
    this.body = Buffer.from(body as Uint8Array).toString('utf8');
    this.headers = Object.fromEntries(
      Object.entries((headers as Partial<Struct>)?.fields ?? {}).map(([name, { stringValue }]) => [
        name,
        stringValue,
      ]),
    );
  }
}

interface Struct {
  readonly fields: Readonly<Record<string, { readonly stringValue: string }>>;
}

interface Method {
  readonly input: string;
  readonly output: string;
  readonly run: (request: ClientRequest, args: Message, proxied: Proxied) => Message | undefined;
}

const variables: Readonly<Record<string, (request: ClientRequest) => string>> = {
  request: ({ method, path }) => `${method} ${path} HTTP/1.1`,
};

const methods: Readonly<Record<string, Method>> = {
  'kong.client.get_consumer': { input: 'Empty', output: 'Consumer', run: ({ consumer }) => consumer },
  'kong.nginx.get_var': {
    input: 'String',
    output: 'String',
    run: (request, { v }) => ({ v: variables[String(v)]?.(request) }),
  },
  'kong.request.get_headers': {
    input: 'Int',
    output: 'google.protobuf.Struct',
    run: ({ headers }, { v }) => {
      if (!(Number(v) >= 1 && Number(v) <= 1000)) throw new Error('max_headers must be >= 1 and <= 1000');
      return { fields: headerFields(headers, Number(v)) };
    },
  },
  'kong.response.exit': {
    input: 'ExitArgs',
    output: 'Empty',
    run: (_, args) => {
      throw new Exited(args);
    },
  },
  'kong.service.set_target': {
    input: 'Target',
    output: 'Empty',
    run: (_, target, proxied) => {
      proxied.target = target;
      return undefined;
    },
  },
  'kong.service.request.set_header': {
    input: 'KV',
    output: 'Empty',
    run: (_, { k, v }, { headers }) => {
      headers.set(String(k), (v as { stringValue: string }).stringValue);
      return undefined;
    },
  },
};

const headerFields = (headers: ClientRequest['headers'], most: number) => {
  const lines = Object.entries(headers).flatMap(([name, value]) =>
    [value].flat().map((one) => [name, one] as const),
  );
  const byName = Map.groupBy(lines.slice(0, most), ([name]) => name);
  return Object.fromEntries(
    [...byName].map(([name, values]) => {
      const all = values.map(([, stringValue]) => ({ stringValue }));
      return [name, all.length === 1 ? all[0] : { listValue: { values: all } }];
    }),
  );
};

/** Runs one PDK method; the result is encoded, empty where there is none. Throws what Kong answers with its 500, and `Exited`. */
export const runMethod = (
  name: string,
  args: Buffer,
  { request, proxied }: { request: ClientRequest; proxied: Proxied },
): Buffer => {
  const method = methods[name];
  if (!method) throw new Error(`method "${name}" not found`);
  proxied.calls.push(name);
  const result = method.run(request, decode(method.input, args), proxied);
  return result ? encode(method.output, result) : Buffer.alloc(0);
};
