import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Child, startNode } from './child.ts';
import { workersConfig } from './config-file.ts';
import { Failure } from './failure.ts';
import { freePorts, loopback } from './ports.ts';
import type { Scope } from './supervise.ts';

const home = join(import.meta.dirname, '../../examples/demo');
const script = join(home, 'providers.ts');
const graceMs = 500;

/** What `nexus up` serves when it is told nothing. */
export const demoConfigFile = join(home, 'nexus.yaml');

/** Whether an absolute path is the demo's. */
export const isDemo = (configFile: string): boolean => configFile === demoConfigFile;

/** A model and a key of the demo. */
export const demoModel = 'support';
export const demoKey = 'nx-demo-alice';

/** How the demo differs from its nexus.yaml on this machine. */
export interface Demo {
  readonly adapt: (text: string) => string;
}

/**
 * Makes keys that workers send to the demo's providers and that these ask for (both inherit our environment), and moves
 * the providers to free ports, so that any number of demos can run.
 */
export const prepareDemo = async (): Promise<Demo> => {
  for (const name of ['NEXUS_DEMO_OPENAI_KEY', 'NEXUS_DEMO_ANTHROPIC_KEY']) {
    process.env[name] = randomBytes(16).toString('hex');
  }
  return { adapt: await portMoves(readFileSync(demoConfigFile, 'utf8')) };
};

/** How to change `text`, or a later version of it, so that every address of this machine in it has a free port. */
export const portMoves = async (text: string): Promise<(text: string) => string> => {
  const taken = [...new Set(text.match(/127\.0\.0\.1:\d+/g))];
  const free = (await freePorts(taken.length)).map((port) => `${loopback}:${port}`);
  return (original) => original.replaceAll(/127\.0\.0\.1:\d+/g, (at) => free[taken.indexOf(at)] ?? at);
};

/**
 * Starts the providers of the nexus.yaml in `directory`; resolves when they listen. When they end, first or later, they
 * end `scope`.
 */
export const startDemoProviders = (directory: string, scope: Scope): Promise<void> => {
  const child = startNode(script, {
    name: 'demo providers',
    args: ['--config', workersConfig(directory)],
    logFile: join(directory, 'providers.log'),
  });
  scope.defer(() => child.stop(graceMs));
  void child.ended.then((how) => scope.abort(failure(child, how)));
  return new Promise((resolve) => child.process.once('message', () => resolve()));
};

const failure = (child: Child, how: string): Failure =>
  new Failure([`the demo's providers ended (${how})`, ...child.lastLines(10)].join('\n'));
