import { describe, expect, it } from 'vitest';
import { gatewayError } from '../../refusals.ts';
import { decodeError, encodeError } from './error.ts';

const decode = (status: number, body: unknown, headers: Record<string, string> = {}) =>
  decodeError(
    status,
    new Map(Object.entries(headers)),
    Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
  );

describe('decodeError', () => {
  it.each<[string, number, unknown]>([
    [
      'upstream_invalid_request',
      400,
      { error: { message: 'Bad', type: 'invalid_request_error', code: null } },
    ],
    ['upstream_invalid_request', 422, { detail: [{ loc: ['body', 'messages'], msg: 'Field required' }] }],
    ['context_length_exceeded', 400, { error: { message: 'Too long', code: 'context_length_exceeded' } }],
    [
      'context_length_exceeded',
      400,
      { object: 'error', message: "This model's maximum context length is 8 tokens" },
    ],
    ['context_length_exceeded', 413, { message: 'prompt is too long: 9 tokens > 8' }],
    ['content_filtered', 400, { error: { message: 'Filtered', code: 'content_filter' } }],
    ['upstream_auth', 401, { error: { message: 'Incorrect API key provided: sk-123' } }],
    ['upstream_auth', 401, { detail: 'Unauthorized' }],
    ['upstream_auth', 400, { code: 'invalid-argument', error: 'Incorrect API key provided: sk-123' }],
    [
      'upstream_auth',
      400,
      [
        {
          error: {
            code: 400,
            message: 'API key not valid',
            status: 'INVALID_ARGUMENT',
            type: 'API_KEY_INVALID',
          },
        },
      ],
    ],
    ['upstream_auth', 403, { error: { message: 'Forbidden' } }],
    ['upstream_quota', 402, { error: { message: 'Insufficient Balance' } }],
    [
      'upstream_quota',
      429,
      { error: { message: 'You exceeded your current quota', type: 'insufficient_quota' } },
    ],
    ['upstream_rate_limited', 429, { error: { message: 'Slow down', code: 'rate_limit_exceeded' } }],
    ['upstream_not_found', 404, { error: { message: 'No such model', code: 'model_not_found' } }],
    ['upstream_not_found', 404, { error: 'model not found' }],
    ['upstream_too_large', 413, ''],
    ['upstream_timeout', 504, '<html>504</html>'],
    ['upstream_overloaded', 503, 'Service Unavailable'],
    ['upstream_overloaded', 529, {}],
    ['upstream_error', 500, 'null'],
    ['upstream_error', 502, '<!DOCTYPE html><title>Bad gateway</title>'],
  ])('%s: %i %j', (code, status, body) => {
    const error = decode(status, body);
    expect(error.code).toBe(code);
    expect(error).toMatchObject(gatewayError(error.code, { message: error.message }));
  });

  it.each<[string, unknown]>([
    ['Bad', { error: { message: 'Bad' } }],
    ['Bad', { error: 'Bad' }],
    ['Bad', { detail: 'Bad' }],
    ['Bad', { message: 'Bad' }],
    ['Bad', { message: { detail: [{ msg: 'Bad' }] } }],
    ['Bad', [{ error: { message: 'Bad' } }]],
    ['Bad', 'Bad'],
    ['messages.0: Required', { detail: [{ loc: ['body', 'messages', 0], msg: 'Required' }] }],
    ['The upstream refused the request.', '<html>Bad</html>'],
    ['The upstream refused the request.', {}],
  ])('tells the client %j', (message, body) => {
    expect(decode(400, body).message).toBe(message);
  });

  it('keeps the words that clients match on, not numbers', () => {
    const error = { message: 'Bad', code: 'unsupported_parameter', param: 'max_tokens' };
    expect(decode(400, { error })).toMatchObject({
      upstreamCode: 'unsupported_parameter',
      param: 'max_tokens',
    });
    expect(decode(400, { error: { ...error, code: 400 } })).not.toHaveProperty('upstreamCode');
  });

  it('tells nothing of our account', () => {
    const secrets = ['sk-123', 'org-abc'];
    for (const status of [401, 402, 403, 429, 500, 503]) {
      const told = JSON.stringify(
        decode(status, { error: { message: secrets.join(' '), code: secrets[0] } }),
      );
      for (const secret of secrets) expect(told).not.toContain(secret);
    }
  });

  it('bounds what it tells', () => {
    expect(decode(400, { error: { message: 'x'.repeat(50_000) } }).message).toHaveLength(2_048);
    expect(decode(400, `{"error":{"message":"${'x'.repeat(200_000)}"}}`).message.length).toBeLessThanOrEqual(
      2_048,
    );
  });

  it.each<[number | undefined, Record<string, string>]>([
    [undefined, {}],
    [1_500, { 'retry-after-ms': '1500', 'retry-after': '9' }],
    [2_500, { 'retry-after': '2.5' }],
    [30_000, { date: 'Tue, 24 Nov 2026 10:00:00 GMT', 'retry-after': 'Tue, 24 Nov 2026 10:00:30 GMT' }],
    [0, { date: 'Tue, 24 Nov 2026 10:00:00 GMT', 'retry-after': 'Tue, 24 Nov 2026 09:00:00 GMT' }],
    [undefined, { 'retry-after': 'soon' }],
  ])('waits %s ms', (retryAfterMs, headers) => {
    expect(decode(429, {}, headers).retryAfterMs).toBe(retryAfterMs);
  });
});

describe('encodeError', () => {
  it('writes our code, or the one that the upstream named', () => {
    expect(encodeError(gatewayError('budget_exceeded'))).toEqual({
      status: 429,
      body: {
        error: {
          message: 'The budget is spent.',
          type: 'insufficient_quota',
          param: null,
          code: 'budget_exceeded',
        },
      },
    });
    const passed = gatewayError('upstream_invalid_request', { upstreamCode: 'invalid_value', param: 'n' });
    expect(encodeError(passed).body).toMatchObject({ error: { code: 'invalid_value', param: 'n' } });
  });
});
