import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { renderEnvoy } from '../../envoy/render.ts';
import { findSystemCaFile } from '../../envoy/system-ca.ts';
import type { Config } from '../../plugins/config/schema.ts';
import type { ExitCode } from '../run.ts';
import { bringEnvoy } from './bring-envoy.ts';
import { openConfigFile, publishConfig, readConfigFile, workersConfig } from './config-file.ts';
import { isDemo, portMoves, setDemoKeys, startDemoProviders } from './demo.ts';
import { startEnvoy } from './envoy.ts';
import { freePort, loopback } from './ports.ts';
import { createRunDirectory, removeRunDirectory } from './run-directory.ts';
import { startService } from './service.ts';
import { smoke } from './smoke.ts';
import { Steps } from './steps.ts';
import { supervise } from './supervise.ts';
import { welcome } from './welcome.ts';
import { workerSockets } from './worker-pool.ts';

export interface UpOptions {
  /** The nexus.yaml. */
  readonly config: string;
  /** For clients; 0 takes any that is free. */
  readonly port: number;
  readonly adminPort: number;
  readonly workers: number;
}

/** How long workers may take to end. */
const graceMs = 1000;

/** Runs Envoy, workers, admin pages and, for the demo, its providers, until told to stop. */
export const up = (options: UpOptions): Promise<ExitCode> =>
  supervise(async (scope) => {
    const steps = new Steps(scope.signal);
    const directory = createRunDirectory();
    scope.defer(() => removeRunDirectory(directory));
    const file = resolve(options.config);
    const demo = isDemo(file);
    if (demo) setDemoKeys();
    const adapt = demo ? await portMoves(readFileSync(file, 'utf8')) : String;
    const port = await freePort(options.port, 'port');
    const freeAdminPort = await freePort(options.adminPort, 'admin-port');
    const config = await steps.run('configuration', (note) => openConfigFile(file, { note, adapt }));
    publishConfig(config.text, directory);
    const binary = await steps.run('Envoy', (note) => bringEnvoy(note));
    if (demo) {
      const configFile = workersConfig(directory);
      const logFile = join(directory, 'providers.log');
      await steps.run('demo providers', () => startDemoProviders({ configFile, logFile }, scope));
    }
    const sockets = workerSockets(directory, options.workers);
    const render = (next: Config) =>
      renderEnvoy({
        config: next,
        listen: { host: loopback, port },
        workers: sockets.map((socketPath) => ({ socketPath })),
        accessLog: { filePath: join(directory, 'access.log') },
        baseDirectory: dirname(file),
        systemCaFile: findSystemCaFile(process.env),
      });
    const adminPort = await startService(
      {
        ...{
          file,
          config,
          directory,
          sockets,
          graceMs,
          adminPort: freeAdminPort,
          logDirectory: directory,
        },
        read: () => readConfigFile(file, adapt),
        renderHost: render,
        onHostChange: {
          apply: 'no',
          say: `${file} is not used yet: Envoy's configuration has to change too. Stop this and start it again.`,
        },
      },
      steps,
      scope,
    );
    await steps.run('Envoy ready', () =>
      startEnvoy({ binary, directory, config: render(config.config), concurrency: options.workers }, scope),
    );
    if (demo) await steps.run('first request', async (note) => note(`answered by ${await smoke(port)}`));
    const kind = demo ? 'demo' : 'own';
    const took = steps.elapsed();
    console.log(welcome({ kind, config: config.config, port, adminPort, directory, took }));
  });
