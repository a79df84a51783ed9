/** One text to train on. */
export interface TrainingRow {
  readonly text: string;
  /** 1: an attack. */
  readonly label: 0 | 1;
  /** `user`: a user turn; `tool`: a tool result or a document. */
  readonly channel: 'user' | 'tool';
  /** Where it comes from; whole sources are held out together. */
  readonly source: string;
  readonly kind: string;
  readonly lang: string;
  /** Of an attack inside of a document: where it stands (UTF-16, end exclusive). */
  readonly span?: readonly [number, number];
}

/** A row as the data files hold it; see the README of the data. */
export interface FileRow {
  readonly text: string;
  readonly label: 0 | 1;
  readonly source: string;
  readonly lang: string;
  readonly licence: string;
  readonly channel: 'user' | 'tool';
  readonly kind: string;
  /** Code points. */
  readonly inj?: readonly [number, number];
}

/** Reads one line of a data file. Throws a `SyntaxError` on what is no JSON. */
export const parseRow = (line: string): TrainingRow & { readonly licence: string } => {
  const { text, label, channel, source, kind, lang, licence, inj } = JSON.parse(line) as FileRow;
  const span = inj && ([units(text, inj[0]), units(text, inj[1])] as const);
  return { text, label, channel, source, kind, lang, licence, ...(span ? { span } : {}) };
};

/** UTF-16 index of a code point. */
const units = (text: string, points: number): number => {
  let at = 0;
  for (let point = 0; point < points && at < text.length; point++) {
    at += (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
  }
  return at;
};
