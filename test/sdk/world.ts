import Anthropic from '@anthropic-ai/sdk';
import { GoogleGenAI } from '@google/genai';
import OpenAI from 'openai';
import { afterAll, beforeAll, beforeEach, describe } from 'vitest';
import { hashKey } from '../../plugins/config/keys.ts';
import type { JsonValue } from '../../plugins/wire/json.ts';
import { envoyBinary } from '../e2e/envoy.ts';
import { startStack } from '../e2e/stack.ts';
import { type AnyUpstream, startUpstream, type Upstream, type UpstreamName } from './upstream.ts';

/** One provider of each dialect; they behave as the model that they are asked for is called. */
export const upstreamNames = ['openai', 'anthropic'] as const satisfies readonly UpstreamName[];
export const allUpstreams = [...upstreamNames, 'gemini'] as const satisfies readonly UpstreamName[];

/** All of those, and OpenAI's second dialect. */
export const everyUpstream = [...allUpstreams, 'responses'] as const satisfies readonly AnyUpstream[];

/** The model that answers, by its provider's name. */
export const healthy = {
  openai: 'gpt-5.4',
  responses: 'gpt-5.4',
  anthropic: 'claude-sonnet-5',
  gemini: 'gemini-3-flash',
} as const satisfies Record<AnyUpstream, string>;

const faults = [
  'fault-400',
  'fault-400-context',
  'fault-401',
  'fault-404',
  'fault-429-retry-1',
  'fault-402',
  'fault-503',
  'fault-529',
  'fault-first-event-error',
  'fault-error-event-3',
  'fault-error-event-6',
  'fault-end-stream-3',
  'fault-cut-stream-3',
  'fault-stall-stream-3',
  'fault-ignores-limit',
  'fault-one-byte-chunks',
  'fault-crlf',
  'fault-cr-only',
] as const;
export type Fault = (typeof faults)[number];

/** What a client asks for to get a healthy answer from `upstream`, or the fault. */
export const modelOn = (upstream: AnyUpstream, fault?: Fault): string =>
  fault === undefined ? `on-${upstream}` : `on-${upstream}.${fault}`;

/** A model by a name from which SDKs conclude that it can write 128,000 tokens; `small` answers, which can write less. */
export const knownToSdks = (upstream: AnyUpstream): string => `claude-sonnet-5.on-${upstream}`;

/** Models that write less than the newest, by their provider's name, and how many tokens (`plugins/catalog/models.yaml`). */
export const small = {
  openai: { model: 'gpt-4o', maxOutputTokens: 16_384 },
  responses: { model: 'gpt-4o', maxOutputTokens: 16_384 },
  anthropic: { model: 'claude-haiku-4-5', maxOutputTokens: 64_000 },
  gemini: { model: 'gemini-3-flash', maxOutputTokens: 65_535 },
} as const satisfies Record<AnyUpstream, unknown>;

/** A model whose first upstream, of the other dialect, fails before `upstream` answers. */
export const failoverTo = (upstream: AnyUpstream): string => `fails-over-to-${upstream}`;

/** The official clients of a gateway, and what stands behind it. */
export interface World {
  /** Of Envoy: `http://127.0.0.1:34567`. */
  readonly url: string;
  readonly openai: OpenAI;
  readonly anthropic: Anthropic;
  readonly google: GoogleGenAI;
  readonly upstreams: Readonly<Record<AnyUpstream, Upstream>>;
  /** Bodies that an upstream saw since the test began, oldest first. */
  seenBy(upstream: AnyUpstream): JsonValue[];
  stop(): Promise<void>;
}

/** Keys of a budget of `tinyTokens` a day each. */
export const tinyKeys = [
  'tiny-openai-whole',
  'tiny-openai-stream',
  'tiny-anthropic-whole',
  'tiny-anthropic-stream',
] as const;
export const tinyTokens = 200;

/** The key that the clients send. */
export const clientKey = 'nx-sdk-client';

const providerKeys = {
  openai: 'key-of-openai',
  responses: 'key-of-responses',
  anthropic: 'key-of-anthropic',
  gemini: 'key-of-gemini',
} as const;

/** Members of nexus.yaml that a world has besides, or instead of its own. */
export type Policies = Readonly<Record<string, unknown>>;

