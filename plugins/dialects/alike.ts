import type { ModelEvent } from '../model/events.ts';
import { type JsonObject, type JsonValue, parseJsonObject } from '../wire/json.ts';
import { type Differing, Likeness, LikeTexts, marks, type Told } from '../wire/likeness.ts';
import { type SseEvent, SseSplitter } from '../wire/sse.ts';

/** What differs in chunks that bring more of a text and nothing else; undefined for those that do or may do more. */
export type GrowthOf = (chunk: JsonObject) => Differing | undefined;

/** What is told by a chunk like the last one that brings this text, and this object where one differs. */
export type More = (text: string, inner: JsonValue | undefined) => ModelEvent[];

/** So many likenesses in a row that no chunk had: then this stream repeats nothing. */
const mostUseless = 8;

/** Events that are known but for what differs in them. */
interface Known {
  readonly name: string;
  /** What stands before their data. */
  readonly head: string;
  readonly likeness: Likeness;
  readonly more: More;
}

/** What has come of a stream. */
interface Come {
  /** What its first events tell, as far as they are like the last one before. */
  readonly told: ModelEvent[];
  /** The others, to be read one by one. */
  readonly events: readonly SseEvent[];
}

/** Splits a stream into events. Those like the last one, which most of a stream is, are neither split nor parsed. */
export class AlikeStream {
  readonly #sse = new SseSplitter();
  readonly #growthOf: GrowthOf;
  #known: Known | undefined;
  #useless = 0;

  constructor(growthOf: GrowthOf) {
    this.#growthOf = growthOf;
  }

  /** Takes the next bytes, cut anywhere. Throws a `RangeError` for an event without end. */
  push(bytes: Uint8Array): Come {
    const text = this.#sse.lines(bytes);
    const known = this.#sse.isBetween ? this.#known : undefined;
    let told: ModelEvent[] | undefined;
    let from = 0;
    while (known && from < text.length) {
      const read = readFrame(known, text, from);
      if (!read) break;
      const events = this.#tell(known, read);
      if (told) told.push(...events);
      else told = events; // mostly the only ones: no list is made for them
      from = afterBlankLine(text, read.end);
    }
    return { told: told ?? [], events: from === text.length ? [] : this.#sse.split(text.slice(from)) };
  }

  /** Also an event whose end never came. */
  end(): SseEvent[] {
    return this.#sse.end();
  }

  /** What this event tells; undefined when it has to be parsed. */
  read({ event, data }: SseEvent): ModelEvent[] | undefined {
    const known = this.#known;
    const told = event === known?.name ? known.likeness.read(data, 0) : undefined;
    return known && told?.text && told.end === data.length ? this.#tell(known, told) : undefined;
  }

  #tell({ more }: Known, { text, inner }: Told): ModelEvent[] {
    this.#useless = 0;
    return more(text, inner);
  }

  /** The event that was parsed instead. `more` tells those like it; undefined when it did more than to bring a text. */
  learn({ event, data }: SseEvent, chunk: JsonObject, more: More | undefined): void {
    this.#known = undefined; // something else has come: what is like an event of before may mean something else now
    if (!more || this.#useless >= mostUseless) return;
    this.#useless++;
    const growth = this.#growthOf(chunk);
    const likeness = growth && Likeness.of(data, growth);
    if (!likeness || !this.#isShownBy(likeness.example)) return;
    const head = event === '' ? 'data: ' : `event: ${event}\ndata: `;
    this.#known = { name: event, head, likeness, more };
  }

  /** Is every mark found where texts, padding and objects are read? */
  #isShownBy(example: string): boolean {
    const chunk = parseJsonObject(example);
    const shown = chunk && this.#growthOf(chunk);
    if (shown?.told[1] !== marks.told || !shown.padding.every(([, value]) => isPadding(value))) return false;
    return !shown.inner || shown.inner[1] === marks.inner;
  }
}

/** What the frame says that begins at `from`; undefined when it has to be split and parsed. */
const readFrame = ({ head, likeness }: Known, text: string, from: number): Told | undefined => {
  const start = from + head.length;
  const told = text.slice(from, start) === head ? likeness.read(text, start) : undefined;
  return told?.text && afterBlankLine(text, told.end) !== -1 ? told : undefined;
};

/** Where the line begins after an end of a line at `at` and a blank line; -1 when they are not there. */
const afterBlankLine = (text: string, at: number): number => {
  if (text.charCodeAt(at) === lf && text.charCodeAt(at + 1) === lf) return at + 2;
  return text.slice(at, at + 4) === '\r\n\r\n' ? at + 4 : -1;
};

const lf = 0x0a;

const isPadding = (value: string | number): boolean => value === marks.padding || value === marks.number;

/** More of a text, as an event. */
export type Delta = Extract<
  ModelEvent,
  { readonly type: 'text-delta' | 'reasoning-delta' | 'tool-input-delta' }
>;

/**
 * For dialects in which such a chunk leaves their reader as it was: after one that told more of a text and nothing else,
 * the next one tells the same with its own text.
 */
export const moreLike = (events: readonly ModelEvent[]): More | undefined => {
  const delta = events.length === 1 ? plainDelta(events[0]) : undefined;
  return delta && ((text) => [deltaLike(delta, text)]);
};

/** `event` when it is more of a text and nothing besides. */
export const plainDelta = (event: ModelEvent | undefined): Delta | undefined => {
  switch (event?.type) {
    case 'text-delta':
    case 'reasoning-delta':
      return event.vendor ? undefined : event;
    case 'tool-input-delta':
      return event;
    default:
      return undefined;
  }
};

/** What it brings: characters of a text, or of the JSON of a tool's arguments. */
export const textOf = (delta: Delta): string => (delta.type === 'tool-input-delta' ? delta.json : delta.text);

/** Is this more of the same? */
export const isSameText = (delta: Delta, last: Delta): boolean =>
  delta.type === last.type && delta.part === last.part;

const deltaLike = ({ type, part }: Delta, text: string): Delta =>
  type === 'tool-input-delta' ? { type, part, json: text } : { type, part, text };

/**
 * Writes more of a text like what of it was written before. For encoders that such an event leaves as they were, so that
 * they write the same for the next one, but for its text.
 */
export class AlikeFrames {
  readonly #write: (event: ModelEvent) => string;
  #last: { readonly delta: Delta; readonly frames: LikeTexts } | undefined;

  constructor(write: (event: ModelEvent) => string) {
    this.#write = write;
  }

  push(event: ModelEvent): string {
    if (event.type === 'usage') return this.#write(event); // counts are told at the end
    const delta = plainDelta(event);
    const text = delta ? textOf(delta) : '';
    if (delta && text !== '' && this.#last && isSameText(delta, this.#last.delta))
      return this.#last.frames.with(text);
    const written = this.#write(event);
    const grows = delta && written !== '';
    this.#last = grows
      ? { delta, frames: new LikeTexts((said) => this.#write(deltaLike(delta, said))) }
      : undefined;
    return written;
  }
}
