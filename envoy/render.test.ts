import { describe, expect, test } from 'vitest';
import {
  directCluster,
  egressListener,
  filteredCluster,
  gateCluster,
  namespaces,
  providerOfCluster,
} from '../extproc/names.ts';
import { configSchema } from '../plugins/config/schema.ts';
import { dialects } from '../plugins/dialects/registry.ts';
import { gatewayError } from '../plugins/refusals.ts';
import { parts, type RenderOptions, renderEnvoy } from './render.ts';
import { formatYaml } from './yaml.ts';

const planted = 'sk-planted-credential';

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
      maxConcurrent: 7,
    },
    plain: { dialect: 'openai', baseUrl: 'http://vllm.internal:8000/v1' },
    literal: { dialect: 'openai', baseUrl: 'https://[2001:db8::1]/v1' },
    loopback: { dialect: 'openai', baseUrl: 'http://127.0.0.1:9000' },
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
        { provider: 'loopback', model: 'e' },
      ],
      firstByteTimeoutMs: 90_000,
      maxAttempts: 3,
    },
  },
  limits: { maxRequestBytes: 1_000_000, streamIdleTimeoutMs: 40_000 },
});

const options: RenderOptions = {
  config,
  listen: { host: '127.0.0.1', port: 10000 },
  workers: [{ socketPath: '/run/nexus/worker-0.sock' }, { socketPath: '/run/nexus/worker-1.sock' }],
  accessLog: 'stdout',
  baseDirectory: '/etc/nexus',
  systemCaFile: '/etc/ssl/system.pem',
};

const rendered = JSON.stringify(renderEnvoy(options));

/** Every message below `value`, itself included. */
const messagesIn = (value: unknown): Record<string, unknown>[] => {
  if (Array.isArray(value)) return value.flatMap(messagesIn);
  if (typeof value !== 'object' || value === null) return [];
  return [value as Record<string, unknown>, ...Object.values(value).flatMap(messagesIn)];
};

const ofType = (value: unknown, type: string) =>
  messagesIn(value).filter((message) => message['@type'] === `type.googleapis.com/${type}`);

const cluster = (name: string, from = options) => {
  const found = parts.clusters(from).clusters.find((it) => it.name === name);
  if (!found) throw new Error(`no cluster ${name}`);
  return found;
};

describe('what may not be in it', () => {
  test('no credential: not its value, not its name, nothing of a URL but host and port', () => {
    expect(rendered).not.toContain(planted);
    expect(rendered).not.toContain('PLANTED_NAME');
    for (const part of Object.values(parts)) expect(JSON.stringify(part(options))).not.toContain(planted);
  });

  test('the access log reads no header of the client but its method', () => {
    const [log = {}] = ofType(
      renderEnvoy(options),
      'envoy.extensions.access_loggers.stream.v3.StdoutAccessLog',
    );
    const headers = [...JSON.stringify(log).matchAll(/%REQ\(([^)]*)\)/g)].map(([, name]) => name);
    expect(headers).toEqual([':METHOD']);
    expect(JSON.stringify(log)).toContain('NQ:PATH'); // the path without its query
  });
});

test('clients of the services are never dropped while an exchange uses them', () => {
  expect(renderEnvoy(options)).toMatchObject({
    grpc_async_client_manager_config: { max_cached_entry_idle_duration: '86400s' },
  });
});

describe('fail closed', () => {
  test('every ext_proc filter refuses when the service does not answer', () => {
    const filters = ofType(
      renderEnvoy(options),
      'envoy.extensions.filters.http.ext_proc.v3.ExternalProcessor',
    );
    expect(filters).toHaveLength(1 + Object.keys(config.providers).length);
    for (const filter of filters) {
      expect(filter).toMatchObject({
        failure_mode_allow: false,
        status_on_error: { code: 'ServiceUnavailable' },
      });
    }
  });

  test('a path leads to the gate, and the gate has no host', () => {
    const [attempt, ...gates] = parts.routes(options).routes;
    expect(gates.length).toBeGreaterThan(0);
    for (const gate of gates) expect(gate.route).toEqual({ cluster: gateCluster });
    expect(cluster(gateCluster)).not.toHaveProperty('load_assignment');
    expect(attempt).toMatchObject({
      match: {
        prefix: '/',
        dynamic_metadata: [{ filter: namespaces.routing, path: [{ key: 'priority_groups' }] }],
      },
    });
  });

  test('a plan without groups leads to the gate', () => {
    const [specifier] = ofType(
      parts.routes(options),
      'envoy.extensions.router.cluster_specifiers.priority_group.v3.PriorityGroupClusterSpecifier',
    );
    const names = messagesIn(specifier).flatMap((message) => message.cluster_name ?? []);
    expect(names).toEqual([gateCluster]);
  });

  test('the whole configuration is made of the parts', () => {
    const { http_filters, ...fields } = parts.filters(options);
    const [attempt] = parts.routes(options).routes;
    for (const part of [
      ...parts.clusters(options).clusters,
      ...http_filters,
      fields.local_reply_config,
      attempt,
    ]) {
      expect(rendered).toContain(JSON.stringify(part));
    }
  });
});

