import { posix } from 'node:path';

/** Texts of our sources by their path from the root of the repository: `plugins/policy.ts`. */
export type Sources = ReadonlyMap<string, string>;

/** One import of one file. */
interface Import {
  readonly from: string;
  /** A path from the root of the repository, or the name of a package. */
  readonly to: string;
  readonly isPackage: boolean;
}

/** Every breach of the house rules, as `file → what it imports: why it may not`. Types count like values. */
export const violations = (sources: Sources): string[] => {
  const imports = [...sources].flatMap(([file, text]) => importsOf(file, text));
  const breaches = imports.flatMap((it) =>
    rules.flatMap(({ forbids, why }) => (forbids(it) ? [`${it.from} → ${it.to}: ${why}`] : [])),
  );
  return [...breaches, ...cycles(imports).map((files) => `${files.join(' → ')}: a cycle`)];
};

/** What a source imports: `import … from`, `export … from`, `import '…'` and `import('…')`, but not in comments. */
export const importsOf = (from: string, text: string): Import[] => {
  const code = text.replaceAll(/^\s*(\/\*[\s\S]*?\*\/|\/\/.*$)/gm, '');
  return [...code.matchAll(/\b(?:from|import)\s*\(?\s*(['"])([^'"\s]+)\1/g)].map(([, , target = '']) => {
    const isPackage = !target.startsWith('.');
    return { from, to: isPackage ? target : posix.join(posix.dirname(from), target), isPackage };
  });
};

interface Rule {
  readonly forbids: (it: Import) => boolean;
  readonly why: string;
}

/** What each top folder may import besides itself. */
const areas: Readonly<Record<string, readonly string[]>> = {
  plugins: [],
  extproc: ['plugins'],
  kong: ['plugins'],
  envoy: ['plugins', 'extproc'],
  cli: ['plugins', 'extproc', 'kong', 'envoy', 'bench', 'test'],
};

/** The rooms of plugins/, from those that know nothing to those that know all: imports only point up this list. */
const rooms: readonly RegExp[] = [
  /^plugins\/wire\//,
  /^plugins\/refusals\.ts$/,
  /^plugins\/model\//,
  /^plugins\/exchange\.ts$/,
  /^plugins\/text\//,
  /^plugins\/ports\//,
  /^plugins\/counters\//,
  /^plugins\/catalog\//,
  /^plugins\/policy\.ts$/,
  /^plugins\/dialects\//,
  /^plugins\/(mode|conditions)\.ts$/,
  /^plugins\/policies\/[^/]+\/config\.ts$/,
  /^plugins\/config\//,
  /^plugins\/(identity|providers)\.ts$/,
  /^plugins\/policies\//,
  /^plugins\/pipeline\.ts$/,
  /^plugins\/[^/]+\.ts$/, // the gateway and its parts
  /^plugins\/io\//,
];

/** What the core may use besides itself. Sockets, files, logs and metrics are io's. */
const corePackages = [
  '@marcbachmann/cel-js',
  '@smithy/eventstream-codec',
  '@smithy/util-utf8',
  'gpt-tokenizer/encoding/o200k_base',
  'ibantools',
  'libphonenumber-js/min',
  'lru-cache',
  'node:buffer',
  'node:crypto',
  'node:zlib',
  're2js',
  'unicode-confusables',
  'yaml',
  'zod',
];

const areaOf = (path: string): string => path.split('/')[0] ?? '';
const roomOf = (path: string): number => rooms.findIndex((room) => room.test(path));
const isIo = (path: string): boolean => path.startsWith('plugins/io/');
const isCore = (path: string): boolean => path.startsWith('plugins/') && !isIo(path);
const mayUseIo = (path: string): boolean =>
  isIo(path) || /^(cli\/|(extproc|kong)\/main\.ts$|kong\/standby\.ts$)/.test(path);

/** `dialects/openai-chat` of a file in a folder of its own; undefined for those directly in `dialects/`. */
const folderOf = (path: string, room: 'dialects' | 'policies'): string | undefined =>
  new RegExp(`^plugins/(${room}/[^/]+)/`).exec(path)?.[1];

/** What dialects of one family share; it knows none of them. */
const isFamily = (folder: string): boolean => folder === 'dialects/openai';

const isSibling = ({ from, to }: Import, room: 'dialects' | 'policies'): boolean => {
  const [own, other] = [folderOf(from, room), folderOf(to, room)];
  return own !== undefined && other !== undefined && own !== other && !isFamily(other);
};

const rules: readonly Rule[] = [
  {
    forbids: ({ from, to, isPackage }) =>
      !isPackage &&
      to.endsWith('.ts') &&
      areaOf(to) !== areaOf(from) &&
      !areas[areaOf(from)]?.includes(areaOf(to)),
    why: 'not a folder that this one may import',
  },
  {
    forbids: ({ from, to, isPackage }) => !isPackage && roomOf(from) !== -1 && roomOf(to) > roomOf(from),
    why: 'imports point up the list of rooms',
  },
  {
    forbids: ({ from, to, isPackage }) => isPackage && isCore(from) && !corePackages.includes(to),
    why: 'the core takes no such package (sockets, files and telemetry belong into plugins/io)',
  },
  {
    forbids: ({ from, to }) => isIo(to) && !mayUseIo(from),
    why: 'only the programs of a host and the cli import io',
  },
  { forbids: (it) => isSibling(it, 'dialects'), why: 'a dialect knows no other dialect' },
  { forbids: (it) => isSibling(it, 'policies'), why: 'a policy knows no other policy' },
  {
    forbids: ({ from, to }) => from.startsWith('plugins/policies/') && to.startsWith('plugins/dialects/'),
    why: 'a policy knows no dialect',
  },
];

/** One path through each cycle, its first file again at the end. */
const cycles = (imports: readonly Import[]): string[][] => {
  const targets = Map.groupBy(imports, ({ from }) => from);
  const done = new Set<string>();
  const found: string[][] = [];
  const visit = (file: string, above: readonly string[]): void => {
    if (above.includes(file)) found.push([...above.slice(above.indexOf(file)), file]);
    if (above.includes(file) || done.has(file)) return;
    for (const { to } of targets.get(file) ?? []) visit(to, [...above, file]);
    done.add(file);
  };
  for (const file of targets.keys()) visit(file, []);
  return found;
};
