import { rootCertificates } from 'node:tls';
import { describe, expect, test } from 'vitest';
import { configSchema } from '../../plugins/config/schema.ts';
import { egressHeader } from '../relay/names.ts';
import { formatConf, formatEnv, kongConf } from './conf.ts';
import type { Entity } from './entities.ts';
import { luaString } from './lua.ts';
import { entityName } from './providers.ts';
import { type KongRenderOptions, kongParts, renderKong } from './render.ts';

const planted = 'sk-planted-credential';
const egressSecret = 'an-egress-secret-of-these-tests-only';

const config = configSchema.parse({
  version: 1,
  providers: {
    public: {
      dialect: 'openai',
      baseUrl: `https://user:${planted}@api.openai.com/v1?key=${planted}`,
      key: '${env:PLANTED_NAME}',
    },
    private: {
      dialect: 'anthropic',
      baseUrl: 'https://llm.internal:8443',
      tls: { caFile: 'ca/internal.pem' },
    },
    plain: { dialect: 'openai', baseUrl: 'http://vllm.internal:8000/v1' },
    literal: { dialect: 'openai', baseUrl: 'http://[2001:db8::1]/v1' },
  },
  models: {
    quick: {
      candidates: [{ provider: 'plain', model: 'a' }],
      firstByteTimeoutMs: 5000,
      maxAttempts: 5, // but there is one candidate
    },
    slow: {
      candidates: [{ provider: 'public', model: 'b' }],
      fallback: [
        { provider: 'private', model: 'c' },
        { provider: 'plain', model: 'd' },
      ],
      firstByteTimeoutMs: 90_000,
      maxAttempts: 2,
    },
  },
  limits: { streamIdleTimeoutMs: 40_000 },
});

const authorities = rootCertificates.slice(0, 2);
const options: KongRenderOptions = {
  config,
  egressSecret,
  baseDirectory: '/etc/nexus',
  readFile: (path) => (path === '/etc/nexus/ca/internal.pem' ? authorities.join('\n') : ''),
  settings: { team: 'shop' },
};

const whole = renderKong(options);
const list = (name: string): readonly Entity[] => whole[name] as readonly Entity[];
const named = (name: string, entity: string): Entity => {
  const found = list(name).find((it) => it.name === entity);
  if (!found) throw new Error(`no ${entity} in ${name}`);
  return found;
};