describe('clusters', () => {
  const filtersOf = (name: string, from?: RenderOptions) =>
    messagesIn(cluster(name, from)).flatMap(({ http_filters }) =>
      Array.isArray(http_filters) ? http_filters.map((filter) => filter.name) : [],
    );

  test('each provider has one with the upstream filter and one without; both note failures', () => {
    for (const provider of Object.keys(config.providers)) {
      expect(filtersOf(filteredCluster(provider))).toEqual([
        'nexus.without_credentials',
        'nexus.upstream',
        'envoy.filters.http.header_mutation',
        'nexus.failure',
        'envoy.filters.http.upstream_codec',
      ]);
      expect(filtersOf(directCluster(provider))).toEqual([
        'nexus.failure',
        'envoy.filters.http.upstream_codec',
      ]);
    }
  });

  test('where no request has a second upstream, the first has no filter', () => {
    const { quick } = config.models;
    const alone = { ...options, config: { ...config, models: quick ? { quick } : {} } };
    expect(filtersOf(directCluster('plain'), alone)).toEqual([]);
  });

  test('https by name: the name is asked for and checked against the right authorities', () => {
    expect(tlsOf('public')).toMatchObject({
      sni: 'api.openai.com',
      common_tls_context: {
        validation_context: {
          trusted_ca: { filename: '/etc/ssl/system.pem' },
          match_typed_subject_alt_names: [{ san_type: 'DNS', matcher: { exact: 'api.openai.com' } }],
        },
      },
    });
    expect(tlsOf('private')).toMatchObject({
      sni: 'llm.internal',
      common_tls_context: { validation_context: { trusted_ca: { filename: '/etc/nexus/ca/internal.pem' } } },
    });
  });

  test('https by address: no name to ask for, the address is checked', () => {
    const tls = tlsOf('literal');
    expect(tls).not.toHaveProperty('sni');
    expect(tls).toMatchObject({
      common_tls_context: {
        validation_context: {
          match_typed_subject_alt_names: [{ san_type: 'IP_ADDRESS', matcher: { exact: '2001:db8::1' } }],
        },
      },
    });
  });

  test('http: no TLS', () => {
    expect(cluster(directCluster('plain'))).not.toHaveProperty('transport_socket');
  });

  test.each([
    ['public', 'LOGICAL_DNS', 'api.openai.com', 443, 'api.openai.com'],
    ['private', 'LOGICAL_DNS', 'llm.internal', 8443, 'llm.internal:8443'],
    ['plain', 'STRICT_DNS', 'vllm.internal', 8000, 'vllm.internal:8000'],
    ['literal', 'STATIC', '2001:db8::1', 443, '[2001:db8::1]'],
    ['loopback', 'STATIC', '127.0.0.1', 9000, '127.0.0.1:9000'],
  ])('%s is found by %s at %s port %i and called %s', (provider, type, address, port, hostname) => {
    for (const name of [filteredCluster(provider), directCluster(provider)]) {
      const found = cluster(name);
      expect(found.type).toBe(type);
      expect(messagesIn(found)).toContainEqual({
        hostname,
        address: { socket_address: { address, port_value: port } },
      });
    }
  });

  test('maxConcurrent opens the circuit, and only that of its provider', () => {
    const maxRequests = (provider: string) =>
      messagesIn(cluster(directCluster(provider))).flatMap(({ max_requests }) => max_requests ?? []);
    expect(maxRequests('private')).toEqual([7]);
    expect(maxRequests('public')).toEqual([1_000_000]);
  });

  const tlsOf = (provider: string) =>
    ofType(
      cluster(filteredCluster(provider)),
      'envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext',
    )[0];
});

