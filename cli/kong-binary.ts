import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The release that the rendered configuration is written for and tested with. */
export const kongVersion = '3.9';

/** Kong's command: `KONG_BIN`, else `kong` on PATH, else one that runs Kong's image in Docker; undefined when there is none. */
export const findKong = (env: NodeJS.ProcessEnv): string | undefined =>
  env.KONG_BIN || onPath('kong', env) || (hasDocker(env) ? inDocker : undefined);

const inDocker = join(import.meta.dirname, 'kong-docker.sh');

/** Whether containers can share our network and sockets: Docker on Linux, its daemon on this machine. */
const hasDocker = (env: NodeJS.ProcessEnv): boolean =>
  process.platform === 'linux' &&
  onPath('docker', env) !== undefined &&
  spawnSync('docker', ['info'], { env, stdio: 'ignore', timeout: 5000 }).status === 0;

const onPath = (command: string, { PATH = '' }: NodeJS.ProcessEnv): string | undefined =>
  PATH.split(delimiter)
    .filter((directory) => directory !== '')
    .map((directory) => join(directory, command))
    .find(isExecutable);

/** What to do when there is no Kong. */
export const howToGetKong = [
  `No Kong found; ${kongVersion} is what Nexus is tested with. Any of these helps:`,
  '- install it, so that `kong` is on PATH: https://developer.konghq.com/gateway/install/',
  '- set KONG_BIN to the path of its command',
  '- on Linux, start Docker: its image kong:3.9 is used then (NEXUS_KONG_IMAGE names another).',
].join('\n');

const isExecutable = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};
