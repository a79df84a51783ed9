import type { GatewayError } from '../../refusals.ts';
import { isJsonObject, type JsonObject } from '../../wire/json.ts';
import { sseFrame } from '../../wire/sse.ts';
import { encodeError } from '../openai/error.ts';

/**
 * The `error` event. Its members stand both flat, as the API reference has them, and in `error`, as OpenAI's server was
 * seen to send them: SDKs look in one place or the other.
 */
export const errorEvent = (error: GatewayError): JsonObject => {
  const told = encodeError(error).body.error;
  const { message = '', param = null, code = null } = isJsonObject(told) ? told : {};
  return { type: 'error', code, message, param, error: told ?? null };
};

/** The frame that ends a stream of which we do not know how far it came. No clean end follows. */
export const encodeStreamError = (error: GatewayError): string =>
  sseFrame(JSON.stringify({ ...errorEvent(error), sequence_number: 0 }), 'error');

/** `error` of a response that failed: the API knows few codes there ("ResponseErrorCode", read 2026-11-24). */
export const responseError = ({ status, message }: GatewayError): JsonObject => ({
  code: status === 429 ? 'rate_limit_exceeded' : status < 500 ? 'invalid_prompt' : 'server_error',
  message,
});
