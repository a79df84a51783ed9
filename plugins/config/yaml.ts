import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  type Scalar,
  visit,
  type YAMLError,
} from 'yaml';
import type { Finding, Path } from './problem.ts';

/** Line and column, both from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** A parsed YAML document that knows where everything in it stands. */
export interface YamlSource {
  readonly value: unknown;
  /** Is there something at `path` in the text? Defaults are not. */
  has(path: Path): boolean;
  /** Where it stands, or the key of the nearest parent that does; the start of the document at last. */
  positionOf(path: Path, part: Finding['part']): Position;
}

/** Why a text is no YAML that we read. */
export interface YamlError extends Position {
  readonly message: string;
}

/** Aliases followed before a document counts as an attack ("billion laughs"). */
const maxAliases = 100;

/**
 * Parses YAML 1.2: one document, string keys, no key twice, no unknown tags. Aliases are followed, but not without
 * end.
 */
export const parseYaml = (text: string): YamlSource | { readonly error: YamlError } => {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, stringKeys: true });
  const [fault] = [...document.errors, ...document.warnings]; // after the first, the parser only guesses
  if (fault) return { error: { ...at(lines, fault.pos[0]), message: wording(fault) } };
  const forbidden = protoKey(document);
  if (forbidden)
    return { error: { ...at(lines, forbidden.range?.[0] ?? 0), message: '__proto__ is no name' } };
  try {
    const value: unknown = document.toJS({ maxAliasCount: maxAliases });
    return { value, ...places(document, lines) };
  } catch (cause) {
    if (!(cause instanceof ReferenceError)) throw cause;
    return { error: { line: 1, column: 1, message: cause.message } }; // says which alias, or that there are too many
  }
};

/** The parser's own words, without the piece of text that it quotes at the end: that may be a secret. */
const wording = ({ code, message }: YAMLError): string => {
  if (code === 'DUPLICATE_KEY') return 'the key stands here a second time, expected once';
  if (code === 'MULTIPLE_DOCS') return 'a second document begins here, expected one';
  return message.replace(/: ".*$/s, '');
};

/** The first key `__proto__`. Objects cannot hold it as a name like others, so it would be lost in silence. */
const protoKey = (document: Document.Parsed): Scalar | undefined => {
  let found: Scalar | undefined;
  visit(document, {
    Pair: (_, { key }) => {
      if (!isScalar(key) || key.value !== '__proto__') return undefined;
      found = key;
      return visit.BREAK;
    },
  });
  return found;
};

const at = (lines: LineCounter, offset: number): Position => {
  const { line, col } = lines.linePos(offset);
  return { line, column: col };
};

/** What stands at the end of one step: in a map a key and its value, in a list a value. */
interface Spot {
  readonly key?: Node | undefined;
  readonly value?: Node | undefined;
}

const places = (document: Document.Parsed, lines: LineCounter): Pick<YamlSource, 'has' | 'positionOf'> => {
  const start = (node: Node | undefined): Position => at(lines, node?.range?.[0] ?? 0);
  return {
    has: (path) => spotsAlong(document, path).length === path.length,
    positionOf: (path, part) => {
      const spots = spotsAlong(document, path);
      const last = spots.at(-1);
      const wantsValue = part === 'value' && spots.length === path.length;
      return start(wantsValue ? last?.value : (last?.key ?? last?.value));
    },
  };
};

/** The spots on the way down `path`, as far as it exists. */
const spotsAlong = (document: Document.Parsed, path: Path): readonly Spot[] => {
  const spots: Spot[] = [];
  for (const step of path) {
    const parent = spots.length === 0 ? document.contents : spots.at(-1)?.value;
    const spot = stepInto(isAlias(parent) ? parent.resolve(document) : parent, step);
    if (!spot) break;
    spots.push(spot);
  }
  return spots;
};

const stepInto = (parent: unknown, step: string | number): Spot | undefined => {
  if (isSeq<Node>(parent)) return typeof step === 'number' ? valueSpot(parent.items[step]) : undefined;
  if (!isMap<Node, Node>(parent)) return undefined;
  const pair = parent.items.find(({ key }) => isScalar(key) && key.value === step);
  return pair && { key: pair.key, value: pair.value ?? undefined };
};

const valueSpot = (value: Node | undefined): Spot | undefined => value && { value };
