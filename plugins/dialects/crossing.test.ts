import { describe, expect, it } from 'vitest';
import { chatRequest } from '../../test/fakes/requests.ts';
import type { ModelRequest } from '../model/request.ts';
import { wrapSeal } from '../model/seals.ts';
import { crossInto } from './crossing.ts';
import { upstreamDialects } from './registry.ts';

const request = (more: Partial<ModelRequest>): ModelRequest => chatRequest({ dialect: 'gemini', ...more });

describe('crossInto', () => {
  it('refuses what another dialect cannot do without', () => {
    const asked = request({ vendor: { cachedContent: 'x' }, essential: ['cachedContent'] });
    expect(crossInto(upstreamDialects.gemini, asked).request).toBe(asked);
    for (const name of ['openai-chat', 'anthropic-messages', 'cohere-chat', 'bedrock-converse'] as const)
      expect(() => crossInto(upstreamDialects[name], asked)).toThrow(/cachedContent/);
  });

  it.each(['audio', 'web_search_options', 'thread', 'mcp_servers', 'container'])(
    'refuses %s, which asks for another kind of answer, but to its own dialect',
    (member) => {
      const asked = request({ dialect: 'openai-chat', vendor: { [member]: {} } });
      expect(crossInto(upstreamDialects['openai-chat'], asked).request).toBe(asked);
      for (const name of ['openai-responses', 'anthropic-vertex', 'cohere-chat', 'bedrock-converse'] as const)
        expect(() => crossInto(upstreamDialects[name], asked)).toThrow(member);
      const empty = request({ dialect: 'openai-chat', vendor: { [member]: null } });
      expect(crossInto(upstreamDialects.gemini, empty).request).toBe(empty);
    },
  );

  it('opens a seal for every host of its dialect, and names one that is lost', () => {
    const signature = wrapSeal({ dialect: 'anthropic-messages', kind: 'signature', value: 'sig' });
    const asked = request({
      turns: [{ role: 'assistant', parts: [{ type: 'reasoning', text: 'hm', signature }] }],
    });
    for (const name of ['anthropic-messages', 'anthropic-vertex', 'anthropic-bedrock'] as const)
      expect(crossInto(upstreamDialects[name], asked)).toMatchObject({
        request: { turns: [{ parts: [{ signature: 'sig' }] }] },
        dropped: [],
      });
    expect(crossInto(upstreamDialects.gemini, asked)).toMatchObject({
      request: { turns: [{ parts: [{ type: 'reasoning', text: 'hm' }] }] },
      dropped: ['reasoning_signature'],
    });
  });
});
