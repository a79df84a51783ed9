import { describe, expect, it } from 'vitest';
import { type Route, routeOf, servedPatterns } from './routes.ts';

const route = (method: string, path: string, headers: Record<string, string> = {}): Route =>
  routeOf({ method, path, headers: new Map(Object.entries(headers)) });

describe('paths that name a model', () => {
  it.each([
    '/v1beta/models/m:generateContent',
    '/v1/models/m:streamGenerateContent?alt=sse',
    '/v1beta1/projects/p/locations/l/publishers/google/models/m:generateContent',
  ])('%s is a chat', (path) => {
    expect(route('POST', path)).toEqual({ kind: 'call', dialect: 'gemini', operation: 'chat' });
    expect(route('GET', path)).toEqual({ kind: 'none', dialect: 'gemini', code: 'method_not_allowed' });
    const [pattern = ''] = Object.keys(servedPatterns);
    expect(path).toMatch(new RegExp(`^${pattern}`));
  });

  it('methods that are not served say so in their own words', () => {
    expect(route('POST', '/v1/models/m:batchGenerateContent')).toEqual({
      kind: 'none',
      dialect: 'gemini',
      code: 'not_found',
    });
  });
});

describe('lists of models', () => {
  it.each([
    ['/v1/models', {}, 'openai-chat'],
    ['/v1/models', { 'anthropic-version': '2023-06-01' }, 'anthropic-messages'],
    ['/v1/models', { 'x-goog-api-key': 'k' }, 'gemini'],
    ['/v1beta/models', {}, 'gemini'],
    ['/v1beta/models?pageSize=50', {}, 'gemini'],
  ])('%s with %j', (path, headers, dialect) => {
    expect(route('GET', path, headers as Record<string, string>)).toEqual({ kind: 'models', dialect });
  });
});
