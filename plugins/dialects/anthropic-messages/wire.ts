import type { JsonObject, JsonValue } from '../../wire/json.ts';

/** `error.type` (API reference, "Errors", and `@anthropic-ai/sdk` 1.12.0, read 2026-11-24). */
export type AnthropicErrorType =
  | 'invalid_request_error'
  | 'authentication_error'
  | 'billing_error'
  | 'permission_error'
  | 'not_found_error'
  | 'request_too_large'
  | 'rate_limit_error'
  | 'timeout_error'
  | 'api_error'
  | 'overloaded_error';

/** `stop_reason` ("Handling stop reasons", read 2026-11-24). */
export type StopReason =
  | 'end_turn'
  | 'stop_sequence'
  | 'max_tokens'
  | 'model_context_window_exceeded'
  | 'tool_use'
  | 'refusal'
  | 'pause_turn';

/**
 * Events of a stream, as an upstream sends them: each member is optional and of any type until it was looked at.
 * Source: "Streaming messages", read 2026-11-24.
 */
export type WireEvent =
  | { readonly type: 'message_start'; readonly message?: JsonValue }
  | { readonly type: 'content_block_start'; readonly index?: JsonValue; readonly content_block?: JsonValue }
  | { readonly type: 'content_block_delta'; readonly index?: JsonValue; readonly delta?: JsonValue }
  | { readonly type: 'content_block_stop'; readonly index?: JsonValue }
  | (JsonObject & { readonly type: 'message_delta' })
  | { readonly type: 'message_stop' }
  | { readonly type: 'ping' }
  | { readonly type: 'error'; readonly error?: JsonValue };

/** An event as we write it. */
export interface Frame extends JsonObject {
  type: string;
}
