import type { JsonObject } from '../../wire/json.ts';

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

/** Events of a stream ("Streaming messages", read 2026-11-24). */
export type WireEventType =
  | 'message_start'
  | 'content_block_start'
  | 'content_block_delta'
  | 'content_block_stop'
  | 'message_delta'
  | 'message_stop'
  | 'ping'
  | 'error';

/** An event as we write it. */
export interface Frame extends JsonObject {
  type: string;
}
