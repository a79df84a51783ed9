/** A piece of Kong's declarative configuration, field names as in Kong's schemas. */
export interface Entity {
  readonly [field: string]: unknown;
}

/** A kong.yml without its `_format_version`: one list for each kind of entity, which name one another. */
export interface KongConfig {
  readonly services: readonly Entity[];
  readonly routes: readonly Entity[];
  readonly plugins: readonly Entity[];
  readonly upstreams: readonly Entity[];
  readonly ca_certificates: readonly Entity[];
}

/** On every entity of ours, so that tools can tell them from others (`deck gateway sync --select-tag nexus`). */
export const ours = { tags: ['nexus'] } as const;

/** Route options that keep Kong from holding bodies back, or on disk: a request streams to the relay, an answer to the client. */
export const unbuffered = { request_buffering: false, response_buffering: false } as const;

/** Added to timeouts of Kong that must never end before the relay's own. */
export const marginMs = 15_000;
