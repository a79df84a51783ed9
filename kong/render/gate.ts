import type { Config, ModelConfig } from '../../plugins/config/schema.ts';
import { dialects } from '../../plugins/dialects/registry.ts';
import { keyHeaders } from '../../plugins/identity.ts';
import type { DialectName } from '../../plugins/model/request.ts';
import { longestPlan } from '../../plugins/policies/upstream/config.ts';
import { gatewayError } from '../../plugins/refusals.ts';
import { retryHeaders } from '../../plugins/reply.ts';
import { servedPaths, servedPatterns } from '../../plugins/routes.ts';
import { ticketHeader } from '../ticket.ts';
import { type Entity, type KongConfig, marginMs, ours, unbuffered } from './entities.ts';
import { keepHeadersFromLogs, luaString } from './lua.ts';
import { recordFunctions } from './records.ts';

/** What Kong consumers are in nexus.yaml; without it only keys of nexus.yaml count. */
export interface PluginSettings {
  readonly team?: string;
  readonly application?: string;
}

/** The Service that LLM clients' routes belong to. */
const gateService = 'nexus';

/** The dialects of clients, each with a route of its own, for the shape of its errors. */
const clientDialects = [...new Set(Object.values(servedPaths))];

/**
 * Where clients come in. The Service leads to a port of this machine where nobody may listen: only the plugin, once it
 * has let a call pass, sends it elsewhere, to the relay. If the plugin is down, the call ends here.
 */
export const gate = (config: Config, settings: PluginSettings): KongConfig => ({
  services: [
    {
      name: gateService,
      host: '127.0.0.1', // an address, as the plugin's `set_target` demands
      port: 9,
      protocol: 'http',
      retries: 0,
      connect_timeout: 1000,
      write_timeout: 60_000,
      read_timeout: longestAnswerMs(config) + 2 * marginMs,
      ...ours,
    },
  ],
  routes: clientDialects.map((dialect) => ({
    name: routeName(dialect),
    service: gateService,
    paths: [
      ...Object.keys(servedPaths).filter((path) => servedPaths[path] === dialect),
      ...Object.keys(servedPatterns).flatMap((pattern) =>
        servedPatterns[pattern] === dialect ? [`~${pattern}`] : [],
      ),
    ],
    strip_path: false,
    ...unbuffered,
    ...ours,
  })),
  plugins: [
    { name: 'nexus', service: gateService, config: settings, ...ours },
    {
      name: 'pre-function',
      service: gateService,
      config: {
        header_filter: [recordFunctions.header_filter],
        log: [keepHeadersFromLogs([...keyHeaders, ticketHeader]) + recordFunctions.log],
      },
      ...ours,
    },
    ...clientDialects.map(typedErrors),
  ],
  upstreams: [],
  ca_certificates: [],
});

const routeName = (dialect: DialectName): string => `nexus-${dialect}`;

/** How long a call may be silent: all its upstreams one after the other, or one inside its answer. */
const longestAnswerMs = ({ models, limits }: Config): number =>
  Math.max(limits.streamIdleTimeoutMs, ...Object.values(models).map(allAttemptsMs));

const allAttemptsMs = (model: ModelConfig): number => model.firstByteTimeoutMs * longestPlan(model);

/** Only the request's id differs from error to error. */
const idPlace = '$kong_request_id';

/**
 * What Kong itself says when the plugin or the relay is gone (500, 502, 504, ...), in the words of the client's dialect.
 * Answers of the relay and refusals of other plugins stay as they are.
 */
const typedErrors = (dialect: DialectName): Entity => {
  const error = gatewayError('policy_unavailable', {
    message: 'The policy service is not available, so there is no answer.',
  });
  const { status, body } = dialects[dialect].encodeError(error, idPlace);
  const text = JSON.stringify(body).split(idPlace).map(luaString).join(' .. ngx.var.kong_request_id .. ');
  const headers = [['content-type', 'application/json'], ...retryHeaders(error)] as const;
  return {
    name: 'post-function',
    route: routeName(dialect),
    config: {
      header_filter: [
        [
          'local source, status = kong.response.get_source(), kong.response.get_status()',
          'if source == "error" and status >= 500 or source == "exit" and status == 500 then',
          `  kong.response.exit(${status}, ${text}, {`,
          ...headers.map(([name, value]) => `    [${luaString(name)}] = ${luaString(value)},`),
          '  })',
          'end',
          '',
        ].join('\n'),
      ],
    },
    ...ours,
  };
};
