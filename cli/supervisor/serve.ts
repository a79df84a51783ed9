import { mkdirSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parts } from '../../envoy/render.ts';
import { findSystemCaFile } from '../../envoy/system-ca.ts';
import type { Config } from '../../plugins/config/schema.ts';
import type { ExitCode } from '../run.ts';
import { publishConfig, readConfigFile, usable } from './config-file.ts';
import { loopback } from './ports.ts';
import { openRunDirectory } from './run-directory.ts';
import { startService } from './service.ts';
import { Steps } from './steps.ts';
import { supervise } from './supervise.ts';
import { workerSockets } from './worker-pool.ts';

export interface ServeOptions {
  /** The nexus.yaml. */
  readonly config: string;
  readonly workers: number;
  /** Directory of the workers' sockets. */
  readonly workersDirectory: string;
  readonly adminPort: number;
}

/** A stopping worker ends its answers within 30 s (extproc/main.ts). */
const graceMs = 32_000;

/** Runs workers and admin pages, without an Envoy of their own, until told to stop. */
export const serve = (options: ServeOptions): Promise<ExitCode> =>
  supervise(async (scope) => {
    const steps = new Steps(scope.signal);
    const directory = openRunDirectory(scope);
    const file = resolve(options.config);
    const read = () => readConfigFile(file);
    const config = await steps.run('configuration', (note) => usable(read(), { file, note }));
    publishConfig(config.text, directory);
    mkdirSync(options.workersDirectory, { recursive: true });
    const sockets = workerSockets(resolve(options.workersDirectory), options.workers);
    const adminPort = await startService(
      {
        file,
        read,
        config,
        directory,
        sockets,
        adminPort: options.adminPort,
        graceMs,
        renderHost: (next) => hostParts(next, { file, sockets }),
        onHostChange: {
          apply: 'yes',
          say: `Envoy's configuration has to change too: ${renderCommand(options)}`,
        },
      },
      steps,
      scope,
    );
    console.log(closing(options, { sockets, adminPort }));
  });

/** All that this nexus.yaml puts into an Envoy. */
const hostParts = (config: Config, { file, sockets }: { file: string; sockets: readonly string[] }) => {
  const workers = sockets.map((socketPath) => ({ socketPath }));
  const place = { baseDirectory: dirname(file), systemCaFile: findSystemCaFile(process.env) };
  return [
    parts.clusters({ ...place, config, workers }),
    parts.listeners({ config, workers }),
    parts.routes({ config }),
  ];
};

const renderCommand = ({ config, workersDirectory, workers }: ServeOptions): string =>
  `nexus envoy render --config ${config} --workers-dir ${resolve(workersDirectory)} --workers ${workers}`;

const closing = (options: ServeOptions, at: { sockets: readonly string[]; adminPort: number }): string =>
  [
    '',
    'Workers listen on',
    ...at.sockets.map((path) => `  ${path}`),
    'Envoy finds them there with the configuration that this prints (see docs/envoy.md):',
    `  ${renderCommand(options)}`,
    `Metrics and health: http://${loopback}:${at.adminPort}/`,
    'Ctrl-C or SIGTERM lets answers end and stops.',
  ].join('\n');
