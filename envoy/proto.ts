/** A piece of Envoy configuration: a protobuf message in its JSON form, field names as in Envoy's API. */
export interface Message {
  readonly [field: string]: unknown;
}

/** A message inside an `Any`: `type` without its host, as `envoy.extensions.filters.http.router.v3.Router`. */
export const typed = (type: string, fields: Message = {}): Message => ({
  '@type': `type.googleapis.com/${type}`,
  ...fields,
});

/** A named extension with its typed configuration. */
export const extension = (name: string, type: string, fields: Message = {}): Message => ({
  name,
  typed_config: typed(type, fields),
});

/** A protobuf duration: 2500 → `2.5s`. */
export const duration = (milliseconds: number): string => `${milliseconds / 1000}s`;

/** The HTTP options of a cluster, keyed as Envoy wants them. */
export const httpProtocol = (fields: Message): Message => {
  const type = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions';
  return { [type]: typed(type, fields) };
};

/** A format command that yields the first of `commands` with a value, each a command of Envoy's access log and its parameter. */
export const coalesce = (...commands: readonly (readonly [command: string, param: string])[]): string =>
  `%COALESCE(${JSON.stringify({ operators: commands.map(([command, param]) => ({ command, param })) })})%`;
