import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { defineCommand } from 'citty';
import { formatYaml } from '../../envoy/yaml.ts';
import { defaultEgressSocket, egressSecretVariable } from '../../kong/relay/names.ts';
import { readEgressSecret } from '../../kong/relay/secret.ts';
import { formatConf, formatEnv, type KongSetting, kongConf } from '../../kong/render/conf.ts';
import { type KongPart, type KongRenderOptions, kongParts, renderKong } from '../../kong/render/render.ts';
import { expectedOneOf } from '../../plugins/config/problem.ts';
import type { Config } from '../../plugins/config/schema.ts';
import { openConfig } from '../config.ts';
import { type ExitCode, UsageError } from '../run.ts';

const render = defineCommand({
  meta: {
    description: 'Print the configuration of Kong for a nexus.yaml: kong.yml, or the lines of kong.conf',
  },
  args: {
    config: { type: 'string', required: true, description: 'The nexus.yaml' },
    only: {
      type: 'string',
      description:
        'Only a part, to paste into a kong.yml that exists: services, routes, plugins or upstreams',
    },
    'kong-conf': {
      type: 'string',
      description: 'Instead of kong.yml, what Kong itself needs: conf for kong.conf, env for KONG_ variables',
    },
    team: { type: 'string', description: 'Team in nexus.yaml of the consumers that Kong has authenticated' },
    application: { type: 'string', description: 'Application of those consumers' },
    'socket-dir': {
      type: 'string',
      default: '/run/nexus-kong',
      description: 'Directory of the sockets of nexus kong-server',
    },
    'egress-socket': {
      type: 'string',
      default: defaultEgressSocket,
      description: 'Socket on which Kong listens for calls to providers',
    },
    command: { type: 'string', default: 'nexus', description: 'How Kong calls nexus, with its path' },
    output: { type: 'string', description: 'File to write, for its owner alone; stdout when left out' },
  },
  run: ({ args, rawArgs }): ExitCode => {
    const part = args.only === undefined ? undefined : parsePart(args.only);
    const format = args['kong-conf'] === undefined ? undefined : parseFormat(args['kong-conf']);
    const settings = parseSettings(args);
    const loaded = openConfig(args.config);
    if (!loaded) return 1;
    if (format) {
      write(args.output, comment(rawArgs) + format(kongSettings(args, loaded.config)));
      return 0;
    }
    const options: KongRenderOptions = {
      config: loaded.config,
      egressSecret: readEgressSecret(process.env),
      baseDirectory: dirname(resolve(args.config)),
      readFile: (path) => readFileSync(path, 'utf8'),
      settings,
    };
    const text = formatYaml(part === undefined ? renderKong(options) : kongParts[part](options), []);
    const notes = text.includes(options.egressSecret) ? [secretNote] : [];
    write(args.output, comment(rawArgs, ...notes) + text);
    return 0;
  },
});

const parsePart = (text: string): KongPart => {
  if (Object.hasOwn(kongParts, text)) return text as KongPart;
  throw new UsageError(`--only ${text}: ${expectedOneOf(text, Object.keys(kongParts))}`);
};

const formats = { conf: formatConf, env: formatEnv } as const;

const parseFormat = (text: string): ((settings: readonly KongSetting[]) => string) => {
  if (Object.hasOwn(formats, text)) return formats[text as keyof typeof formats];
  throw new UsageError(`--kong-conf ${text}: ${expectedOneOf(text, Object.keys(formats))}`);
};

const parseSettings = ({
  team,
  application,
}: {
  team?: string | undefined;
  application?: string | undefined;
}): KongRenderOptions['settings'] => {
  if (application !== undefined && team === undefined)
    throw new UsageError('--application without --team: consumers of Kong need a team');
  return { ...(team !== undefined && { team }), ...(application !== undefined && { application }) };
};

interface Paths {
  readonly config: string;
  readonly 'socket-dir': string;
  readonly 'egress-socket': string;
  readonly command: string;
}

const kongSettings = (paths: Paths, config: Config): readonly KongSetting[] => {
  const socketDirectory = resolve(paths['socket-dir']);
  const egressSocket = resolve(paths['egress-socket']);
  const args = [
    '--config',
    resolve(paths.config),
    '--socket-dir',
    socketDirectory,
    '--egress-socket',
    egressSocket,
  ];
  return kongConf({
    config,
    socketDirectory,
    egressSocket,
    command: paths.command,
    serverArgs: args.map(quoted).join(' '),
  });
};

const secretNote = `Holds the secret ${egressSecretVariable}, so keep it from other users; no credential of a provider.`;

const comment = (rawArgs: readonly string[], ...notes: readonly string[]): string =>
  [
    'Kong 3.9. Made from nexus.yaml; make it again when nexus.yaml changes:',
    `nexus kong render ${rawArgs.map(quoted).join(' ')}`,
    ...notes,
  ]
    .map((line) => `# ${line}\n`)
    .join('');

/** As a shell reads it back. */
const quoted = (arg: string): string =>
  /^[\w@%+=:,./-]+$/.test(arg) ? arg : `'${arg.replaceAll("'", "'\\''")}'`;

const write = (file: string | undefined, text: string): void => {
  if (file === undefined) process.stdout.write(text);
  else writeFileSync(file, text, { mode: 0o600 });
};

export default defineCommand({
  meta: { description: 'Configuration of Kong' },
  subCommands: { render },
});
