import { randomBytes } from 'node:crypto';
import { join, resolve } from 'node:path';
import { startNode } from './child.ts';
import { Failure } from './failure.ts';
import { freePort, isFree } from './ports.ts';
import type { Scope } from './supervise.ts';

const directory = join(import.meta.dirname, '../../examples/demo');

/** What `nexus up` serves when it is told nothing. */
export const demoConfigFile = join(directory, 'nexus.yaml');

export const isDemo = (configFile: string): boolean => resolve(configFile) === demoConfigFile;

/** A model and a key of the demo. */
export const demoModel = 'support';
export const demoKey = 'nx-demo-alice';

/** Makes the keys that workers send to the demo's providers and that these ask for; both inherit our environment. */
export const setDemoKeys = (): void => {
  for (const name of ['NEXUS_DEMO_OPENAI_KEY', 'NEXUS_DEMO_ANTHROPIC_KEY']) {
    process.env[name] = randomBytes(16).toString('hex');
  }
};

/**
 * How the demo's nexus.yaml has to change for this machine: a provider whose port is taken, perhaps by another demo,
 * moves to a free one.
 */
export const portMoves = async (text: string): Promise<(text: string) => string> => {
  const moves: (readonly [from: string, to: string])[] = [];
  for (const [address = '', host, port] of text.matchAll(/(127\.0\.0\.1):(\d+)/g)) {
    if (!(await isFree(Number(port)))) moves.push([address, `${host}:${await freePort(0, '')}`]);
  }
  return (original) => moves.reduce((moved, [from, to]) => moved.replaceAll(from, to), original);
};

/** Starts the demo's providers on the ports of the nexus.yaml at `configFile`; resolves when they listen. */
export const startDemoProviders = async (
  { configFile, logFile }: { configFile: string; logFile: string },
  scope: Scope,
): Promise<void> => {
  const script = join(directory, 'providers.ts');
  const child = startNode(script, { name: 'demo providers', args: ['--config', configFile], logFile });
  scope.defer(() => child.stop(500));
  const ready = new Promise<undefined>((done) => child.process.once('message', () => done(undefined)));
  const ended = await Promise.race([ready, child.ended]);
  const failure = (how: string) =>
    new Failure([`the demo's providers ended (${how})`, ...child.lastLines(10)].join('\n'));
  if (ended !== undefined) throw failure(ended);
  void child.ended.then((how) => scope.abort(failure(how)));
};
