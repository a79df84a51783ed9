import type { Config } from '../../plugins/config/schema.ts';
import { pluginReadTimeoutMs } from '../patience.ts';
import { egressSecretVariable, recordsDict } from '../relay/names.ts';

/** One line of kong.conf, and why it is there. */
export interface KongSetting {
  readonly name: string;
  readonly value: string;
  readonly why: string;
}

export interface KongConfOptions {
  readonly config: Config;
  /** Where the plugin server has its sockets. */
  readonly socketDirectory: string;
  /** The socket on which Kong listens for the relay alone. */
  readonly egressSocket: string;
  /** What a shell calls `nexus` by. */
  readonly command: string;
  /** Arguments of `nexus kong-server`, for a shell. */
  readonly serverArgs: string;
}

/** The settings that Kong needs beside those it has. */
export const kongConf = (options: KongConfOptions): readonly KongSetting[] => {
  const { config, socketDirectory, egressSocket, command, serverArgs } = options;
  return [
    { name: 'plugins', value: 'bundled,nexus', why: 'Add nexus to the plugins that you have.' },
    { name: 'pluginserver_names', value: 'nexus', why: 'Add nexus to the plugin servers that you have.' },
    {
      name: 'pluginserver_nexus_socket',
      value: `${socketDirectory}/plugin.sock`,
      why: 'Where Kong finds the plugin.',
    },
    {
      name: 'pluginserver_nexus_query_cmd',
      value: `${command} kong-server --dump`,
      why: 'Tells Kong of the plugin, once, before Kong starts.',
    },
    {
      name: 'pluginserver_nexus_start_cmd',
      value: `${command} kong-server --started-by-kong ${serverArgs}`,
      why: 'Kong starts the plugin server, and again when it ends. Leave it out if something else does.',
    },
    {
      name: 'nginx_main_env',
      value: environment(config).join('; env '),
      why: 'What the plugin server needs of the environment; nginx withholds the rest.',
    },
    {
      name: 'nginx_proxy_listen',
      value: `unix:${egressSocket}`,
      why: 'The way to the providers, for the relay alone.',
    },
    {
      name: 'nginx_proxy_lua_socket_read_timeout',
      value: `${pluginReadTimeoutMs}ms`,
      why: 'How long Kong waits for a plugin that hangs; a minute otherwise. One that runs answers within 1 s.',
    },
    {
      name: 'nginx_proxy_lua_socket_keepalive_timeout',
      value: '1ms',
      why: 'Connections to plugin servers are not kept: on one whose server was killed, Kong 3.9 hangs for 10 s.',
    },
    {
      name: 'nginx_http_lua_shared_dict',
      value: `${recordsDict} 1m`,
      why: 'Where the last word on a stream waits for the record that log plugins write.',
    },
    {
      name: 'nginx_proxy_client_body_buffer_size',
      value: '1m',
      why: 'A body in fewer pieces; 8k otherwise.',
    },
  ];
};

/** PATH, the egress secret, and every variable that the configuration names. */
const environment = (config: Config): string[] => {
  const named = JSON.stringify(config).matchAll(/\$\{env:(\w+)\}/g);
  return [...new Set(['PATH', egressSecretVariable, ...[...named].map(([, name = '']) => name)])];
};

/** As lines of kong.conf. */
export const formatConf = (settings: readonly KongSetting[]): string =>
  settings.map(({ name, value, why }) => `# ${why}\n${name} = ${value}\n`).join('\n');

/** As variables of the environment, which Kong takes instead. */
export const formatEnv = (settings: readonly KongSetting[]): string =>
  settings.map(({ name, value, why }) => `# ${why}\n${envName(name)}='${value}'\n`).join('\n');

/** `plugins` → `KONG_PLUGINS`. */
export const envName = (setting: string): string => `KONG_${setting.toUpperCase()}`;
