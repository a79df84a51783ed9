import { dirname, join, resolve } from 'node:path';
import type { Message } from '../../envoy/proto.ts';
import { renderEnvoy } from '../../envoy/render.ts';
import { findSystemCaFile } from '../../envoy/system-ca.ts';
import type { Config } from '../../plugins/config/schema.ts';
import type { ExitCode } from '../run.ts';
import { bringEnvoy } from './bring-envoy.ts';
import { publishConfig, readConfigFile, usable } from './config-file.ts';
import { isDemo, prepareDemo, startDemoProviders } from './demo.ts';
import { startEnvoy } from './envoy.ts';
import { freePort, loopback } from './ports.ts';
import { openRunDirectory } from './run-directory.ts';
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
    const directory = openRunDirectory(scope);
    const file = resolve(options.config);
    const demo = isDemo(file) ? await prepareDemo() : undefined;
    const port = await freePort(options.port, 'port');
    const adminPort = await freePort(options.adminPort, 'admin-port');
    const read = () => readConfigFile(file, demo?.adapt);
    const config = await steps.run('configuration', (note) => usable(read(), { file, note }));
    publishConfig(config.text, directory);
    const providersReady = demo && startDemoProviders(directory, scope); // while the rest goes on
    const binary = await steps.run('Envoy', bringEnvoy);
    const sockets = workerSockets(directory, options.workers);
    const renderHost = hostRenderer({ file, port, sockets, directory });
    await startService(
      {
        file,
        read,
        config,
        directory,
        sockets,
        logDirectory: directory,
        adminPort,
        graceMs,
        renderHost,
        onHostChange: {
          apply: 'no',
          say: `${file} is not used yet: Envoy's configuration has to change too. Stop this and start it again.`,
        },
      },
      steps,
      scope,
    );
    if (providersReady) await steps.run('demo providers', () => providersReady);
    const envoy = {
      binary,
      directory,
      port,
      config: renderHost(config.config),
      concurrency: options.workers,
    };
    await steps.run('Envoy ready', () => startEnvoy(envoy, scope));
    if (demo) await steps.run('first request', async (note) => note(`answered by ${await smoke(port)}`));
    const kind = demo ? 'demo' : 'own';
    const took = steps.elapsed();
    console.log(welcome({ kind, config: config.config, port, adminPort, directory, took }));
  });

interface Place {
  readonly file: string;
  readonly port: number;
  readonly sockets: readonly string[];
  readonly directory: string;
}

/** How to make Envoy's configuration for any version of the nexus.yaml that is served here. */
const hostRenderer =
  ({ file, port, sockets, directory }: Place) =>
  (config: Config): Message =>
    renderEnvoy({
      config,
      listen: { host: loopback, port },
      workers: sockets.map((socketPath) => ({ socketPath })),
      accessLog: { filePath: join(directory, 'access.log') },
      baseDirectory: dirname(file),
      systemCaFile: findSystemCaFile(process.env),
    });
