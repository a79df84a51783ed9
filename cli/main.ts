import { defineCommand } from 'citty';
import { run } from './run.ts';

/**
 * Every command, loaded only when it is called. A new one is a file that exports a citty command by default, and one
 * line here:
 *
 *   up: () => import('./commands/up.ts').then((module) => module.default),
 */
const subCommands = {
  check: () => import('./commands/check.ts').then((module) => module.default),
  schema: () => import('./commands/schema.ts').then((module) => module.default),
  keys: () => import('./commands/keys.ts').then((module) => module.default),
  budgets: () => import('./commands/budgets.ts').then((module) => module.default),
  prices: () => import('./commands/prices.ts').then((module) => module.default),
  serve: () => import('./commands/serve.ts').then((module) => module.default),
  explain: () => import('./commands/explain.ts').then((module) => module.default),
  test: () => import('./commands/test.ts').then((module) => module.default),
  up: () => import('./commands/up.ts').then((module) => module.default),
  kong: () => import('./commands/kong.ts').then((module) => module.default),
  'kong-server': () => import('./commands/kong-server.ts').then((module) => module.default),
  envoy: () => import('./commands/envoy.ts').then((module) => module.default),
  translate: () => import('./commands/translate.ts').then((module) => module.default),
  scan: () => import('./commands/scan.ts').then((module) => module.default),
  train: () => import('./commands/train.ts').then((module) => module.default),
  bench: () => import('./commands/bench.ts').then((module) => module.default),
  version: () => import('./commands/version.ts').then((module) => module.default),
};

const nexus = defineCommand({
  meta: { description: 'LLM policy that runs inside Envoy and Kong' },
  subCommands,
});

// Not process.exit(): it would cut output that a pipe has not taken yet.
process.exitCode = await run(nexus, process.argv.slice(2));
