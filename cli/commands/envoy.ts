import { writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { defineCommand } from 'citty';
import { bootstrapFields, type Part, parts, type RenderOptions, renderEnvoy } from '../../envoy/render.ts';
import { findSystemCaFile } from '../../envoy/system-ca.ts';
import { formatYaml } from '../../envoy/yaml.ts';
import { workerSocket } from '../../extproc/names.ts';
import { expectedOneOf } from '../../plugins/config/problem.ts';
import { openConfig } from '../config.ts';
import { envoyVersion } from '../envoy-binary.ts';
import { type ExitCode, UsageError } from '../run.ts';
import { parsePort } from '../supervisor/ports.ts';
import { parseWorkerCount } from '../supervisor/worker-pool.ts';

const render = defineCommand({
  meta: { description: `Print the configuration of Envoy ${envoyVersion} for a nexus.yaml` },
  args: {
    config: { type: 'string', required: true, description: 'The nexus.yaml' },
    only: {
      type: 'string',
      description: 'Only a part, to paste into an Envoy that exists: filters, clusters, listeners or routes',
    },
    host: {
      type: 'string',
      default: '127.0.0.1',
      description: 'Address for clients; 0.0.0.0 for all of this machine',
    },
    port: { type: 'string', default: '10000', description: 'Port for clients' },
    'admin-port': {
      type: 'string',
      description: "Port of Envoy's own admin interface, on 127.0.0.1; none when left out",
    },
    'workers-dir': {
      type: 'string',
      default: '/run/nexus',
      description: 'Directory of the sockets of the workers',
    },
    workers: { type: 'string', default: '2', description: 'Number of workers' },
    'access-log': { type: 'string', default: 'stdout', description: 'stdout, off, or a file' },
    output: { type: 'string', description: 'File to write; stdout when left out' },
  },
  run: ({ args, rawArgs }): ExitCode => {
    const part = args.only === undefined ? undefined : parsePart(args.only);
    const settings = {
      listen: { host: args.host, port: parsePort('port', args.port) },
      ...parseAdmin(args['admin-port']),
      workers: socketsIn(resolve(args['workers-dir']), parseWorkerCount(args.workers)),
      accessLog: parseAccessLog(args['access-log']),
    };
    const loaded = openConfig(args.config);
    if (!loaded) return 1;
    const options = { ...settings, ...machine(args.config), config: loaded.config };
    const message = part === undefined ? renderEnvoy(options) : parts[part](options);
    write(args.output, formatYaml(message, comment(rawArgs, part)));
    return 0;
  },
});

const parsePart = (text: string): Part => {
  if (Object.hasOwn(parts, text)) return text as Part;
  throw new UsageError(`--only ${text}: ${expectedOneOf(text, Object.keys(parts))}`);
};

const parseAdmin = (port: string | undefined): Pick<RenderOptions, 'admin'> =>
  port === undefined ? {} : { admin: { host: '127.0.0.1', port: parsePort('admin-port', port) } };

const socketsIn = (directory: string, count: number): RenderOptions['workers'] =>
  Array.from({ length: count }, (_, index) => ({ socketPath: workerSocket(directory, index) }));

const parseAccessLog = (text: string): RenderOptions['accessLog'] =>
  text === 'stdout' || text === 'off' ? text : { filePath: resolve(text) };

/** What the configuration takes from the place where it is made. */
const machine = (configFile: string): Pick<RenderOptions, 'baseDirectory' | 'systemCaFile'> => ({
  baseDirectory: dirname(resolve(configFile)),
  systemCaFile: findSystemCaFile(process.env),
});

const comment = (rawArgs: readonly string[], part: Part | undefined): string[] => [
  `Envoy ${envoyVersion}. Made from nexus.yaml; holds no credential. Make it again when nexus.yaml changes:`,
  `nexus envoy render ${rawArgs.map(quoted).join(' ')}`,
  ...(part === undefined ? [] : placeOf[part]),
];

const placeOf: Record<Part, readonly string[]> = {
  filters: [
    'Place: fields of your HTTP connection manager. nexus.router stands before envoy.filters.http.router and after',
    'your identity filters; it is off except on the routes of Nexus. The bootstrap must also have:',
    JSON.stringify(bootstrapFields),
  ],
  clusters: ['Place: your clusters.'],
  listeners: [
    'Place: your listeners. The way out for copies that mirrors get; empty where no model has a mirror.',
  ],
  routes: ['Place: the virtual host that clients call, nexus.attempt before all other routes.'],
};

/** As a shell reads it back. */
const quoted = (arg: string): string =>
  /^[\w@%+=:,./-]+$/.test(arg) ? arg : `'${arg.replaceAll("'", "'\\''")}'`;

const write = (file: string | undefined, text: string): void => {
  if (file === undefined) process.stdout.write(text);
  else writeFileSync(file, text);
};

export default defineCommand({
  meta: { description: 'Configuration of Envoy' },
  subCommands: { render },
});
