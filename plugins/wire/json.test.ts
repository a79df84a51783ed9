import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JsonError, maxJsonDepth, parseJsonDocument, patchMembers } from './json.ts';

const parse = (text: string) => parseJsonDocument(Buffer.from(text));

describe('parseJsonDocument', () => {
  it.each([
    ['invalid UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), 'UTF-8'],
    ['a byte order mark', Buffer.from('\ufeff{}'), 'object'],
    ['an array', Buffer.from('[]'), 'object'],
    ['nothing', Buffer.alloc(0), 'object'],
    ['NaN', Buffer.from('{"a":NaN}'), 'JSON'],
    ['a trailing comma', Buffer.from('{"a":1,}'), 'JSON'],
    ['a second value', Buffer.from('{"a":1}{"b":2}'), 'JSON'],
    ['an open string', Buffer.from('{"a":"b'), 'not closed'],
    ['a duplicate key', Buffer.from('{"a":1,"b":2,"a":3}'), '"a" stands twice'],
    ['a duplicate key deep inside', Buffer.from('{"m":[{"x":{"k":1,"k":2}}]}'), '"k" stands twice'],
    ['a duplicate key in disguise', Buffer.from('{"role":1,"r\\u006fle":2}'), '"role" stands twice'],
    ['a lone surrogate', Buffer.from('{"a":["x\\ud800"]}'), 'a[0] holds a lone surrogate'],
    ['a lone surrogate in a key', Buffer.from('{"a":{"\\udc00":1}}'), 'a key in a holds a lone surrogate'],
    [
      'too deep nesting',
      Buffer.from(`{"a":${'['.repeat(maxJsonDepth)}${']'.repeat(maxJsonDepth)}}`),
      'deeper',
    ],
  ])('refuses %s and names the place', (_name, bytes, place) => {
    expect(() => parseJsonDocument(bytes)).toThrow(JsonError);
    expect(() => parseJsonDocument(bytes)).toThrow(place);
  });

  it('takes the same key in different objects, surrogate pairs, and nesting up to the limit', () => {
    expect(parse('{"a":{"a":[{"a":1},{"a":2}]}}').value).toEqual({ a: { a: [{ a: 1 }, { a: 2 }] } });
    expect(parse('{"a":"\\ud83d\\ude00"}').value).toEqual({ a: '😀' });
    const deep = maxJsonDepth - 1;
    expect(() => parse(`{"a":${'['.repeat(deep)}${']'.repeat(deep)}}`)).not.toThrow();
  });

  it('is not deceived by braces, colons and quotes inside strings', () => {
    const value = { 'k{"': 'a","k":"b', b: '\\"}', c: ['{', ':', '\\'] };
    expect(parse(JSON.stringify(value)).value).toEqual(value);
  });

  it('keeps a __proto__ member a member', () => {
    const { value } = parse('{"__proto__":{"polluted":true}}');
    expect(Object.hasOwn(value, '__proto__')).toBe(true);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });

  it('takes whatever JSON.stringify writes, and knows where each member stands', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), fc.jsonValue()),
        fc.constantFrom(undefined, 2),
        (value, indent) => {
          const text = JSON.stringify(value, undefined, indent);
          const document = parse(text);
          expect(document.value).toEqual(JSON.parse(text));
          for (const [key, [start, end]] of document.members) {
            expect(JSON.parse(text.slice(start, end))).toEqual(document.value[key]);
          }
          expect([...document.members.keys()].sort()).toEqual(Object.keys(document.value).sort());
        },
      ),
    );
  });
});

describe('patchMembers', () => {
  it('changes the members named and no other byte', () => {
    const document = parse('{ "model" : "a" ,\n "x":1e2, "stream":true }');
    expect(patchMembers(document, { model: '"b"' })).toBe('{ "model" : "b" ,\n "x":1e2, "stream":true }');
  });

  it('adds members that are not there', () => {
    expect(patchMembers(parse('{"a":1 }'), { b: '2', c: '3' })).toBe('{"a":1 ,"b":2,"c":3}');
    expect(patchMembers(parse('{ }'), { b: '2', c: '3' })).toBe('{ "b":2,"c":3}');
  });

  it('gives what setting the members would give', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), fc.jsonValue()),
        fc.dictionary(fc.string({ minLength: 1 }), fc.jsonValue()),
        (value, patches) => {
          const texts = Object.fromEntries(
            Object.entries(patches).map(([key, it]) => [key, JSON.stringify(it)]),
          );
          const patched = patchMembers(parse(JSON.stringify(value)), texts);
          const expected = JSON.parse(JSON.stringify({ ...value, ...patches }));
          expect(JSON.parse(patched)).toEqual(expected);
        },
      ),
    );
  });
});
