import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { egressSecretVariable } from '../../kong/relay/names.ts';
import { kongConf } from '../../kong/render/conf.ts';
import { renderKong } from '../../kong/render/render.ts';
import type { Config } from '../../plugins/config/schema.ts';
import type { ExitCode } from '../run.ts';
import { readConfigFile, usable } from './config-file.ts';
import { isDemo, prepareDemo, startDemoProviders } from './demo.ts';
import { kongPrefix, startKong } from './kong.ts';
import { startKongService } from './kong-service.ts';
import { freePort } from './ports.ts';
import { openRunDirectory } from './run-directory.ts';
import { smoke } from './smoke.ts';
import { Steps } from './steps.ts';
import { supervise } from './supervise.ts';
import type { UpOptions } from './up.ts';
import { welcome } from './welcome.ts';

/** As `up`, with Kong, whose command is `kong`, in Envoy's place. */
export const upKong = (options: UpOptions, kong: string): Promise<ExitCode> =>
  supervise(async (scope) => {
    const steps = new Steps(scope.signal);
    const directory = openRunDirectory(scope);
    const file = resolve(options.config);
    const demo = isDemo(file) ? await prepareDemo() : undefined;
    const port = await freePort(options.port, 'port');
    const adminPort = await freePort(options.adminPort, 'admin-port');
    const read = () => readConfigFile(file, demo?.adapt);
    const config = await steps.run('configuration', (note) => usable(read(), { file, note }));
    const place = { directory, file, egressSocket: join(directory, 'egress.sock'), secret: newSecret() };
    const egress = { socketPath: place.egressSocket, secret: place.secret };
    const onHostChange = {
      apply: 'no',
      say: `${file} is not used yet: Kong's configuration has to change too. Stop this and start it again.`,
    } as const;
    const ours = { socketDirectory: directory, kongPrefix: kongPrefix(directory) };
    const service = { file, read, config, ...ours, egress, adminPort, end: 'at once' as const, onHostChange };
    await startKongService(service, steps, scope);
    const providersReady = demo && startDemoProviders(directory, scope);
    const { workers } = options;
    const host = { command: kong, directory, port, workers, ...rendered(config.config, place) };
    await steps.run('Kong', () => startKong(host, scope));
    if (providersReady) await steps.run('demo providers', () => providersReady);
    if (demo) await steps.run('first request', async (note) => note(`answered by ${await smoke(port)}`));
    const kind = demo ? 'demo' : 'own';
    console.log(welcome({ kind, config: config.config, port, adminPort, directory, took: steps.elapsed() }));
  });

/** For this run; the standby inherits it. */
const newSecret = (): string => {
  const secret = randomBytes(32).toString('hex');
  process.env[egressSecretVariable] = secret;
  return secret;
};

interface Place {
  readonly directory: string;
  /** The nexus.yaml. */
  readonly file: string;
  readonly egressSocket: string;
  readonly secret: string;
}

const main = join(import.meta.dirname, '../main.ts');

const rendered = (config: Config, { directory, file, egressSocket, secret }: Place) => {
  const lines = kongConf({
    config,
    socketDirectory: directory,
    egressSocket,
    command: [process.execPath, ...process.execArgv, main].join(' '),
    serverArgs: '',
  });
  // This process is the plugin server.
  const settings = lines.filter(({ name }) => name !== 'pluginserver_nexus_start_cmd');
  return {
    kongYml: renderKong({
      config,
      egressSecret: secret,
      baseDirectory: dirname(file),
      readFile: (path) => readFileSync(path, 'utf8'),
      settings: {},
    }),
    settings: Object.fromEntries(settings.map(({ name, value }) => [name, value])),
  };
};
