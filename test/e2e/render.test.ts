import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { type RenderOptions, renderEnvoy } from '../../envoy/render.ts';
import { type Config, configSchema } from '../../plugins/config/schema.ts';
import { envoyBinary, type RunningEnvoy, startCountingServer, startEnvoy, validate } from './envoy.ts';

const examples = join(import.meta.dirname, '../../examples');
const directory = mkdtempSync(join(tmpdir(), 'nexus-render-'));
writeFileSync(join(directory, 'ca.pem'), rootCertificates.slice(0, 2).join('\n'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const read = (file: string): string => readFileSync(join(examples, file), 'utf8');

/** The configuration for some providers, asked for by one model. */
const configOf = (providers: Readonly<Record<string, object>>): Config =>
  configSchema.parse({
    version: 1,
    providers,
    models: {
      assistant: { candidates: Object.keys(providers).map((provider) => ({ provider, model: 'm' })) },
    },
  });

const optionsFor = (config: Config): RenderOptions => ({
  config,
  listen: { host: '127.0.0.1', port: 0 },
  admin: { host: '127.0.0.1', port: 0 },
  workers: [{ socketPath: join(directory, 'worker-0.sock') }],
  accessLog: 'off',
  baseDirectory: directory,
  systemCaFile: join(directory, 'ca.pem'),
});

const openai = (baseUrl: string, more: object = {}) => ({ dialect: 'openai', baseUrl, ...more });

describe.skipIf(!envoyBinary)('Envoy takes', () => {
  test.each<[string, Config]>([
    ['the demo', configSchema.parse(parse(read('demo/nexus.yaml')))],
    ['an https provider', configOf({ a: openai('https://api.openai.com/v1') })],
    [
      'authorities of its own',
      configOf({ a: openai('https://llm.internal', { tls: { caFile: 'ca.pem' } }) }),
    ],
    [
      'addresses instead of names',
      configOf({ a: openai('https://[::1]:8443'), b: openai('http://[::1]:80') }),
    ],
    ['a limit of requests', configOf({ a: openai('http://127.0.0.1:1', { maxConcurrent: 3 }) })],
    [
      'many providers',
      configOf(
        Object.fromEntries(Array.from({ length: 60 }, (_, n) => [`p.${n}`, openai(`https://h${n}/v1`)])),
      ),
    ],
    [
      'a mirror',
      configSchema.parse({
        version: 1,
        providers: {
          a: openai('https://a.internal/v1'),
          b: openai('http://127.0.0.1:1', { maxConcurrent: 2 }),
        },
        models: {
          m: {
            candidates: [{ provider: 'a', model: 'm' }],
            mirror: { use: { provider: 'b', model: 'n' } },
          },
        },
      }),
    ],
    ['no provider', configSchema.parse({ version: 1, providers: {}, models: {} })],
  ])('%s', async (_, config) => {
    expect(await validate(renderEnvoy(optionsFor(config)))).toBe('');
  });

  test('both kinds of access log, no admin interface, several workers', async () => {
    const { admin: _, ...options } = optionsFor(configOf({ a: openai('http://127.0.0.1:1') }));
    const workers = [0, 1, 2].map((n) => ({ socketPath: join(directory, `worker-${n}.sock`) }));
    for (const accessLog of ['stdout', { filePath: join(directory, 'access.log') }] as const) {
      expect(await validate(renderEnvoy({ ...options, workers, accessLog }))).toBe('');
    }
  });

  test('an Envoy that was there before, with the parts pasted', async () => {
    expect(await validate(parse(read('envoy-existing/before.yaml')))).toBe('');
    expect(await validate(parse(read('envoy-existing/envoy.yaml')))).toBe('');
  });
});

describe.skipIf(!envoyBinary)('without a service', () => {
  let provider: Awaited<ReturnType<typeof startCountingServer>>;
  let envoy: RunningEnvoy;

  beforeAll(async () => {
    provider = await startCountingServer('{}');
    envoy = await startEnvoy(
      renderEnvoy(optionsFor(configOf({ local: openai(`http://127.0.0.1:${provider.port}/v1`) }))),
    );
  });

  afterAll(async () => {
    await envoy.stop();
    await provider.stop();
  });

  const post = (path: string, headers: Record<string, string> = {}) =>
    fetch(envoy.url + path, { method: 'POST', headers, body: '{"model":"assistant"}' });

  test('a client gets a typed 503 in its dialect, and no provider is called', async () => {
    const openaiAnswer = await post('/v1/chat/completions');
    expect(openaiAnswer.status).toBe(503);
    expect(openaiAnswer.headers.get('x-should-retry')).toBe('true');
    expect(openaiAnswer.headers.get('content-type')).toBe('application/json');
    expect(await openaiAnswer.json()).toMatchObject({ error: { code: 'policy_unavailable' } });

    const anthropicAnswer = await post('/v1/messages');
    expect(anthropicAnswer.status).toBe(503);
    expect(await anthropicAnswer.json()).toMatchObject({
      type: 'error',
      error: { type: 'api_error' },
      request_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
    expect(provider.requests).toEqual([]);
  });

  test('headers that could steer the routing open nothing', async () => {
    const forged = {
      'x-nexus-priority-groups': 'nexus/local/direct',
      'x-envoy-upstream-alt-stat-name': 'x',
      'x-envoy-original-path': '/v1/messages',
      'x-worker-addr': 'x',
    };
    expect((await post('/v1/chat/completions', forged)).status).toBe(503);
    expect(provider.requests).toEqual([]);
  });

  test('a request that Envoy itself refuses is answered', async () => {
    expect((await post('/v1/messages', { x_nexus_model: 'a' })).status).toBe(400);
    expect((await post('/v1/%2fmessages')).status).toBe(400);
  });
});
