import type { ModelEvent } from '../model/events.ts';
import { type JsonObject, type JsonValue, parseJsonObject } from '../wire/json.ts';
import { type Differing, Likeness, LikeTexts, marks } from '../wire/likeness.ts';
import type { SseEvent, SseSplitter } from '../wire/sse.ts';

/** The members of a chunk that brings more of a text and nothing else; undefined for every chunk that is not known through and through. */
export type GrowthOf = (chunk: JsonObject) => Differing | undefined;

/** What is told by a chunk like the one before that brings this text, and this object if there is one that differs. */
export type More = (text: string, inner: JsonValue | undefined) => ModelEvent[];

/** So many likenesses in a row that no chunk had: then this stream repeats nothing. */
const mostUseless = 8;

/** Reads events that are like the one before, which most of a stream is, without parsing them. */
export class AlikeEvents {
  readonly #growthOf: GrowthOf;
  #likeness: Likeness | undefined;
  /** The name of the events that are alike, and what stands before their data. */
  #name = '';
  #head = '';
  #more: More | undefined;
  #useless = 0;

  constructor(growthOf: GrowthOf) {
    this.#growthOf = growthOf;
  }

  /** What this event tells; undefined when it has to be parsed. */
  read({ event, data }: SseEvent): ModelEvent[] | undefined {
    return event === this.#name ? this.#tell(data) : undefined;
  }

  /** What these bytes tell, if they are one such event and nothing else; undefined when `sse` has to split them. */
  readBytes(sse: SseSplitter, bytes: Uint8Array): ModelEvent[] | undefined {
    const text = this.#likeness && sse.peek(bytes);
    const { length } = this.#head;
    return text?.slice(0, length) === this.#head ? this.#tell(text.slice(length)) : undefined;
  }

  #tell(json: string): ModelEvent[] | undefined {
    const told = this.#likeness?.read(json);
    if (!told?.text) return undefined;
    this.#useless = 0;
    return this.#more?.(told.text, told.inner);
  }

  /** The event that was parsed instead. `more` tells the next ones, unless this one did more than to bring a text. */
  learn({ event, data }: SseEvent, chunk: JsonObject, more: More | undefined): void {
    this.#likeness = undefined; // something else has come: what is like an event of before may mean something else now
    if (!more || this.#useless >= mostUseless) return;
    this.#useless++;
    const growth = this.#growthOf(chunk);
    const likeness = growth && Likeness.of(data, growth);
    if (!likeness || !this.#isShownBy(likeness.example)) return;
    this.#likeness = likeness;
    this.#more = more;
    this.#name = event;
    this.#head = event === '' ? 'data: ' : `event: ${event}\ndata: `;
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
