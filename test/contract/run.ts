import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { ClientAnswer, ClientCall, Host } from './host.ts';
import { mirrorTests } from './mirrors.ts';
import { type ReadAnswer, readAnswer } from './read-answer.ts';
import { type BodyClient, type Expectation, providerNames, type Scenario, scenarios } from './scenarios.ts';
import { budgetedKey, clientKey, modelOf, startWorld, teamKeys, type World } from './world.ts';

/** Runs every scenario on the host that `start` brings up over the contract's providers. */
export const runContract = (
  hostName: string,
  start: (world: World) => Promise<Host>,
  { streamIdleTimeoutMs = 600 } = {},
): void => {
  describe(`contract, ${hostName}`, () => {
    let world: World;
    let host: Host;
    beforeAll(async () => {
      world = await startWorld(streamIdleTimeoutMs);
      host = await start(world);
    });
    afterAll(async () => {
      await host?.stop();
      await world?.stop();
    });

    it.each(scenarios.map((scenario) => [scenario.name, scenario] as const))(
      '%s',
      async (_name, scenario) => {
        for (const name of providerNames) world.providers[name].journal.clear();
        const answer = await host.call(callOf(scenario));
        const context = `${answer.status} ${answer.text.slice(0, 600)}`;
        const { or } = scenario;
        const expected = or && answer.status === or.status ? or : scenario.expect;
        expect(answer.status, context).toBe(expected.status);
        checkTried(expected, world, context);
        checkUnseen(expected, world, context);
        checkHeaders(expected, answer, context);
        checkAnswer(expected, readAnswer(scenario.client, answer), context);
      },
    );

    mirrorTests(() => ({ world, host }));

    it('a decision is told to the one who was routed, and to no one else', async () => {
      const scenario = scenarios.find(({ name }) => name.startsWith('fault-503 in openai-chat'));
      if (!scenario) throw new Error('the scenario is gone');
      const id = (await host.call(callOf(scenario))).headers.get('x-nexus-decision') ?? '';
      const path = `/v1/nexus/decisions/${id}`;
      const ask = (key: string) =>
        host.call({ method: 'GET', path, headers: { authorization: `Bearer ${key}` } });
      const own = await vi.waitFor(async () => {
        const answer = await ask(clientKey);
        expect(answer.status).toBe(200);
        return answer;
      });
      const record = JSON.parse(own.text) as Record<string, unknown>;
      expect(record).toMatchObject({
        id,
        operation: 'chat',
        dialect: 'openai-chat',
        requestModel: modelOf(scenario),
        ending: 'complete',
        status: 200,
        served: 'an/claude-sonnet-5',
        attempts: [
          { number: 1, upstream: 'oa/fault-503', result: { fate: 'failed', status: 503 } },
          { number: 2, upstream: 'an/claude-sonnet-5', result: { fate: 'served', status: 200 } },
        ],
        routing: { candidates: [{ upstream: 'oa/fault-503' }, { upstream: 'an/claude-sonnet-5' }] },
      });
      expect(record.costMicroUsd).toBeGreaterThan(0);
      expect(own.text).not.toContain(scenario.says);
      expect((await ask(teamKeys.european)).status).toBe(404);
      expect((await ask('nx-nobody')).status).toBe(401);
    });

    it('how long an upstream asks to be left alone is known, though another one answered', async () => {
      const scenario = scenarios.find(({ name }) => name.startsWith('fault-429-retry-2 in openai-chat'));
      if (!scenario) throw new Error('the scenario is gone');
      const id = (await host.call(callOf(scenario))).headers.get('x-nexus-decision') ?? '';
      const headers = { authorization: `Bearer ${clientKey}` };
      await vi.waitFor(async () => {
        const told = await host.call({ method: 'GET', path: `/v1/nexus/decisions/${id}`, headers });
        expect(JSON.parse(told.text)).toMatchObject({
          attempts: [
            { upstream: 'oa/fault-429-retry-2', result: { status: 429, retryAfterMs: 2000 } },
            { upstream: 'an/claude-sonnet-5', result: { status: 200 } },
          ],
        });
      });
    });
  });
};

const paths: Readonly<Record<BodyClient, string>> = {
  'openai-chat': '/v1/chat/completions',
  'openai-responses': '/v1/responses',
  'anthropic-messages': '/v1/messages',
};

