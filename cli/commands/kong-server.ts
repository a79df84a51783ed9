import { resolve } from 'node:path';
import { defineCommand } from 'citty';
import { type KongHost, openSocketDirectory, startKongHost } from '../../kong/main.ts';
import { nexusModule } from '../../kong/plugin.ts';
import { pluginInfo } from '../../kong/pluginserver/module.ts';
import type { EgressOptions } from '../../kong/relay/egress.ts';
import { defaultEgressSocket } from '../../kong/relay/names.ts';
import { readEgressSecret } from '../../kong/relay/secret.ts';
import { loadGatewayConfig } from '../../plugins/io/config-file.ts';
import { type Fleet, startAdmin } from '../admin.ts';
import { type ExitCode, UsageError } from '../run.ts';
import {
  publishConfig,
  readConfigFile,
  usable,
  watchFile,
  workersConfig,
} from '../supervisor/config-file.ts';
import { Failure } from '../supervisor/failure.ts';
import { KongStandby } from '../supervisor/kong-standby.ts';
import { loopback, parsePort } from '../supervisor/ports.ts';
import { reloader } from '../supervisor/reload.ts';
import { Steps } from '../supervisor/steps.ts';
import { type Scope, supervise } from '../supervisor/supervise.ts';
import type { ReloadResult } from '../supervisor/worker.ts';

export default defineCommand({
  meta: { description: 'Run the plugin server alone, for a Kong that exists already' },
  args: {
    config: { type: 'string', description: 'The nexus.yaml' },
    'socket-dir': {
      type: 'string',
      default: '/run/nexus-kong',
      description: 'Directory of its sockets, closed to other users (mode 700)',
    },
    'egress-socket': {
      type: 'string',
      default: defaultEgressSocket,
      description: 'Socket on which Kong listens for calls to providers',
    },
    'admin-port': { type: 'string', default: '10001', description: 'Where metrics and health are' },
    dump: { type: 'boolean', description: "Print the plugin's name, schema and phases for Kong, and end" },
  },
  run: async ({ args }): Promise<ExitCode> => {
    if (args.dump) {
      process.stdout.write(`${JSON.stringify(pluginInfo(nexusModule))}\n`); // Kong reads all of stdout as JSON
      return 0;
    }
    if (args.config === undefined) throw new UsageError('missing --config FILE');
    const file = resolve(args.config);
    const adminPort = parsePort('admin-port', args['admin-port']);
    const egress = { socketPath: resolve(args['egress-socket']), secret: readEgressSecret(process.env) };
    return supervise((scope) =>
      serve({ file, socketDirectory: args['socket-dir'], egress, adminPort }, scope),
    );
  },
});

interface ServeOptions {
  /** The nexus.yaml. */
  readonly file: string;
  readonly socketDirectory: string;
  readonly egress: EgressOptions;
  readonly adminPort: number;
}

const serve = async (
  { file, socketDirectory, egress, adminPort }: ServeOptions,
  scope: Scope,
): Promise<void> => {
  const steps = new Steps(scope.signal);
  const directory = resolve(socketDirectory); // not one of our own: Kong may end us before we can remove it
  const read = () => readConfigFile(file);
  const current = await steps.run('configuration', (note) => usable(read(), { file, note }));
  openSocketDirectory(directory);
  publishConfig(current.text, directory);
  const host = await steps.run('plugin server', () =>
    startKongHost({ config: published(directory), socketDirectory: directory, egress }),
  );
  scope.defer(() => host.stop());
  host.takeOver();
  const say = (text: string) => console.error(`nexus: ${text}`);
  const standby = new KongStandby({
    config: workersConfig(directory),
    socketDirectory: directory,
    egressSocket: egress.socketPath,
    onEvent: say,
  });
  scope.defer(() => standby.stop());
  const admin = await startAdmin(fleetOf(host), adminPort);
  scope.defer(() => admin.close());
  const onChange = reloader({
    file,
    directory,
    current,
    read,
    reload: async () => {
      standby.reload();
      return [follow(host, directory)];
    },
    renderHost: ({ providers }) => providers,
    onHostChange: { apply: 'yes', say: 'providers have changed: Kong needs its configuration made anew' },
    say,
  });
  scope.defer(watchFile(file, () => void onChange()));
  console.log(
    `\nKong finds the plugin at ${host.pluginSocket}\nMetrics and health: http://${loopback}:${admin.port}/`,
  );
};

const published = (directory: string) => {
  const loaded = loadGatewayConfig(workersConfig(directory));
  if ('problems' in loaded) throw new Failure(loaded.problems.join('\n'));
  return loaded;
};

const follow = (host: KongHost, directory: string): ReloadResult => {
  const next = loadGatewayConfig(workersConfig(directory));
  if ('problems' in next) return { type: 'refused', problems: next.problems };
  host.replaceConfig(next);
  return { type: 'reloaded', digest: next.digest };
};

/** This one process, for the admin pages. */
const fleetOf = (host: KongHost): Fleet => ({
  probe: async () => [{ worker: 0, state: 'ready', pid: process.pid, restarts: 0 }],
  metrics: () => host.metrics(),
});
