import { Client, credentials, Metadata } from '@grpc/grpc-js';
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { Message } from '../../../envoy/proto.ts';
import {
  filteredCluster,
  namespaces,
  roleHeader,
  routerFilter,
  routingKeys,
} from '../../../extproc/names.ts';
import { processorService } from '../../../extproc/service.ts';
import type { DialectName } from '../../../plugins/model/request.ts';
import { readAnswer } from '../../contract/read-answer.ts';
import { envoyBinary } from '../envoy.ts';
import { bodyOf, chat, type Place, startPlace } from './place.ts';

/** Envoy as it would be if the filter of its connection manager were left out, and its requests sent straight on. */
const withoutRouterFilter = (configuration: Message): Message =>
  JSON.parse(JSON.stringify(configuration), (key, value) => {
    if (key === 'http_filters') return value.filter(({ name }: Message) => name !== routerFilter);
    if (key === 'routes') return [{ match: { prefix: '/' }, route: { cluster: filteredCluster('a') } }];
    return value;
  }) as Message;

test.skipIf(!envoyBinary)(
  'without the filter that judges requests nothing passes the one in the cluster',
  async () => {
    const place = await startPlace({
      providers: { a: { dialect: 'openai', key: 'key-of-a' } },
      models: { any: ['a/one'] },
      reshape: withoutRouterFilter,
    });
    onTestFinished(() => place.stop());
    const forged = { 'x-nexus-rid': 'forged', 'x-role': 'router', rid: 'forged', nexus: 'forged' };
    for (const headers of [{}, forged]) {
      const answer = await chat(place.url, { model: 'any', headers });
      expect(answer.status).toBe(503);
      expect(readAnswer('openai-chat', answer).errorCode).toBe('policy_unavailable');
    }
    expect(place.seen()).toEqual([]);
    expect(await place.stack.envoy.stat('http.nexus.ext_proc.router.streams_started')).toBeUndefined();
  },
);

/** What a worker answers to Envoy, as far as it matters here. */
interface Answer {
  readonly response: string;
  readonly mode_override?: { readonly request_body_mode: string };
  readonly immediate_response?: { readonly status: { readonly code: string }; readonly body: Buffer };
  readonly request_body?: {
    readonly response: {
      readonly header_mutation: {
        readonly set_headers: readonly {
          readonly header: { readonly key: string; readonly raw_value: Buffer };
        }[];
        readonly remove_headers: readonly string[];
      };
      readonly body_mutation: { readonly body: Buffer };
    };
  };
}

/** One stream of the filter in a provider's cluster, as Envoy opens it. */
const openUpstreamStream = (socketPath: string) => {
  const client = new Client(`unix:${socketPath}`, credentials.createInsecure());
  onTestFinished(() => client.close());
  const metadata = new Metadata();
  metadata.set(roleHeader, 'upstream');
  const { path, requestSerialize, responseDeserialize } = processorService.Process;
  const call = client.makeBidiStreamRequest(
    path,
    requestSerialize,
    responseDeserialize as (bytes: Buffer) => Answer,
    metadata,
  );
  call.on('error', () => {});
  onTestFinished(() => call.cancel());
  return {
    ask: (request: object): Promise<Answer> =>
      new Promise((resolve, reject) => {
        call.once('data', resolve);
        call.once('error', reject);
        call.write(request);
      }),
  };
};

const text = (value: string) => ({ stringValue: value });

/** The router filter's mark on an exchange that another worker held. */
const mark = (from: DialectName, plan: readonly string[]) => ({
  filter_metadata: {
    [namespaces.routing]: {
      fields: {
        [routingKeys.exchange]: text('0123456789abcdef01234567'),
        [routingKeys.dialect]: text('openai-chat'),
        [routingKeys.bodyDialect]: text(from),
        [routingKeys.priorityGroups]: {
          listValue: { values: plan.map((name) => ({ structValue: { fields: { name: text(name) } } })) },
        },
      },
    },
  },
});

