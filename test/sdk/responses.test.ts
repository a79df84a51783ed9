import OpenAI from 'openai';
import { zodTextFormat } from 'openai/helpers/zod';
import type { ResponseInputItem, ResponseStreamEvent } from 'openai/resources/responses/responses';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { pixel, said, thoughtAbout, tokensOf, twoCalls, unicode } from './asks.ts';
import { asInput } from './bodies.ts';
import { clientKey, describeWorld, everyUpstream, failoverTo, healthy, modelOn } from './world.ts';

const typesOf = (events: readonly ResponseStreamEvent[]): string[] =>
  events.map(({ type }) => type).filter((type, at, types) => type !== types[at - 1]);

describeWorld('Responses of the OpenAI SDK', (world) => {
  const responses = () => world().openai.responses;

  describe.each(everyUpstream)('over an upstream that speaks %s', (upstream) => {
    const model = modelOn(upstream);
    const ask = { model, input: unicode };

    test('gets a whole answer', async () => {
      const { data: answer, response } = await responses().create(ask).withResponse();
      expect(answer.output_text).toBe(said(unicode));
      expect(answer).toMatchObject({
        object: 'response',
        status: 'completed',
        error: null,
        incomplete_details: null,
        model: healthy[upstream],
        output: [{ type: 'message', role: 'assistant', status: 'completed' }],
      });
      expect(answer.id).toMatch(/^resp_/);
      const { input_tokens = 0, output_tokens, total_tokens } = answer.usage ?? {};
      expect(input_tokens).toBeGreaterThan(10);
      expect(output_tokens).toBe(tokensOf(said(unicode)));
      expect(total_tokens).toBe(input_tokens + tokensOf(said(unicode)));
      expect(answer.usage?.output_tokens_details.reasoning_tokens).toBe(0);
      expect(answer.usage?.input_tokens_details.cached_tokens).toBe(0);
      expect(response.headers.get('x-nexus-model')).toBe(`${upstream}/${healthy[upstream]}`);
    });

    test.each([undefined, 'fault-one-byte-chunks', 'fault-crlf', 'fault-cr-only'] as const)(
      'streams events in their order (%s)',
      async (fault) => {
        const stream = await responses().create({ ...ask, model: modelOn(upstream, fault), stream: true });
        const events = await Array.fromAsync(stream);
        expect(typesOf(events)).toEqual([
          'response.created',
          'response.in_progress',
          'response.output_item.added',
          'response.content_part.added',
          'response.output_text.delta',
          'response.output_text.done',
          'response.content_part.done',
          'response.output_item.done',
          'response.completed',
        ]);
        expect(events.map(({ sequence_number }) => sequence_number)).toEqual(events.map((_, at) => at));
        const deltas = events.filter((event) => event.type === 'response.output_text.delta');
        expect(deltas.length).toBeGreaterThan(3);
        expect(deltas.map(({ delta }) => delta).join('')).toBe(said(unicode));
        const last = events.at(-1);
        expect(last?.type === 'response.completed' && last.response.usage?.output_tokens).toBe(
          tokensOf(said(unicode)),
        );
      },
    );

    test('gets the same answer from its stream helper', async () => {
      const stream = responses().stream(ask);
      let heard = '';
      stream.on('response.output_text.delta', ({ delta }) => {
        heard += delta;
      });
      const answer = await stream.finalResponse();
      expect(answer.output_text).toBe(said(unicode));
      expect(heard).toBe(said(unicode));
      expect(answer.usage).toEqual((await responses().create(ask)).usage);
    });

    test('is cut at its limit', async () => {
      const limited = { ...ask, max_output_tokens: 16 };
      for (const answer of [
        await responses().create(limited),
        await responses().stream(limited).finalResponse(),
      ]) {
        expect(answer).toMatchObject({
          status: 'incomplete',
          incomplete_details: { reason: 'max_output_tokens' },
        });
        expect(answer.output_text).toBe(said(unicode).slice(0, 64));
      }
    });

    test('instructs, and goes on with what was said', async () => {
      const input: ResponseInputItem[] = [
        { role: 'developer', content: 'Speak German.' },
        { role: 'user', content: 'Hello' },
      ];
      const first = await responses().create({ model, instructions: 'Be brief.', input });
      const answer = await responses().create({
        model,
        instructions: 'Be brief.',
        input: [...input, ...asInput(first.output), { role: 'user', content: 'And then?' }],
      });
      expect(answer.output_text).toBe(said('And then?'));
      const body = JSON.stringify(world().seenBy(upstream).at(-1));
      for (const text of ['Be brief.', 'Speak German.', 'Hello', 'And then?']) expect(body).toContain(text);
      expect(body).toContain(JSON.stringify(said('Hello')).slice(1, -1));
    });

    test('sends an image', async () => {
      const answer = await responses().create({
        model,
        input: [
          {
            role: 'user',
            content: [
              { type: 'input_text', text: 'What is this?' },
              { type: 'input_image', image_url: `data:image/png;base64,${pixel}`, detail: 'auto' },
            ],
          },
        ],
      });
      expect(answer.output_text).toBe(said('What is this?'));
      expect(JSON.stringify(world().seenBy(upstream))).toContain(pixel);
    });

    test('gets an answer that fits a schema', async () => {
      const format = zodTextFormat(z.object({ city: z.string(), days: z.int() }), 'forecast');
      const answer = await responses().parse({ ...ask, text: { format } });
      expect(answer.output_parsed).toEqual(twoCalls[0]);
      const streamed = await responses()
        .stream({ ...ask, text: { format } })
        .finalResponse();
      expect(streamed.output_parsed).toEqual(twoCalls[0]);
    });

    test('hears a summary of what was thought', async () => {
      const stream = responses().stream({
        ...ask,
        reasoning: { effort: 'low', summary: 'auto' },
        include: ['reasoning.encrypted_content'],
      });
      let heard = '';
      stream.on('response.reasoning_summary_text.delta', ({ delta }) => {
        heard += delta;
      });
      const { output } = await stream.finalResponse();
      expect(heard).toBe(thoughtAbout(unicode));
      // A seal that Gemini puts on its text follows as reasoning without words.
      expect(output.slice(0, 2)).toMatchObject([
        { type: 'reasoning', summary: [{ type: 'summary_text', text: thoughtAbout(unicode) }] },
        { type: 'message' },
      ]);
    });

    test.each(['create', 'stream'] as const)('is told of errors by its error classes, by %s', async (way) => {
      const asked = (fault: 'fault-400' | 'fault-503' | 'fault-429-retry-1') => {
        const body = { ...ask, model: modelOn(upstream, fault) };
        return way === 'create'
          ? responses().create(body).asResponse()
          : responses().stream(body).finalResponse();
      };
      await expect(asked('fault-400')).rejects.toBeInstanceOf(OpenAI.BadRequestError);
      await expect(asked('fault-503')).rejects.toBeInstanceOf(OpenAI.InternalServerError);
      await expect(asked('fault-429-retry-1')).rejects.toBeInstanceOf(OpenAI.RateLimitError);
    });

    test.each(['fault-end-stream-3', 'fault-error-event-3', 'fault-cut-stream-3'] as const)(
      'never takes a broken stream for a whole one (%s)',
      async (fault) => {
        await expect(
          responses()
            .stream({ ...ask, model: modelOn(upstream, fault) })
            .finalResponse(),
        ).rejects.toThrow();
      },
    );
  });

  test.each(everyUpstream)('does not see a failover to %s', async (upstream) => {
    const asked = { model: failoverTo(upstream), input: 'Who is there?' };
    expect((await responses().create(asked)).output_text).toBe(said('Who is there?'));
    expect((await responses().stream(asked).finalResponse()).output_text).toBe(said('Who is there?'));
  });

  test.each(['openai', 'anthropic'] as const)(
    'is refused what only another server holds (%s)',
    async (upstream) => {
      const asked = { model: modelOn(upstream), input: 'Hello', previous_response_id: 'resp_1' };
      await expect(responses().create(asked)).rejects.toMatchObject({
        status: 400,
        code: 'unsupported_field',
        param: 'previous_response_id',
      });
      expect(world().seenBy(upstream)).toEqual([]);
    },
  );

  test('an upstream of its own dialect gets what it sent, byte for byte, but the model', async () => {
    const sent: string[] = [];
    const client = world().openai.withOptions({
      apiKey: clientKey,
      fetch: (input: string | URL | Request, init?: RequestInit) => {
        sent.push(String(init?.body));
        return fetch(input, init);
      },
    });
    const ask = {
      model: modelOn('responses'),
      input: unicode,
      metadata: { ticket: '7' },
      store: false,
      text: { verbosity: 'low' as const },
    };
    await client.responses.create(ask);
    await client.responses.stream(ask).finalResponse();
    const asked = world().upstreams.responses.bodies.map((body) => body.asked);
    expect(asked).toEqual(sent.map((text) => text.replace(modelOn('responses'), healthy.responses)));
  });
});
