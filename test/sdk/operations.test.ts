import { expect, test } from 'vitest';
import { describeWorld, modelOn } from './world.ts';

describeWorld('operations besides chat', (world) => {
  test('embeddings: the SDK asks for base64 by itself and gets its floats', async () => {
    const { data, usage } = await world().openai.embeddings.create({
      model: modelOn('openai'),
      input: ['hällo', 'four'],
    });
    expect(data.map(({ index, embedding }) => [index, embedding.length, embedding[0]])).toEqual([
      [0, 8, 5],
      [1, 8, 4],
    ]);
    expect(usage.prompt_tokens).toBeGreaterThan(0);
  });

  test('embeddings in floats, of the length that was asked for', async () => {
    const ask = { model: modelOn('openai'), input: 'abc', dimensions: 3, encoding_format: 'float' as const };
    const { data } = await world().openai.embeddings.create(ask);
    expect(data[0]?.embedding).toEqual([3, 0.5, 1 / 3]);
  });

  test('images', async () => {
    const { data, usage } = await world().openai.images.generate({
      model: modelOn('openai'),
      prompt: 'a cat',
      n: 2,
    });
    expect(data?.map((it) => it.b64_json?.slice(0, 5))).toEqual(['iVBOR', 'iVBOR']);
    expect(usage?.output_tokens).toBe(200);
  });

  test('embeddings of a model whose upstream has none are refused', async () => {
    const call = world().openai.embeddings.create({ model: modelOn('anthropic'), input: 'abc' });
    await expect(call).rejects.toMatchObject({ status: 400, code: 'unsupported_field' });
  });

  test('counting tokens, by the upstream', async () => {
    const { input_tokens } = await world().anthropic.messages.countTokens({
      model: modelOn('anthropic'),
      messages: [{ role: 'user', content: 'count me' }],
    });
    expect(input_tokens).toBeGreaterThan(5);
  });

  test('counting tokens for an upstream that counts none is an estimate, and says so', async () => {
    const { data, response } = await world()
      .anthropic.messages.countTokens({
        model: modelOn('openai'),
        messages: [{ role: 'user', content: 'count me, one two three four five six' }],
      })
      .withResponse();
    expect(data.input_tokens).toBeGreaterThan(9);
    expect(data.input_tokens).toBeLessThan(100);
    expect(response.headers.get('x-nexus-estimated')).toBe('1');
  });
});
