import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The release that the rendered configuration is written for and tested with. */
export const kongVersion = '3.9';

/** Kong's command: `KONG_BIN`, else `kong` on PATH; undefined when there is neither. */
export const findKong = ({ KONG_BIN, PATH = '' }: NodeJS.ProcessEnv): string | undefined =>
  KONG_BIN ||
  PATH.split(delimiter)
    .filter((directory) => directory !== '')
    .map((directory) => join(directory, 'kong'))
    .find(isExecutable);

/** What to do when there is no Kong. */
export const howToGetKong = [
  `No Kong found; ${kongVersion} is what Nexus is tested with. Any of these helps:`,
  '- install it, so that `kong` is on PATH: https://developer.konghq.com/gateway/install/',
  '- set KONG_BIN to the path of its command.',
].join('\n');

const isExecutable = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};
