import { hash } from 'node:crypto';
import type { Catalog } from '../catalog/catalog.ts';
import { type Finding, formatPath, type Problem } from './problem.ts';
import { checkRules } from './rules.ts';
import { type Config, configSchema } from './schema.ts';
import { schemaFindings } from './schema-findings.ts';
import type { SecretSources } from './secrets.ts';
import { parseYaml, type YamlSource } from './yaml.ts';

/** A configuration that may be used. */
export interface LoadedConfig {
  readonly config: Config;
  /** `sha256:` and 64 hexadecimal digits: the same for the same meaning, whatever the layout of the file. */
  readonly digest: string;
  readonly warnings: readonly Problem[];
}

/** A configuration that may not be used, and all that is wrong with it. */
export interface RefusedConfig {
  readonly problems: readonly Problem[];
}

export interface LoadOptions extends SecretSources {
  /** The name of the file, for problems. */
  readonly file: string;
  /** Wall clock, milliseconds since 1970: which keys have expired. */
  readonly epochMs?: number;
  /** Public prices, read when a budget counts money; without them nobody checks that every model has a price. */
  readonly catalog?: () => Catalog;
}

/**
 * Reads nexus.yaml. Syntax, shape and references are checked, each problem with its line and column; secrets are
 * only looked for, never kept. Never throws for what stands in `text`.
 */
export const loadConfig = (text: string, options: LoadOptions): LoadedConfig | RefusedConfig => {
  const { file, epochMs = Date.now(), catalog, ...sources } = options;
  const source = parseYaml(text);
  if ('error' in source) return { problems: [{ severity: 'error', file, path: '', ...source.error }] };
  const place = (findings: readonly Finding[]) => placed(findings, source, file);
  const parsed = configSchema.safeParse(source.value, { reportInput: true });
  if (!parsed.success) return { problems: place(schemaFindings(parsed.error.issues)) };
  const config = parsed.data;
  const findings = place(
    checkRules({ config, wrote: source.has, sources, epochMs, ...(catalog ? { catalog } : {}) }),
  );
  const problems = findings.filter(({ severity }) => severity === 'error');
  return problems.length > 0 ? { problems } : { config, digest: digestOf(config), warnings: findings };
};

/** Findings with their places, in the order of the file. */
const placed = (findings: readonly Finding[], source: YamlSource, file: string): Problem[] =>
  findings
    .map(({ severity, path, part, message }) => ({
      severity,
      file,
      ...source.positionOf(path, part),
      path: formatPath(path),
      message,
    }))
    .sort((a, b) => a.line - b.line || a.column - b.column);

/** SHA-256 of the configuration with its defaults and without its layout: keys sorted, no blanks. */
const digestOf = (config: Config): string => `sha256:${hash('sha256', JSON.stringify(sorted(config)))}`;

const sorted = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).map(([key, member]) => [key, sorted(member)] as const);
  return Object.fromEntries(members.sort(([a], [b]) => (a < b ? -1 : 1)));
};
