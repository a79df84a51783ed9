import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** A text and what is in it: offsets in code points, types as `nexus scan` prints them. */
export interface MarkedText {
  readonly text: string;
  readonly spans: readonly { readonly start: number; readonly end: number; readonly type: string }[];
  /** Of the texts about secrets: does it hold one? */
  readonly label?: number;
}

/** Folder of the shared data; it is no part of the project. */
export const dataFolder = (): string =>
  process.env.NEXUS_DATA ?? fileURLToPath(new URL('../../../shared/data', import.meta.url));

/** JSON lines of the shared data; undefined when they are not there. */
export const corpus = (name: string): MarkedText[] | undefined => {
  try {
    return readFileSync(`${dataFolder()}/${name}`, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as MarkedText);
  } catch {
    return undefined;
  }
};

/** Our own messages, in which `[[TYPE|value]]` marks what is to be found; `===` between two. */
export const ownMessages = (): MarkedText[] =>
  readFileSync(new URL('./messages.txt', import.meta.url), 'utf8')
    .trimEnd()
    .split('\n===\n')
    .map(unmark);

const unmark = (marked: string): MarkedText => {
  let text = '';
  const spans: MarkedText['spans'][number][] = [];
  for (const piece of marked.split(/(\[\[[A-Z]+\|[^\]]*\]\])/)) {
    const [, type, value] = /^\[\[([A-Z]+)\|([^\]]*)\]\]$/.exec(piece) ?? [];
    const start = [...text].length;
    if (type !== undefined && value !== undefined)
      spans.push({ start, end: start + [...value].length, type });
    text += value ?? piece;
  }
  return { text, spans };
};