describe('the way out for copies', () => {
  const mirrored = (...providers: string[]): RenderOptions => {
    const models = Object.fromEntries(
      providers.map((provider, at) => [
        `m${at}`,
        { ...config.models.quick, mirror: { use: { provider, model: 'z' } } },
      ]),
    );
    return { ...options, config: configSchema.parse({ ...config, models }) };
  };

  test('is not there without a mirror', () => {
    expect(parts.listeners(options)).toEqual({ listeners: [] });
    expect(rendered).not.toContain(egressListener);
  });

  test('is a socket of its user alone, beside those of the workers', () => {
    expect(parts.listeners(mirrored('private')).listeners).toMatchObject([
      { name: egressListener, address: { pipe: { path: '/run/nexus/egress.sock', mode: 0o600 } } },
    ]);
  });

  test('leads to the providers of mirrors and nowhere else, with no credential', () => {
    const { listeners } = parts.listeners(mirrored('private', 'plain', 'private'));
    const routes = messagesIn(listeners).filter(({ match }) => match !== undefined);
    expect(routes.map(({ match, route }) => [match, route])).toMatchObject([
      [{ headers: [{ string_match: { exact: 'private' } }] }, { cluster: directCluster('private') }],
      [{ headers: [{ string_match: { exact: 'plain' } }] }, { cluster: directCluster('plain') }],
    ]);
    expect(JSON.stringify(listeners)).not.toContain(planted);
  });

  test('is a part of the whole, which is otherwise as it was', () => {
    const whole = renderEnvoy(mirrored('private')) as { static_resources: { listeners: { name: string }[] } };
    expect(whole.static_resources.listeners.map(({ name }) => name)).toEqual(['nexus', egressListener]);
    expect(whole.static_resources.listeners[1]).toEqual(parts.listeners(mirrored('private')).listeners[0]);
  });
});

describe('timeouts and attempts', () => {
  const [attempt = {}] = parts.routes(options).routes;

  test('as many retries as the longest chain has upstreams after the first', () => {
    expect(attempt.route).toMatchObject({ retry_policy: { num_retries: 2, per_try_timeout: '90s' } });
  });

  test('the route is idle longer than all attempts in a row, and than a silent stream', () => {
    expect(attempt.route).toMatchObject({ timeout: '0s', idle_timeout: '285s' });
    const chatty = {
      ...config,
      models: {},
      limits: { ...config.limits, streamIdleTimeoutMs: 600_000 },
    };
    expect(parts.routes({ config: chatty }).routes[0]?.route).toMatchObject({ idle_timeout: '615s' });
  });

  test('bodies may be larger than the limit, so that the service says so', () => {
    for (const route of parts.routes(options).routes) {
      expect(route.request_body_buffer_limit).toBeGreaterThan(config.limits.maxRequestBytes);
    }
  });

  test('a frozen worker is cut off before the message timeout, however short', () => {
    for (const messageTimeoutMs of [1000, 3000, 10_000]) {
      const text = JSON.stringify(parts.clusters({ ...options, messageTimeoutMs }));
      const [, interval, timeout] =
        /"connection_keepalive":\{"interval":"([\d.]+)s","timeout":"([\d.]+)s"/.exec(text) ?? [];
      expect(Number(interval) + Number(timeout)).toBeLessThan(messageTimeoutMs / 1000);
    }
  });
});

describe('replies of Envoy itself', () => {
  const { mappers } = parts.filters(options).local_reply_config as {
    mappers: { status_code: number; filter: object; body_format_override: { json_format: object } }[];
  };

  test('each cause has the shape of each dialect', () => {
    const bodies = mappers.map(({ body_format_override }) =>
      JSON.parse(JSON.stringify(body_format_override.json_format).replaceAll(/"%COALESCE[^%]*%"/g, '"id"')),
    );
    for (const code of ['policy_unavailable', 'request_too_large', 'upstream_unavailable'] as const) {
      for (const { encodeError } of Object.values(dialects)) {
        expect(bodies).toContainEqual(encodeError(gatewayError(code), 'id').body);
      }
    }
  });

  test('every one is bound to our routes', () => {
    for (const { filter } of mappers) {
      expect(JSON.stringify(filter)).toContain("xds.route_name in ['nexus.attempt', 'nexus.gate']");
    }
  });
});

describe('names', () => {
  test('a cluster tells its provider', () => {
    expect(providerOfCluster(filteredCluster('a.b'))).toBe('a.b');
    expect(providerOfCluster(directCluster('a.b'))).toBe('a.b');
    expect(providerOfCluster(gateCluster)).toBeUndefined();
    expect(providerOfCluster('shop')).toBeUndefined();
  });
});

test('YAML holds what was rendered, below its comment', () => {
  const text = formatYaml({ a: [{ b: "it's 100 %: yes" }] }, ['made by nexus envoy render']);
  expect(text).toBe('# made by nexus envoy render\na:\n  - b: "it\'s 100 %: yes"\n');
});
