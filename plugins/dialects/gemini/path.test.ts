import { describe, expect, it } from 'vitest';
import { readPath, upstreamPath, verbOf } from './path.ts';

describe('paths', () => {
  it.each([
    ['/v1beta/models/gemini-2.5-flash:generateContent', 'gemini-2.5-flash', 'generateContent', false],
    ['/v1/models/a%2Fb:streamGenerateContent?alt=sse', 'a/b', 'streamGenerateContent', true],
    ['/v1beta/models/m:streamGenerateContent?key=x&%24alt=sse', 'm', 'streamGenerateContent', true],
    ['/v1beta/models/team/m:streamGenerateContent?alt=json', 'team/m', 'streamGenerateContent', false],
    ['/v1beta1/publishers/google/models/m:generateContent', 'm', 'generateContent', false],
    ['/v1/projects/p/locations/l/publishers/google/models/m.1:countTokens', 'm.1', 'countTokens', false],
  ])('%s', (path, model, verb, eventStream) => {
    expect(readPath(path)).toEqual({ model, verb, eventStream });
    expect(verbOf(path.split('?')[0] ?? '')).toBe(verb);
  });

  it.each([
    '/v1/models',
    '/v1/models/m',
    '/v1beta/models/m:',
    '/x/models/m:generateContent',
    '/v2/models/m:a',
  ])('calls no method of a model: %s', (path) => {
    expect(verbOf(path)).toBeUndefined();
  });

  it('refuses a name that cannot be read', () => {
    expect(() => readPath('/v1/models/%E0%A4%A:generateContent')).toThrow(/name of a model/);
    expect(() => readPath(undefined)).toThrow();
  });

  it.each([
    ['gemini-2.5-flash', false, '/models/gemini-2.5-flash:generateContent'],
    ['gemini-2.5-flash', true, '/models/gemini-2.5-flash:streamGenerateContent?alt=sse'],
    ['tunedModels/a b', false, '/tunedModels/a%20b:generateContent'],
    ['a?b#c', false, '/models/a%3Fb%23c:generateContent'],
    ['gemini-2.0-flash@001', false, '/models/gemini-2.0-flash@001:generateContent'],
  ])('of an upstream: %s, streamed %s', (model, stream, path) => {
    expect(upstreamPath(model, stream)).toBe(path);
    expect(readPath(`/v1beta${path}`)).toMatchObject({ eventStream: stream });
  });
});
