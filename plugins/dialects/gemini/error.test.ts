import { describe, expect, it } from 'vitest';
import { gatewayError } from '../../refusals.ts';
import { decodeError, encodeError } from './error.ts';

const detail = (type: string, more: object) => ({
  '@type': `type.googleapis.com/google.rpc.${type}`,
  ...more,
});
const none = new Map<string, string>();

const decoded = (status: number, body: unknown, headers: ReadonlyMap<string, string> = none) =>
  decodeError(status, headers, Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)));

const error = (code: number, message: string, details: object[] = []) => ({
  error: { code, message, status: 'X', details },
});

describe('an upstream error', () => {
  it.each([
    [400, error(400, 'Unable to process input image'), 'upstream_invalid_request'],
    [
      400,
      error(400, 'API key not valid. Please pass a valid API key.', [
        detail('ErrorInfo', { reason: 'API_KEY_INVALID' }),
      ]),
      'upstream_auth',
    ],
    [
      400,
      error(400, 'The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).'),
      'context_length_exceeded',
    ],
    [401, error(401, 'x'), 'upstream_auth'],
    [403, error(403, 'x'), 'upstream_auth'],
    [404, error(404, 'models/x is not found'), 'upstream_not_found'],
    [
      429,
      error(429, 'quota', [
        detail('QuotaFailure', { violations: [{ quotaId: 'RequestsPerDayPerProject' }] }),
      ]),
      'upstream_quota',
    ],
    [429, error(429, 'Resource has been exhausted'), 'upstream_rate_limited'],
    [500, error(500, 'x'), 'upstream_error'],
    [503, error(503, 'The model is overloaded.'), 'upstream_overloaded'],
    [504, error(504, 'Deadline'), 'upstream_timeout'],
    [500, [error(503, 'in an array')], 'upstream_overloaded'],
    [502, '<html>bad gateway</html>', 'upstream_error'],
    [400, { error: 'a text' }, 'upstream_invalid_request'],
    [400, 'null', 'upstream_invalid_request'],
  ] as const)('%i is told as it was meant', (status, body, code) => {
    expect(decoded(status, body).code).toBe(code);
  });

  it('keeps our account to itself', () => {
    const { message } = decoded(403, error(403, 'Project 12345 has been denied access'));
    expect(message).not.toContain('12345');
  });

  it.each([
    [error(429, 'x', [detail('RetryInfo', { retryDelay: '34.4s' })]), none, 34_400],
    [error(429, 'x', [detail('RetryInfo', { retryDelay: 'soon' })]), new Map([['retry-after', '3']]), 3_000],
    [error(429, 'x'), new Map([['retry-after-ms', '120']]), 120],
    [error(429, 'x'), none, undefined],
  ])('says when to come back', (body, headers, ms) => {
    expect(decoded(429, body, headers).retryAfterMs).toBe(ms);
  });
});

describe('our error', () => {
  it('has the status, the reason, the field and the delay', () => {
    const refusal = gatewayError('rate_limited', { retryAfterMs: 1500, param: 'contents' });
    expect(encodeError(refusal, 'id1')).toEqual({
      status: 429,
      body: {
        error: {
          code: 429,
          message: 'contents: Too many requests. Try again later.',
          status: 'RESOURCE_EXHAUSTED',
          details: [
            detail('ErrorInfo', { reason: 'rate_limited', domain: 'nexus', metadata: { param: 'contents' } }),
            detail('RequestInfo', { requestId: 'id1' }),
            detail('RetryInfo', { retryDelay: '1.5s' }),
          ],
        },
      },
    });
  });

  it('is the same error when it comes back', () => {
    const { status, body } = encodeError(gatewayError('upstream_overloaded', { retryAfterMs: 2000 }), 'id');
    expect(decoded(status, body)).toMatchObject({ code: 'upstream_overloaded', retryAfterMs: 2000 });
  });
});