/** What a client of a dialect writes into its body beside the model: a limit, the question, and the wish for a stream. */
const asks: Readonly<Record<BodyClient, (says: string, stream: boolean) => object>> = {
  'openai-chat': (says, stream) => ({
    max_completion_tokens: 4000,
    ...(stream ? { stream, stream_options: { include_usage: true } } : {}),
    messages: [{ role: 'user', content: says }],
  }),
  'openai-responses': (says, stream) => ({
    max_output_tokens: 4000,
    ...(stream ? { stream } : {}),
    input: [{ role: 'user', content: says }],
  }),
  'anthropic-messages': (says, stream) => ({
    max_tokens: 4000,
    ...(stream ? { stream } : {}),
    messages: [{ role: 'user', content: says }],
  }),
};

const callOf = (scenario: Scenario): ClientCall => {
  const { call } = scenario;
  const model = modelOf(scenario);
  const { path, made } =
    scenario.client === 'gemini' ? geminiCall(scenario, model) : bodyCall(scenario, model);
  const headers = {
    'content-type': 'application/json',
    authorization: `Bearer ${scenario.budget ? budgetedKey(scenario) : clientKey}`,
    ...call?.headers,
  };
  return { path, body: JSON.stringify(made), ...call, headers, ...named(call?.body, model) };
};

/** A call as its dialect puts it into path and body. */
interface MadeCall {
  readonly path: string;
  readonly made: object;
}

const geminiCall = ({ stream, body, says = 'hello' }: Scenario, model: string): MadeCall => ({
  path: `/v1beta/models/${model}:${stream ? 'streamGenerateContent?alt=sse' : 'generateContent'}`,
  made: {
    contents: [{ role: 'user', parts: [{ text: says }] }],
    generationConfig: { maxOutputTokens: 4000 },
    ...body,
  },
});

const bodyCall = ({ client, stream = false, body, says = 'hello' }: Scenario, model: string): MadeCall => {
  if (client === 'gemini') throw new Error('its model stands in the path');
  return { path: paths[client], made: { model, ...asks[client](says, stream), ...body } };
};

/** Bodies written by hand say MODEL where the scenario's own model belongs. */
const named = (body: string | Uint8Array | undefined, model: string) =>
  typeof body === 'string' ? { body: body.replaceAll('MODEL', model) } : {};

const checkTried = ({ tried }: Expectation, { providers }: World, context: string): void => {
  if (!tried) return;
  const seen = providerNames
    .flatMap((name) =>
      providers[name].journal.entries.map(({ epochMs, model }) => ({ epochMs, name: `${name}/${model}` })),
    )
    .sort((a, b) => a.epochMs - b.epochMs);
  expect(seen.map(({ name }) => name).sort(), context).toEqual([...tried].sort());
};

const checkUnseen = ({ unseen }: Expectation, { providers }: World, context: string): void => {
  if (unseen === undefined) return;
  const seen = providerNames.map((name) => JSON.stringify(providers[name].journal.entries)).join('');
  expect(seen, context).not.toContain(unseen);
};

const checkHeaders = (
  { tried, attempts, dropped, headers = {}, status }: Expectation,
  answer: ClientAnswer,
  context: string,
): void => {
  const served = status < 400 ? tried?.at(-1) : undefined;
  if (served) expect(answer.headers.get('x-nexus-model'), context).toBe(served);
  if (attempts) expect(answer.headers.get('x-nexus-attempts'), context).toBe(String(attempts));
  if (status < 400) expect(answer.headers.get('x-nexus-dropped'), context).toBe(dropped);
  for (const [name, value] of Object.entries(headers))
    expect(answer.headers.get(name) ?? '', `${name}: ${context}`).toMatch(value);
};

const checkAnswer = (
  { error, ending, text, finish, tools, usage }: Expectation,
  read: ReadAnswer,
  context: string,
): void => {
  expect(read.errorCode, context).toBe(error);
  if (ending) expect(read.ending, context).toBe(ending);
  if (text) expect(read.text, context).toMatch(text);
  if (finish) expect(read.finish, context).toBe(finish);
  if (tools) expect(read.tools, context).toEqual(tools);
  if (!usage) return;
  expect(read.inputTokens, context).toBeGreaterThan(0);
  expect(read.outputTokens, context).toBeGreaterThan(0);
};
