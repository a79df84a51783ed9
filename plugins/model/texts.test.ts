import { describe, expect, it } from 'vitest';
import { chatRequest } from '../../test/fakes/requests.ts';
import type { ModelRequest, Part } from './request.ts';
import { mapTexts, type TextPlace } from './texts.ts';

const request = (parts: readonly Part[], more: Partial<ModelRequest> = {}): ModelRequest =>
  chatRequest({ system: [{ text: 'be kind' }], turns: [{ role: 'user', parts }], ...more });

const loud = (text: string) => text.toUpperCase();

describe('mapTexts', () => {
  it('gives the same request back when nothing changes', () => {
    const same = request([{ type: 'text', text: 'hi' }], { vendor: { a: ['b'] }, metadata: { c: 'd' } });
    expect(mapTexts(same, (text) => text)).toBe(same);
  });

  it('keeps the identity of what does not change', () => {
    const before = request([
      { type: 'text', text: 'one' },
      { type: 'text', text: 'two' },
    ]);
    const after = mapTexts(before, (text) => (text === 'two' ? '2' : text));
    expect(after.turns[0]?.parts[0]).toBe(before.turns[0]?.parts[0]);
    expect(after.turns[0]?.parts[1]).toEqual({ type: 'text', text: '2' });
    expect(after.system).toBe(before.system);
  });

  it('reaches every place', () => {
    const seen: [string, TextPlace][] = [];
    mapTexts(
      request(
        [
          { type: 'text', text: 'user' },
          { type: 'tool-call', id: 'i', name: 'n', input: '{"q":["argument"]}' },
          { type: 'tool-result', callId: 'i', parts: [{ type: 'text', text: 'result' }] },
          { type: 'file', source: { kind: 'text', text: 'file' } },
          { type: 'reasoning', text: 'thought' },
          { type: 'opaque', dialect: 'openai-chat', wireType: 'x', value: { deep: ['opaque'] } },
        ],
        {
          tools: [{ kind: 'function', name: 'n', description: 'does', schema: { title: 'schema' } }],
          endUser: 'end user',
        },
      ),
      (text, place) => {
        seen.push([text, place]);
        return text;
      },
    );
    expect(seen).toEqual([
      ['be kind', 'system'],
      ['user', 'user'],
      ['argument', 'tool-input'],
      ['result', 'tool-result'],
      ['file', 'document'],
      ['thought', 'reasoning'],
      ['opaque', 'vendor'],
      ['does', 'tool-definition'],
      ['schema', 'tool-definition'],
      ['end user', 'vendor'],
    ]);
  });

  it('keeps arguments JSON, and takes those that are none as text', () => {
    const after = mapTexts(
      request([
        { type: 'tool-call', id: 'i', name: 'n', input: '{ "q" : "say \\"hi\\"" }' },
        { type: 'tool-call', id: 'j', name: 'n', input: '{"q": "cut' },
      ]),
      (text) => text.replace('hi', '"ho"').replace('cut', 'CUT'),
    );
    expect(after.turns[0]?.parts.map((part) => part.type === 'tool-call' && part.input)).toEqual([
      '{"q":"say \\"\\"ho\\"\\""}',
      '{"q": "CUT',
    ]);
  });

  it('looks at numbers that may name somebody, and at no others', () => {
    const after = mapTexts(
      request([
        { type: 'tool-call', id: 'i', name: 'n', input: '{"ssn":219099998,"count":7,"at":1700000000}' },
      ]),
      (text) => (text === '219099998' ? '[SSN_1]' : text),
    );
    const [part] = after.turns[0]?.parts ?? [];
    expect(part?.type === 'tool-call' && part.input).toBe('{"ssn":"[SSN_1]","count":7,"at":1700000000}');
  });

  it('leaves bytes alone, and takes sealed reasoning out whose words would change', () => {
    const image: Part = { type: 'image', source: { kind: 'base64', mediaType: 'image/png', data: 'abcd' } };
    const after = mapTexts(
      request([image, { type: 'reasoning', text: 'thought', signature: 's' }, { type: 'text', text: 'x' }]),
      loud,
    );
    expect(after.turns[0]?.parts).toEqual([image, { type: 'text', text: 'X' }]);
    const blob = 'A'.repeat(600);
    const kept = request([], { system: [], vendor: { blob, uri: 'data:image/png;base64,aaaa' } });
    expect(mapTexts(kept, () => 'changed')).toBe(kept);
  });
});