/** Tests over a world of their own, started once; skipped, and the reason printed, where no Envoy can be had. */
export const describeWorld = (
  name: string,
  tests: (world: () => World) => void,
  policies: Policies = {},
): void => {
  describe.skipIf(envoyBinary === undefined)(name, () => {
    let world: World | undefined;
    const started = (): World => {
      if (!world) throw new Error('the world is not there yet');
      return world;
    };
    beforeAll(async () => {
      world = await startWorld(policies);
    });
    beforeEach(() => {
      for (const upstream of everyUpstream) {
        const { journal, bodies } = started().upstreams[upstream];
        journal.clear();
        bodies.length = 0;
      }
    });
    afterAll(() => world?.stop());
    tests(started);
  });
};

/** Starts all providers, and a real Envoy with a real worker over them. The clients try everything once. */
const startWorld = async (policies: Policies): Promise<World> => {
  const upstreams = {
    openai: await startUpstream('openai', providerKeys.openai),
    responses: await startUpstream('responses', providerKeys.responses),
    anthropic: await startUpstream('anthropic', providerKeys.anthropic),
    gemini: await startUpstream('gemini', providerKeys.gemini),
  };
  const stack = await startStack({
    configText: JSON.stringify(
      configOver(
        {
          openai: upstreams.openai.url,
          responses: upstreams.responses.url,
          anthropic: upstreams.anthropic.url,
          gemini: upstreams.gemini.url,
        },
        policies,
      ),
    ),
    env: {
      SDK_OPENAI_KEY: providerKeys.openai,
      SDK_RESPONSES_KEY: providerKeys.responses,
      SDK_ANTHROPIC_KEY: providerKeys.anthropic,
      SDK_GEMINI_KEY: providerKeys.gemini,
    },
  });
  return {
    url: stack.url,
    openai: new OpenAI({ apiKey: clientKey, baseURL: `${stack.url}/v1`, maxRetries: 0 }),
    anthropic: new Anthropic({ apiKey: clientKey, baseURL: stack.url, maxRetries: 0 }),
    google: new GoogleGenAI({ apiKey: clientKey, httpOptions: { baseUrl: stack.url } }),
    upstreams,
    seenBy: (upstream) => upstreams[upstream].journal.entries.map(({ body }) => body),
    stop: async () => {
      await stack.stop();
      await Promise.all(everyUpstream.map((name) => upstreams[name].close()));
    },
  };
};

/** Where Vertex AI has its models, and a model there. */
export const vertexPath = '/v1/projects/p/locations/l/publishers/google';
export const onVertex = 'on-vertex';

/** A nexus.yaml over providers at these URLs. */
const configOver = (urls: Readonly<Record<AnyUpstream, string>>, policies: Policies) => ({
  version: 1,
  providers: {
    openai: { dialect: 'openai', baseUrl: `${urls.openai}/v1`, key: '${env:SDK_OPENAI_KEY}' },
    responses: {
      dialect: 'openai-responses',
      baseUrl: `${urls.responses}/v1`,
      key: '${env:SDK_RESPONSES_KEY}',
    },
    anthropic: { dialect: 'anthropic', baseUrl: urls.anthropic, key: '${env:SDK_ANTHROPIC_KEY}' },
    gemini: { dialect: 'gemini', baseUrl: `${urls.gemini}/v1beta`, key: '${env:SDK_GEMINI_KEY}' },
    vertex: { dialect: 'gemini', baseUrl: urls.gemini + vertexPath, key: '${env:SDK_GEMINI_KEY}' },
  },
  models: {
    ...Object.fromEntries(everyUpstream.flatMap(modelsOf)),
    [onVertex]: { candidates: [{ provider: 'vertex', model: healthy.gemini }] },
  },
  keys: [
    { hash: hashKey(clientKey), user: 'client', application: 'sdk' },
    ...tinyKeys.map((key) => ({ hash: hashKey(key), id: key })),
  ],
  budgets: tinyKeys.map(tinyBudget),
  ...policies,
});

const tinyBudget = (key: string) => ({ id: `day-of-${key}`, key, per: 'day', tokens: tinyTokens });

const modelsOf = (upstream: AnyUpstream) => {
  const other = upstream === 'openai' || upstream === 'responses' ? 'anthropic' : 'openai';
  const answers = { provider: upstream, model: healthy[upstream] };
  const fails = { provider: other, model: 'fault-503' };
  return [
    [modelOn(upstream), { candidates: [answers] }],
    [knownToSdks(upstream), { candidates: [{ provider: upstream, model: small[upstream].model }] }],
    [failoverTo(upstream), { candidates: [fails, answers] }],
    ...faults.map((fault) => [
      modelOn(upstream, fault),
      { candidates: [{ provider: upstream, model: fault }] },
    ]),
  ];
};
