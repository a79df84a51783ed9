import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const exec = promisify(execFile);
const requirements = join(import.meta.dirname, 'requirements.txt');
const cache = join(import.meta.dirname, '../../../.cache/python-sdks');

/** A Python with the SDKs of `requirements.txt`, installed once into the cache; throws where that cannot be done. */
const findPython = async (): Promise<string> => {
  const version = createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 12);
  const home = join(cache, version);
  const python = join(home, 'bin/python');
  if (existsSync(python)) return python;
  console.log('installing Python SDKs ...');
  await mkdir(cache, { recursive: true });
  const scratch = await mkdtemp(join(cache, 'install-'));
  try {
    await exec('python3', ['-m', 'venv', scratch]);
    const flags = ['--quiet', '--disable-pip-version-check', '--retries', '1', '--only-binary=:all:'];
    await exec(join(scratch, 'bin/python'), ['-m', 'pip', 'install', ...flags, '-r', requirements]);
    // In one step, so that nobody ever sees half of it. Only its `python` is used, which may be moved.
    await rename(scratch, home);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
  return python;
};

/** Undefined, and the reason printed, where Python, its venv or the packages cannot be had. */
export const pythonWithSdks: string | undefined = await findPython().catch((cause: Error) => {
  console.log(`skipped, for want of the Python SDKs: ${cause.message.trim().split('\n').at(-1)}`);
  return undefined;
});

/** Runs a script of this directory with `input` as JSON on stdin; its stdout as JSON. Throws with its last words. */
export const runPython = async (script: string, input: unknown): Promise<unknown> => {
  if (pythonWithSdks === undefined) throw new Error('no Python');
  const child = spawn(pythonWithSdks, ['-B', join(import.meta.dirname, script)], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let [out, words] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text) => (words += text));
  child.stdin.end(JSON.stringify(input));
  const code = await new Promise((resolve) => child.once('close', resolve));
  if (code !== 0) throw new Error(`${script} ended with ${code}:\n${words}`);
  return JSON.parse(out);
};
