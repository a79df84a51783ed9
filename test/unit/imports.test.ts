import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { importsOf, violations } from './import-rules.ts';

const root = join(import.meta.dirname, '../..');

const ourSources = (): Map<string, string> => {
  const files = globSync('{plugins,extproc,kong,envoy,cli}/**/*.ts', { cwd: root });
  const sources = files.filter((file) => !file.endsWith('.test.ts'));
  return new Map(sources.map((file) => [file, readFileSync(join(root, file), 'utf8')]));
};

test('our sources keep the rules', () => {
  const sources = ourSources();
  expect(sources.get('plugins/policy.ts')).toContain('export');
  expect(violations(sources)).toEqual([]);
});

/** One file that imports one thing. */
const importing = (from: string, target: string) => new Map([[from, `import { x } from '${target}';\n`]]);

describe('the rules', () => {
  test.each([
    ['the core imports a host', 'plugins/gateway.ts', '../extproc/names.ts', 'not a folder'],
    ['the core imports tests', 'plugins/gateway.ts', '../test/fakes/clock.ts', 'not a folder'],
    ['a host imports the other', 'kong/phases.ts', '../extproc/names.ts', 'not a folder'],
    ['a host imports the cli', 'extproc/main.ts', '../cli/run.ts', 'not a folder'],
    ['the model knows policies', 'plugins/model/request.ts', '../policy.ts', 'point up'],
    ['the pipeline knows the gateway', 'plugins/pipeline.ts', './gateway.ts', 'point up'],
    ['config knows identity', 'plugins/config/rules.ts', '../identity.ts', 'point up'],
    [
      'config knows a policy, not only its settings',
      'plugins/config/schema.ts',
      '../policies/pii/pii.ts',
      'point up',
    ],
    ['a socket in the core', 'plugins/session.ts', 'node:net', 'no such package'],
    ['a file in the core', 'plugins/config/load.ts', 'node:fs', 'no such package'],
    ['a logger in a policy', 'plugins/policies/audit/audit.ts', 'pino', 'no such package'],
    ['a part of a package in the core', 'plugins/session.ts', 'zod/mini', 'no such package'],
    ['a host file that is not main', 'extproc/server.ts', '../plugins/io/clock.ts', 'import io'],
    ['a main that is no host', 'envoy/main.ts', '../plugins/io/clock.ts', 'import io'],
    ['one dialect knows another', 'plugins/dialects/a/request.ts', '../b/request.ts', 'no other dialect'],
    ['a dialect knows policies', 'plugins/dialects/a/request.ts', '../../policies/pii/pii.ts', 'point up'],
    ['one policy knows another', 'plugins/policies/a/a.ts', '../b/b.ts', 'no other policy'],
    ['a policy knows dialects', 'plugins/policies/a/a.ts', '../../dialects/dialect.ts', 'no dialect'],
  ])('catch it when %s', (_, from, target, why) => {
    const [breach, ...others] = violations(importing(from, target));
    expect(breach).toMatch(new RegExp(`^${from} → .*: .*${why}`));
    expect(others).toEqual([]);
  });

  test('io is out of reach for the core: it is the last room, and only mains import it', () => {
    expect(violations(importing('plugins/gateway.ts', './io/clock.ts'))).toHaveLength(2);
  });

  test.each([
    ['plugins/config/schema.ts', '../policies/pii/config.ts'],
    ['plugins/dialects/registry.ts', './a/index.ts'],
    ['plugins/policies/registry.ts', './a/a.ts'],
    ['plugins/dialects/a/request.ts', '../dialect.ts'],
    ['plugins/policies/a/a.ts', '../../identity.ts'],
    ['plugins/io/files.ts', 'node:fs'],
    ['extproc/main.ts', '../plugins/io/clock.ts'],
    ['cli/commands/check.ts', '../../plugins/io/config-file.ts'],
    ['cli/commands/version.ts', '../../package.json'],
    ['envoy/routes.ts', '../extproc/names.ts'],
  ])('let %s import %s', (from, target) => {
    expect(violations(importing(from, target))).toEqual([]);
  });

  test('find cycles, also of types and of one file', () => {
    const sources = new Map([
      ['plugins/session.ts', "import type { B } from './reply.ts';"],
      ['plugins/reply.ts', "export { c } from './answer.ts';"],
      ['plugins/answer.ts', "import './session.ts';"],
      ['plugins/alone.ts', "import './alone.ts';"],
    ]);
    expect(violations(sources)).toEqual([
      'plugins/session.ts → plugins/reply.ts → plugins/answer.ts → plugins/session.ts: a cycle',
      'plugins/alone.ts → plugins/alone.ts: a cycle',
    ]);
  });
});

test('imports are found in every form, and not in comments', () => {
  const text = [
    "import a from 'a';",
    'import type {\n  B,\n  C,\n} from "./b.ts";',
    "export * from '../c.ts';",
    "import 'd';",
    "const e = await import('./e.ts');",
    "// import 'x';",
    "/**\n * import('./y.ts')\n */",
    "const accept = '*/*'; // from here: text/*",
    "const load = () => import('./f.ts');",
  ].join('\n');
  expect(importsOf('plugins/io/z.ts', text).map(({ to }) => to)).toEqual([
    'a',
    'plugins/io/b.ts',
    'plugins/c.ts',
    'd',
    'plugins/io/e.ts',
    'plugins/io/f.ts',
  ]);
});
