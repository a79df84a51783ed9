import {
  type Content,
  createPartFromFunctionResponse,
  FunctionCallingConfigMode,
  type FunctionDeclaration,
  type GenerateContentConfig,
  type GenerateContentResponse,
  type Part,
  Type,
} from '@google/genai';
import { describe, expect, test } from 'vitest';
import { said, thoughtAbout, twoCalls, weatherSchema } from './asks.ts';
import { blocksIn, partsIn, rolesIn, rolesOfThreeTurns } from './bodies.ts';
import type { UpstreamName } from './upstream.ts';
import { allUpstreams, describeWorld, modelOn } from './world.ts';

const weather: FunctionDeclaration = {
  name: 'get_weather',
  description: 'Weather of a city',
  parametersJsonSchema: weatherSchema,
};

/** The same tool in the API's own words. */
const ownWeather: FunctionDeclaration = {
  name: 'get_weather',
  description: 'Weather of a city',
  parameters: {
    type: Type.OBJECT,
    properties: { city: { type: Type.STRING }, days: { type: Type.INTEGER } },
    required: ['city', 'days'],
  },
};

const question = (text: string): Content => ({ role: 'user', parts: [{ text }] });

describeWorld('tools and thoughts of the Google SDK', (world) => {
  /** One answer as one content, whole or streamed. */
  const ask = async (
    way: 'whole' | 'streamed',
    model: string,
    contents: Content[],
    config: GenerateContentConfig,
  ) => {
    const { models } = world().google;
    const chunks =
      way === 'whole'
        ? [await models.generateContent({ model, contents, config })]
        : await Array.fromAsync(await models.generateContentStream({ model, contents, config }));
    return { parts: chunks.flatMap(partsOf), finishes: chunks.flatMap(finishOf) };
  };

  describe.each(allUpstreams)('over an upstream that speaks %s', (upstream) => {
    test.each([
      ['whole', weather],
      ['streamed', ownWeather],
    ] as const)('calls tools in parallel, twice, %s', async (way, declaration) => {
      const contents = [question('call tools: 2')];
      const config = { tools: [{ functionDeclarations: [declaration] }] };
      for (const results of [
        ['cloudy', 'call tools: 2'],
        ['sunny', 'sunny'],
      ]) {
        const { parts, finishes } = await ask(way, modelOn(upstream), contents, config);
        expect(callsIn(parts)).toMatchObject(twoCalls.map((args) => ({ name: 'get_weather', args })));
        expect(finishes).toEqual(['STOP']);
        contents.push({ role: 'model', parts }, { role: 'user', parts: resultsFor(parts, results) });
      }
      const { parts } = await ask(way, modelOn(upstream), contents, config);
      expect(textsIn(parts)).toBe(said(heardBy(upstream, 'sunny', 'sunny')));
      expect(world().seenBy(upstream).map(rolesIn).map(withoutTools)).toEqual(
        rolesOfThreeTurns[upstream].map(withoutTools),
      );
    });

    test('ties calls and results that come without ids', async () => {
      const { parts } = await ask('whole', modelOn(upstream), [question('call tools: 2')], {
        tools: [{ functionDeclarations: [weather] }],
      });
      const bare = parts.map(({ functionCall, ...rest }): Part => {
        const { id: _, ...call } = functionCall ?? {};
        return functionCall ? { ...rest, functionCall: call } : rest;
      });
      const contents = [
        question('call tools: 2'),
        { role: 'model', parts: bare },
        { role: 'user', parts: resultsFor(bare, ['sunny', 'windy']) },
      ];
      const answer = await ask('whole', modelOn(upstream), contents, {
        tools: [{ functionDeclarations: [weather] }],
      });
      expect(textsIn(answer.parts)).toBe(said(heardBy(upstream, 'sunny', 'windy')));
    });

    test('demands a call, of one tool of two, or forbids it', async () => {
      const other = { ...weather, name: 'get_time' };
      const config = (functionCallingConfig: object) => ({
        tools: [{ functionDeclarations: [other, weather] }],
        toolConfig: { functionCallingConfig },
      });
      const ask1 = (functionCallingConfig: object, text: string) =>
        ask('whole', modelOn(upstream), [question(text)], config(functionCallingConfig));
      const any = FunctionCallingConfigMode.ANY;
      const forced = await ask1({ mode: any, allowedFunctionNames: ['get_weather'] }, 'Hello');
      expect(callsIn(forced.parts)).toMatchObject([{ name: 'get_weather' }]);
      const free = await ask1({ mode: FunctionCallingConfigMode.NONE }, 'call tools: 1');
      expect(callsIn(free.parts)).toEqual([]);
    });

    describe.each(routesFrom(upstream))('and then %s, then %s', (...others) => {
      test.each(['whole', 'streamed'] as const)('brings thoughts back, %s', async (way) => {
        const contents = [question('call tools: 2')];
        const config = {
          tools: [{ functionDeclarations: [weather] }],
          thinkingConfig: { includeThoughts: true, thinkingBudget: 2048 },
          maxOutputTokens: 8000,
        };
        const turn = async (by: UpstreamName, ...more: Content[]) => {
          contents.push(...more);
          const { parts } = await ask(way, modelOn(by), contents, config);
          contents.push({ role: 'model', parts });
          return parts;
        };
        const first = await turn(upstream);
        expect(thoughtsIn(first)).toBe(thoughtAbout('call tools: 2'));
        await turn(others[0], { role: 'user', parts: resultsFor(first, ['sunny', 'sunny']) });
        const last = await turn(others[1], question('And now?'));
        expect(textsIn(last)).toBe(said('And now?'));
        const body = world().seenBy(others[1]).at(-1);
        const own = [upstream, others[0]].filter((name) => name === others[1]).length;
        if (others[1] === 'anthropic') expect(blocksIn(body, 'thinking')).toHaveLength(own);
        if (others[1] === 'gemini' && upstream === 'gemini')
          expect(partsIn(body, 'functionCall')[0]?.thoughtSignature).toMatch(/=$/);
      });
    });
  });

  test('calls functions by itself', async () => {
    const called: unknown[] = [];
    const answer = await world().google.models.generateContent({
      model: modelOn('anthropic'),
      contents: 'call tools: 2',
      config: {
        tools: [
          {
            tool: async () => ({ functionDeclarations: [weather] }),
            callTool: async (calls) => {
              called.push(...calls.map(({ args }) => args));
              return calls.map(({ id, name = '' }) =>
                createPartFromFunctionResponse(id ?? '', name, { output: 'sunny' }),
              );
            },
          },
        ],
      },
    });
    expect(called).toEqual(twoCalls);
    expect(answer.text).toBe(said('sunny\nsunny'));
  });
});

