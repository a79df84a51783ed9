import { describe, expect, it } from 'vitest';
import { chatRequest } from '../../test/fakes/requests.ts';
import type { ModelRequest, Part } from './request.ts';
import { holdsSeal, openSeal, type Seal, unsealFor, wrapSeal } from './seals.ts';

const request = (...parts: Part[]): ModelRequest => chatRequest({ turns: [{ role: 'assistant', parts }] });

const seal: Seal = { dialect: 'gemini', kind: 'call', callId: 'c1', value: 'opaque+/=' };

describe('a wrapped seal', () => {
  it('comes back whole, in either alphabet of base64', () => {
    const wrapped = wrapSeal({ ...seal, value: '\u00ff\u00fe???>>>~~~' });
    expect(wrapped).toMatch(/^[A-Za-z0-9+/]+=*$/);
    const urlSafe = wrapped.replaceAll('+', '-').replaceAll('/', '_');
    for (const text of [wrapped, urlSafe, urlSafe.replace(/=+$/, '')])
      expect(openSeal(text)).toEqual({ ...seal, value: '\u00ff\u00fe???>>>~~~' });
  });

  it.each([undefined, '', 'c2lnbmF0dXJl', Buffer.from('nexus1').toString('base64'), 'bmV4dXMxe30='])(
    'is not seen in %s',
    (text) => {
      expect(openSeal(text)).toBeUndefined();
    },
  );
});

it('is found inside of a longer text', () => {
  expect(holdsSeal(JSON.stringify({ deep: [wrapSeal(seal)] }))).toBe(true);
  expect(holdsSeal('nexus1')).toBe(false);
});

describe('unsealFor', () => {
  const reasoning = (signature: string, text = ''): Part => ({ type: 'reasoning', text, signature });
  const partsFor = (...parts: Part[]) => unsealFor('anthropic-messages', request(...parts));

  it('gives the same request back when nothing is wrapped', () => {
    const same = request({ type: 'text', text: 'hi' }, reasoning('raw', 'thought'));
    expect(unsealFor('gemini', same)).toEqual({ request: same, lost: false });
    expect(unsealFor('gemini', same).request).toBe(same);
  });

  it('opens what was wrapped for it', () => {
    const own = (kind: Seal['kind']) => wrapSeal({ dialect: 'anthropic-messages', kind, value: 'sig' });
    const { request: opened, lost } = partsFor(reasoning(own('signature'), 'thought'), {
      type: 'reasoning',
      text: '',
      redacted: own('redacted'),
    });
    expect(lost).toBe(false);
    expect(opened.turns[0]?.parts).toEqual([
      { type: 'reasoning', text: 'thought', signature: 'sig' },
      { type: 'reasoning', text: '', redacted: 'sig' },
    ]);
  });

  it('leaves a dialect its own kinds', () => {
    const same = request(reasoning(wrapSeal(seal)), { type: 'text', text: 'x', seal: wrapSeal(seal) });
    expect(unsealFor('gemini', same).request).toBe(same);
  });

  it('takes the seals of others off, and what is nothing without', () => {
    const { request: opened, lost } = partsFor(
      reasoning(wrapSeal(seal)),
      reasoning(wrapSeal(seal), 'thought'),
      { type: 'tool-call', id: 'c1', name: 'n', input: '{}', seal: wrapSeal(seal) },
    );
    expect(lost).toBe(true);
    expect(opened.turns[0]?.parts).toEqual([
      { type: 'reasoning', text: 'thought' },
      { type: 'tool-call', id: 'c1', name: 'n', input: '{}' },
    ]);
    expect(partsFor(reasoning(wrapSeal(seal))).request.turns).toEqual([]);
  });
});
