import { describe, expect, test } from 'vitest';
import { type ErrorCode, gatewayError } from '../../refusals.ts';
import { anthropicMessages } from './index.ts';

const decode = (status: number, body: unknown, headers: Record<string, string> = {}) =>
  anthropicMessages.decodeError(
    status,
    new Map(Object.entries(headers)),
    Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
  );

const told = (type: string, message: string, details?: object) => ({
  type: 'error',
  error: { type, message, ...(details ? { details } : {}) },
  request_id: 'req_1',
});

describe('encoding', () => {
  test.each<[ErrorCode, number, string]>([
    ['invalid_key', 401, 'authentication_error'],
    ['model_not_allowed', 403, 'permission_error'],
    ['model_not_found', 404, 'not_found_error'],
    ['budget_exceeded', 429, 'rate_limit_error'],
    ['request_too_large', 413, 'request_too_large'],
    ['upstream_overloaded', 529, 'overloaded_error'],
    ['upstream_timeout', 504, 'timeout_error'],
    ['upstream_auth', 500, 'api_error'],
  ])('%s is %i %s', (code, status, type) => {
    const encoded = anthropicMessages.encodeError(gatewayError(code), 'req_9');
    expect(encoded).toEqual({
      status,
      body: {
        type: 'error',
        error: { type, message: gatewayError(code).message, details: { error_code: code } },
        request_id: 'req_9',
      },
    });
  });

  test('the field at fault begins the message', () => {
    const { body } = anthropicMessages.encodeError(gatewayError('unsupported_field', { param: 'n' }), 'r');
    expect(body.error).toMatchObject({ message: expect.stringMatching(/^n: /), details: { param: 'n' } });
  });

  test('a thread that no server holds has the code by which SDKs go on without it', () => {
    const refused = gatewayError('unsupported_field', { param: 'thread' });
    expect(anthropicMessages.encodeError(refused, 'r').body.error).toMatchObject({
      details: { error_code: 'thread_unsupported_request', unsupported: ['thread'] },
    });
  });

  test('the words that clients look for when a prompt is too long', () => {
    const openai = gatewayError('context_length_exceeded', {
      message: 'maximum context length is 8192 tokens',
    });
    expect(anthropicMessages.encodeError(openai, 'r').body.error).toMatchObject({
      message: 'prompt is too long: maximum context length is 8192 tokens',
    });
  });

  test('in a stream it is an event of its own', () => {
    const frame = anthropicMessages.encodeStreamError(gatewayError('upstream_stalled'), 'req_9');
    expect(frame).toMatch(/^event: error\ndata: \{"type":"error",.*"request_id":"req_9"\}\n\n$/);
  });
});

describe('decoding', () => {
  test.each<[number, string, string, ErrorCode]>([
    [400, 'invalid_request_error', 'messages.0: bad', 'upstream_invalid_request'],
    [
      400,
      'invalid_request_error',
      'prompt is too long: 210000 tokens > 200000 maximum',
      'context_length_exceeded',
    ],
    [400, 'invalid_request_error', 'Output blocked by content filtering policy', 'content_filtered'],
    [404, 'not_found_error', 'model: claude-x', 'upstream_not_found'],
    [413, 'request_too_large', 'big', 'upstream_too_large'],
    [500, 'api_error', 'oops', 'upstream_error'],
    [500, 'overloaded_error', 'Overloaded', 'upstream_overloaded'],
    [504, 'timeout_error', 'slow', 'upstream_timeout'],
    [529, 'overloaded_error', 'Overloaded', 'upstream_overloaded'],
  ])('%i %s "%s" is %s', (status, type, message, code) => {
    expect(decode(status, told(type, message))).toEqual(gatewayError(code, { message }));
  });

  test.each<[number, string, string, ErrorCode]>([
    [400, 'invalid_request_error', 'Your credit balance is too low', 'upstream_quota'],
    [401, 'authentication_error', 'invalid x-api-key sk-1', 'upstream_auth'],
    [402, 'billing_error', 'pay', 'upstream_quota'],
    [403, 'permission_error', 'no', 'upstream_auth'],
    [429, 'rate_limit_error', 'Organization 1f2e may send 50 requests a minute', 'upstream_rate_limited'],
  ])(
    "%i %s is about our account: neither its words nor its type are the client's",
    (status, type, message, code) => {
      expect(decode(status, told(type, message))).toEqual(gatewayError(code));
    },
  );

  test('other messages are kept', () => {
    expect(decode(404, told('not_found_error', 'model: claude-x')).message).toBe('model: claude-x');
  });

  test('spend limits are no rate limits', () => {
    const limit = told('rate_limit_error', 'x', { error_code: 'contract_spend_limit_reached' });
    expect(decode(429, limit)).toMatchObject({
      code: 'upstream_quota',
      upstreamCode: 'contract_spend_limit_reached',
      retry: false,
    });
  });

  test.each<[unknown, string]>([
    [{ error: 'plain words' }, 'plain words'],
    [{ message: 'only a message' }, 'only a message'],
    [{ detail: 'only a detail' }, 'only a detail'],
  ])('other shapes: %j', (body, message) => {
    expect(decode(400, body)).toMatchObject({ code: 'upstream_invalid_request', message });
  });

  test.each([['<html>secret</html>'], [''], ['[1]'], ['null']])(
    'a body of %j is judged by its status',
    (body) => {
      expect(decode(502, body)).toEqual(gatewayError('upstream_error'));
      expect(decode(400, body)).toEqual(gatewayError('upstream_invalid_request'));
    },
  );

  test('when to come back', () => {
    const delayOf = (headers: Record<string, string>) => decode(429, '', headers).retryAfterMs;
    expect(delayOf({ 'retry-after': '7' })).toBe(7_000);
    expect(delayOf({ 'retry-after-ms': '250', 'retry-after': '1' })).toBe(250);
    expect(
      delayOf({ 'retry-after': 'Tue, 24 Nov 2026 10:00:30 GMT', date: 'Tue, 24 Nov 2026 10:00:00 GMT' }),
    ).toBe(30_000);
    expect(delayOf({ 'retry-after': 'soon' })).toBeUndefined();
    expect(delayOf({})).toBeUndefined();
  });
});