/** Who answers the second and the third turn of a conversation that `first` began: always the same, or not. */
function routesFrom(first: UpstreamName): (readonly [UpstreamName, UpstreamName])[] {
  const others = allUpstreams.filter((name) => name !== first);
  return [
    [first, first],
    ...others.map((other) => [other, first] as const),
    ...others.map((other) => [first, other] as const),
  ];
}

/** The results that a provider answers to: those of OpenAI come one to a message, of which it reads the last. */
const heardBy = (upstream: UpstreamName, first: string, last: string): string =>
  upstream === 'openai' ? last : `${first}\n${last}`;

const partsOf = ({ candidates }: GenerateContentResponse): Part[] => candidates?.[0]?.content?.parts ?? [];
const finishOf = ({ candidates }: GenerateContentResponse) => candidates?.[0]?.finishReason ?? [];
const callsIn = (parts: readonly Part[]) => parts.flatMap(({ functionCall }) => functionCall ?? []);
const textsIn = (parts: readonly Part[]) =>
  parts.map(({ text = '', thought }) => (thought ? '' : text)).join('');
const thoughtsIn = (parts: readonly Part[]) =>
  parts.map(({ text = '', thought }) => (thought ? text : '')).join('');

const resultsFor = (parts: readonly Part[], results: readonly string[]): Part[] =>
  callsIn(parts).map(({ id, name = '' }, at) => ({
    functionResponse: { ...(id === undefined ? {} : { id }), name, response: { output: results[at] ?? '' } },
  }));

/** Roles of turns, of which a dialect may have one for each result. */
const withoutTools = (roles: readonly unknown[]): unknown[] =>
  roles.filter((role, at) => role !== 'tool' || roles[at - 1] !== 'tool');
