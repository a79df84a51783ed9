import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startKong } from '../cli/supervisor/kong.ts';
import { freePort } from '../cli/supervisor/ports.ts';
import type { Scope } from '../cli/supervisor/supervise.ts';
import { egressSecretVariable } from '../kong/relay/names.ts';
import { kongConf } from '../kong/render/conf.ts';
import type { Entity } from '../kong/render/entities.ts';
import { renderKong } from '../kong/render/render.ts';
import { startPluginServer } from './children.ts';
import { configs } from './configs.ts';
import { type KongVariantName, type Variant, type VariantOptions, writeConfig } from './variants.ts';

/** Between Kong and the relay; both are of this bench alone. */
const egressSecret = 'egress-secret-of-the-bench-0123456789';
const workers = 1;
const nexus = join(import.meta.dirname, '../cli/main.ts');

/** Starts Kong, and the plugin server of all but `kong-plain`. */
export const startKongVariant = async (
  name: KongVariantName,
  options: VariantOptions & { readonly kongCommand: string },
  scope: Scope,
): Promise<Variant> => {
  const home = join(options.directory, name);
  mkdirSync(home, { mode: 0o700 });
  const port = await freePort(0, 'port');
  const kong = { command: options.kongCommand, directory: home, port, workers };
  if (name === 'kong-plain') {
    await startKong({ ...kong, ...plain(options.upstreamPort) }, scope);
    return { name, port, hostPids: nginxPids(home), workerPids: [] };
  }
  const { pid, ...host } = await withNexus(home, name, options, scope);
  await startKong({ ...kong, ...host }, scope);
  return { name, port, hostPids: nginxPids(home), workerPids: [pid] };
};

type Host = { readonly kongYml: Entity; readonly settings: Readonly<Record<string, string>> };

/** One route that always leads to the upstream. */
const plain = (upstreamPort: number): Host => ({
  kongYml: {
    _format_version: '3.0',
    services: [
      {
        name: 'upstream',
        url: `http://127.0.0.1:${upstreamPort}`,
        routes: [
          {
            name: 'all',
            paths: ['/'],
            strip_path: false,
            request_buffering: false,
            response_buffering: false,
          },
        ],
      },
    ],
  },
  settings: { nginx_proxy_client_body_buffer_size: '1m', proxy_access_log: 'off' },
});

const withNexus = async (
  home: string,
  name: Exclude<KongVariantName, 'kong-plain'>,
  { upstreamPort, profileDirectory }: VariantOptions,
  scope: Scope,
): Promise<Host & { readonly pid: number }> => {
  const configFile = join(home, 'nexus.yaml');
  const config = writeConfig(
    configFile,
    configs[name === 'kong-nexus-none' ? 'nexus-none' : 'nexus'](upstreamPort),
  );
  const place = { socketDirectory: home, egressSocket: join(home, 'egress.sock') };
  process.env[egressSecretVariable] = egressSecret;
  const pid = await startPluginServer({ name, configFile, ...place, profileDirectory }, scope);
  const settings = kongConf({ config, ...place, command: `${process.execPath} ${nexus}`, serverArgs: '' });
  const started = settings.filter((it) => it.name !== 'pluginserver_nexus_start_cmd'); // by us
  return {
    pid,
    kongYml: renderKong({
      config,
      egressSecret,
      baseDirectory: home,
      readFile: (path) => readFileSync(path, 'utf8'),
      settings: {},
    }),
    settings: {
      ...Object.fromEntries(started.map((it) => [it.name, it.value])),
      proxy_access_log: 'off',
    },
  };
};

/** The master process and its workers. Linux only, like the count of their CPU time. */
const nginxPids = (home: string): number[] => {
  const master = Number(readFileSync(join(home, 'kong/pids/nginx.pid'), 'utf8'));
  const children = readFileSync(`/proc/${master}/task/${master}/children`, 'utf8').trim().split(' ');
  return [master, ...children.map(Number)];
};
