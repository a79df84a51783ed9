import { describe, expect, it } from 'vitest';
import { requestOf } from '../../../bench/routing/simulation.ts';
import { cpuMs } from '../../../test/fakes/cpu.ts';
import type { ModelRequest, Part } from '../../model/request.ts';
import { conversationKey, requestFacts } from './facts.ts';

const said = (...parts: Part[]): ModelRequest => ({ ...requestOf(0), turns: [{ role: 'user', parts }] });
const text = (length: number): Part => ({ type: 'text', text: 'x'.repeat(length) });

describe('requestFacts', () => {
  it.each([
    [999, 'small/stream'],
    [1000, 'medium/stream'],
    [8000, 'large/stream'],
    [64_000, 'huge/stream'],
  ])('puts %i tokens into %s', (tokens, pace) => {
    expect(requestFacts(requestOf(tokens))).toMatchObject({ inputTokens: tokens, pace });
  });

  it('counts what stands in tool results, documents and instructions', () => {
    const request: ModelRequest = {
      ...said(
        {
          type: 'tool-result',
          callId: 'c',
          parts: [text(400), { type: 'image', source: { kind: 'url', url: 'u' } }],
        },
        { type: 'file', source: { kind: 'text', text: 'y'.repeat(400) } },
      ),
      system: [{ text: 'z'.repeat(400) }],
    };
    expect(requestFacts(request)).toMatchObject({ inputTokens: 1300, images: true, files: false });
  });

  it('does not take longer for longer texts', () => {
    const long = requestOf(1_000_000);
    const thousand = () => {
      for (let at = 0; at < 1000; at++) requestFacts(long);
    };
    expect(cpuMs(thousand)).toBeLessThan(200);
  });
});

describe('conversationKey', () => {
  const begun = said({ type: 'text', text: 'a secret question' });
  const grown: ModelRequest = { ...begun, turns: [...begun.turns, { role: 'assistant', parts: [text(9)] }] };

  it('stays the same as a conversation grows, and is another for another one', () => {
    expect(conversationKey(grown, 's')).toBe(conversationKey(begun, 's'));
    expect(conversationKey(said(text(9)), 's')).not.toBe(conversationKey(begun, 's'));
    expect(conversationKey({ ...begun, system: [{ text: 'be kind' }] }, 's')).not.toBe(
      conversationKey(begun, 's'),
    );
  });

  it('does not run texts together', () => {
    const two = (a: string, b: string): ModelRequest => ({ ...said(), system: [{ text: a }, { text: b }] });
    expect(conversationKey(two('ab', 'c'), 's')).not.toBe(conversationKey(two('a', 'bc'), 's'));
  });

  it('cannot be found out without the secret', () => {
    expect(conversationKey(begun, 's')).not.toBe(conversationKey(begun, 't'));
    expect(conversationKey(begun, 's')).not.toContain('secret');
  });
});