describe('a kong.yml', () => {
  test('holds no credential, and the secret only where Kong asks for it', () => {
    const text = JSON.stringify(whole);
    expect(text).not.toContain(planted);
    expect(text).not.toContain('PLANTED_NAME');
    const names = [...Object.keys(config.providers).map((name) => `nexus.${name}`), 'nexus-record'];
    const routes = names.map((name) => named('routes', name));
    for (const { headers } of routes) expect(headers).toEqual({ [egressHeader]: [egressSecret] });
    expect(text.split(egressSecret)).toHaveLength(routes.length + 1);
  });

  test('leads clients nowhere: only the plugin knows where the relay is', () => {
    const clients = list('routes').filter(({ headers }) => headers === undefined);
    expect(clients.map(({ service }) => service)).toEqual(['nexus', 'nexus', 'nexus', 'nexus']);
    expect(clients.flatMap(({ paths }) => paths)).toEqual([
      '/v1/chat/completions',
      '/v1/embeddings',
      '/v1/images/generations',
      '/v1/models',
      '/v1/nexus/decisions/',
      '/v1/responses',
      '/v1/responses/input_tokens',
      '/v1/messages',
      '/v1/messages/count_tokens',
      '/v1beta/models',
      expect.stringMatching(/^~.*models/),
    ]);
    expect(named('services', 'nexus')).toMatchObject({ host: '127.0.0.1', port: 9, retries: 0 });
    expect(named('plugins', 'nexus')).toMatchObject({ service: 'nexus', config: { team: 'shop' } });
  });

  test('has a guarded way to every provider', () => {
    for (const name of Object.keys(config.providers)) {
      const entity = `nexus.${name}`;
      expect(named('routes', entity)).toMatchObject({ service: entity, paths: [`/nexus/${name}/`] });
      expect(named('services', entity)).toMatchObject({ host: entity });
      const guard = list('plugins').find(({ route }) => route === entity);
      expect(guard).toMatchObject({
        name: 'pre-function',
        config: { access: [expect.stringContaining('kong.client.get_ip() ~= "unix:"')] },
      });
    }
    expect(list('upstreams').map(({ targets }) => targets)).toMatchObject([
      [{ target: 'api.openai.com:443' }],
      [{ target: 'llm.internal:8443' }],
      [{ target: 'vllm.internal:8000' }],
      [{ target: '[2001:db8::1]:80' }],
    ]);
  });

  test('keeps bodies out of the disk, on both sides of the relay', () => {
    for (const route of list('routes'))
      expect(route).toMatchObject({ request_buffering: false, response_buffering: false });
  });

  test('verifies whoever speaks TLS, by its own authorities if it has some', () => {
    const ids = list('ca_certificates').map(({ id }) => id);
    expect(list('ca_certificates').map(({ cert }) => cert)).toEqual(authorities);
    expect(new Set(ids).size).toBe(2);
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    expect(named('services', 'nexus.public')).toMatchObject({ protocol: 'https', tls_verify: true });
    expect(named('services', 'nexus.public')).not.toHaveProperty('ca_certificates');
    expect(named('services', 'nexus.private')).toMatchObject({ tls_verify: true, ca_certificates: ids });
    expect(named('services', 'nexus.plain')).not.toHaveProperty('tls_verify');
  });

  test('outlasts the timeouts of the relay', () => {
    const readTimeout = (service: string) => named('services', service).read_timeout;
    expect(readTimeout('nexus.plain')).toBe(105_000);
    expect(readTimeout('nexus.literal')).toBe(55_000);
    expect(readTimeout('nexus')).toBe(210_000);
  });

  test('tells each route of a dead plugin in its dialect', () => {
    const errors = list('plugins').filter(({ name }) => name === 'post-function');
    expect(errors.map(({ route }) => route)).toEqual([
      'nexus-openai-chat',
      'nexus-openai-responses',
      'nexus-anthropic-messages',
      'nexus-gemini',
    ]);
    expect(errors.map((it) => JSON.stringify(it))).toEqual([
      expect.stringContaining('policy_unavailable'),
      expect.stringContaining('policy_unavailable'),
      expect.stringContaining('ngx.var.kong_request_id'),
      expect.stringContaining('UNAVAILABLE'),
    ]);
  });

  test('falls into its parts', () => {
    const parts = Object.values(kongParts).map((part) => part(options));
    expect({ _format_version: '3.0', ...Object.assign({}, ...parts) }).toEqual(whole);
  });

  test('of a nexus.yaml without providers has no empty lists', () => {
    const none = configSchema.parse({ version: 1, providers: {}, models: {} });
    expect(Object.keys(renderKong({ ...options, config: none }))).toEqual([
      '_format_version',
      'services',
      'routes',
      'plugins',
    ]);
  });
});

test.each([
  ['openai', 'nexus.openai'],
  ['Own_1.b-c', 'nexus.Own_1.b-c'],
  ['end-', 'nexus._656e642d'],
  ['a..b', 'nexus._612e2e62'],
])('the entities of %s are called %s, which Kong takes for a host name', (provider, name) => {
  expect(entityName(provider)).toBe(name);
});

test('a string of Lua stays one', () => {
  expect(luaString('a "b" \\n\nc')).toBe('"a \\"b\\" \\\\n\\nc"');
});

describe('the lines of kong.conf', () => {
  const settings = kongConf({
    config,
    socketDirectory: '/run/nexus-kong',
    egressSocket: '/run/egress.sock',
    command: '/usr/bin/nexus',
    serverArgs: '--config nexus.yaml',
  });
  const settingOf = (setting: string) => settings.find(({ name }) => name === setting)?.value;

  test('name what the plugin server needs of the environment', () => {
    expect(settingOf('nginx_main_env')).toBe('PATH; env NEXUS_KONG_EGRESS_SECRET; env PLANTED_NAME');
  });

  test('start the plugin server and open the way to providers', () => {
    expect(settingOf('pluginserver_nexus_start_cmd')).toBe(
      '/usr/bin/nexus kong-server --started-by-kong --config nexus.yaml',
    );
    expect(settingOf('nginx_proxy_listen')).toBe('unix:/run/egress.sock');
  });

  test('come as a file and as variables', () => {
    expect(formatConf(settings)).toContain('\npluginserver_nexus_socket = /run/nexus-kong/plugin.sock\n');
    expect(formatEnv(settings)).toContain("\nKONG_PLUGINSERVER_NEXUS_SOCKET='/run/nexus-kong/plugin.sock'\n");
  });
});
