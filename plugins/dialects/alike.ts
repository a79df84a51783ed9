import type { ModelEvent } from '../model/events.ts';
import { type JsonObject, type JsonValue, parseJsonObject } from '../wire/json.ts';
import { type Differing, Likeness, LikeTexts, marks } from '../wire/likeness.ts';
import type { SseEvent, SseSplitter } from '../wire/sse.ts';

/** What differs in chunks that bring more of a text and nothing else; undefined for all that is not known through and through. */
export type GrowthOf = (chunk: JsonObject) => Differing | undefined;

/** What is told by a chunk like the last one that brings this text, and this object where one differs. */
export type More = (text: string, inner: JsonValue | undefined) => ModelEvent[];

/** So many likenesses in a row that no chunk had: then this stream repeats nothing. */
const mostUseless = 8;

/** Events that need not be parsed. */
interface Known {
  readonly likeness: Likeness;
  readonly name: string;
  /** What stands before their data. */
  readonly head: string;
  readonly more: More;
}

/** Reads events that are like the last one, which most of a stream is, without parsing them. */
export class AlikeEvents {
  readonly #growthOf: GrowthOf;
  #known: Known | undefined;
  #useless = 0;

  constructor(growthOf: GrowthOf) {
    this.#growthOf = growthOf;
  }

  /** What this event tells; undefined when it has to be parsed. */
  read({ event, data }: SseEvent): ModelEvent[] | undefined {
    return event === this.#known?.name ? this.#readData(this.#known, data) : undefined;
  }

  /** What these bytes tell if they are one such event and nothing else; undefined when they have to be pushed into `sse`. */
  readBytes(sse: SseSplitter, bytes: Uint8Array): ModelEvent[] | undefined {
    if (!this.#known) return undefined;
    const { head } = this.#known;
    const text = sse.peek(bytes);
    return text?.slice(0, head.length) === head
      ? this.#readData(this.#known, text.slice(head.length))
      : undefined;
  }

  #readData({ likeness, more }: Known, json: string): ModelEvent[] | undefined {
    const told = likeness.read(json);
    if (!told?.text) return undefined;
    this.#useless = 0;
    return more(told.text, told.inner);
  }

  /** The event that was parsed instead. `more` tells the next ones; undefined when this one did more than to bring a text. */
  learn({ event, data }: SseEvent, chunk: JsonObject, more: More | undefined): void {
    this.#known = undefined; // something else has come: what is like an event of before may mean something else now
    if (!more || this.#useless >= mostUseless) return;
    this.#useless++;
    const growth = this.#growthOf(chunk);
    const likeness = growth && Likeness.of(data, growth);
    if (!likeness || !this.#isShownBy(likeness.example)) return;
    const head = event === '' ? 'data: ' : `event: ${event}\ndata: `;
    this.#known = { likeness, name: event, head, more };
  }

  /** Is every mark found where texts, padding and objects are read? */
  #isShownBy(example: string): boolean {
    const chunk = parseJsonObject(example);
    const shown = chunk && this.#growthOf(chunk);
    if (shown?.told[1] !== marks.told || !shown.padding.every(([, value]) => isPadding(value))) return false;
    return !shown.inner || shown.inner[1] === marks.inner;
  }
}

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
