import { resolve } from 'node:path';
import { defineCommand } from 'citty';
import { nexusModule } from '../../kong/plugin.ts';
import { pluginInfo } from '../../kong/pluginserver/module.ts';
import { defaultEgressSocket } from '../../kong/relay/names.ts';
import { readEgressSecret } from '../../kong/relay/secret.ts';
import { type ExitCode, UsageError } from '../run.ts';
import { readConfigFile, usable } from '../supervisor/config-file.ts';
import { type KongServiceOptions, startKongService } from '../supervisor/kong-service.ts';
import { loopback, parsePort } from '../supervisor/ports.ts';
import { Steps } from '../supervisor/steps.ts';
import { type Scope, supervise } from '../supervisor/supervise.ts';

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
    'started-by-kong': {
      type: 'boolean',
      description:
        "As in Kong's start_cmd: when told to end, serve on until the one that Kong starts next is ready",
    },
    dump: { type: 'boolean', description: "Print the plugin's name, schema and phases for Kong, and end" },
  },
  run: async ({ args }): Promise<ExitCode> => {
    if (args.dump) {
      process.stdout.write(`${JSON.stringify(pluginInfo(nexusModule))}\n`); // Kong reads all of stdout as JSON
      return 0;
    }
    if (args.config === undefined) throw new UsageError('missing --config FILE');
    const options: ServeOptions = {
      file: resolve(args.config),
      socketDirectory: resolve(args['socket-dir']),
      egress: { socketPath: resolve(args['egress-socket']), secret: readEgressSecret(process.env) },
      adminPort: parsePort('admin-port', args['admin-port']),
      end: args['started-by-kong'] ? 'after a successor' : 'at once',
    };
    return supervise((scope) => serve(options, scope));
  },
});

type ServeOptions = Pick<KongServiceOptions, 'file' | 'socketDirectory' | 'egress' | 'adminPort' | 'end'>;

const serve = async (options: ServeOptions, scope: Scope): Promise<void> => {
  const { file } = options;
  const steps = new Steps(scope.signal);
  const read = () => readConfigFile(file);
  const config = await steps.run('configuration', (note) => usable(read(), { file, note }));
  const onHostChange = {
    apply: 'yes',
    say: `providers have changed: Kong needs a new kong.yml, see nexus kong render --config ${file}`,
  } as const;
  const service = await startKongService({ ...options, read, config, onHostChange }, steps, scope);
  console.log(
    `\nKong finds the plugin at ${service.pluginSocket}\nMetrics and health: http://${loopback}:${service.adminPort}/`,
  );
};