/** The headers of an attempt, as the one before it left them. */
const attemptHeaders = (number: number, metadata: object | undefined) => ({
  request_headers: {
    headers: {
      headers: Object.entries({
        ':path': '/v1/chat/completions',
        ':authority': '127.0.0.1:1',
        authorization: 'Bearer key-of-a',
        'content-length': '77',
        'x-forwarded-for': '192.0.2.7',
        'x-request-id': 'r-1',
      }).map(([key, value]) => ({ key, raw_value: Buffer.from(value) })),
    },
  },
  attributes: {
    'envoy.filters.http.ext_proc': {
      fields: { 'upstream.request_attempt_count': { numberValue: number } },
    },
  },
  ...(metadata ? { metadata_context: metadata } : {}),
});

describe.skipIf(!envoyBinary)('a worker that does not know the exchange of an attempt', () => {
  let place: Place;
  beforeAll(async () => {
    place = await startPlace({
      providers: {
        a: { dialect: 'openai', key: 'key-of-a' },
        b: { dialect: 'anthropic', key: 'key-of-b' },
        c: { dialect: 'openai' },
      },
      models: { any: ['a/one', 'b/two', 'c/three'] },
    });
  });
  afterAll(() => place?.stop());
  afterEach(() => expect(place.stack.workers[0]?.log()).toBe(''));

  const open = () => openUpstreamStream(place.stack.sockets[0] ?? '');
  const body = (request: string) => ({ request_body: { body: Buffer.from(request), end_of_stream: true } });

  test('and finds no mark of the router filter on it refuses', async () => {
    const { immediate_response } = await open().ask(attemptHeaders(2, undefined));
    expect(immediate_response?.status.code).toBe('ServiceUnavailable');
    expect(String(immediate_response?.body)).toContain('"policy_unavailable"');
  });

  const plan = ['a/one', 'b/two', 'c/three'];
  test.each([
    [2, 'openai-chat', { path: '/v1/messages', key: 'key-of-b', model: 'two' }],
    [3, 'anthropic-messages', { path: '/v1/chat/completions', key: undefined, model: 'three' }],
    // Envoy stays on the last one when it counts further than the plan goes.
    [9, 'openai-chat', { path: '/v1/chat/completions', key: undefined, model: 'three' }],
  ] as const)(
    'makes attempt %i from the body in %s that the first upstream got',
    async (attempt, from, expected) => {
      const stream = open();
      const { mode_override } = await stream.ask(attemptHeaders(attempt, mark(from, plan)));
      expect(mode_override?.request_body_mode).toBe('BUFFERED');
      const { request_body } = await stream.ask(body(bodyOf({ model: 'one', says: 'who is there?' })));
      const { header_mutation, body_mutation } = request_body?.response ?? {};
      const set = Object.fromEntries(
        (header_mutation?.set_headers ?? []).map(({ header }) => [header.key, String(header.raw_value)]),
      );
      const made = body_mutation?.body ?? Buffer.alloc(0);
      const { model, messages } = JSON.parse(String(made));
      expect({ path: set[':path'], key: set['x-api-key'] ?? set.authorization, model }).toEqual(expected);
      expect(JSON.stringify(messages)).toContain('who is there?');
      expect(set['content-length']).toBe(String(made.length));
      // What is set replaces what was there; all the rest of it goes.
      for (const name of ['authorization', 'x-forwarded-for', 'x-request-id'])
        expect(set[name] !== undefined || header_mutation?.remove_headers.includes(name), name).toBe(true);
    },
  );

  test.each([
    ['is not JSON', '{"model":'],
    ['is not of the dialect that the mark says', '{"prompt":1}'],
    ['is empty', ''],
  ])('refuses a body that %s', async (_, request) => {
    const stream = open();
    await stream.ask(attemptHeaders(2, mark('openai-chat', plan)));
    const { immediate_response } = await stream.ask(body(request));
    expect(immediate_response?.status.code).toMatch(/^(ServiceUnavailable|BadRequest)$/);
    expect(String(immediate_response?.body)).toContain('"error"');
  });

  test('refuses a provider that its configuration does not have', async () => {
    const stream = open();
    await stream.ask(attemptHeaders(2, mark('openai-chat', ['a/one', 'gone/two'])));
    const { immediate_response } = await stream.ask(body(bodyOf({ model: 'one' })));
    expect(String(immediate_response?.body)).toContain('"upstream_unavailable"');
  });
});
