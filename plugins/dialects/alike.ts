import type { ModelEvent } from '../model/events.ts';
import { type JsonObject, parseJsonObject } from '../wire/json.ts';
import { Likeness, LikeTexts, type Member, marks } from '../wire/likeness.ts';

/** What a chunk of a stream says, when it does nothing but bring more of a text. */
export interface Growth {
  /** The member that holds the text. */
  readonly told: Member;
  /** Members that mean nothing and differ from chunk to chunk. */
  readonly padding: readonly Member[];
}

/** So many likenesses in a row that no chunk had: then this stream repeats nothing. */
const mostUseless = 8;

/** Reads chunks that are like the one before, which most of a stream is, without parsing them. */
export class AlikeChunks {
  readonly #growthOf: (chunk: JsonObject) => Growth | undefined;
  #likeness: Likeness | undefined;
  #useless = 0;

  /** `growthOf` gives undefined for every chunk that it does not know through and through. */
  constructor(growthOf: (chunk: JsonObject) => Growth | undefined) {
    this.#growthOf = growthOf;
  }

  /** The text that this chunk brings, never an empty one; undefined when the chunk has to be parsed. */
  read(json: string): string | undefined {
    const text = this.#likeness?.read(json);
    if (!text) return undefined;
    this.#useless = 0;
    return text;
  }

  /** From now on chunks are read that are like this one, which brings a text. */
  learn(json: string, chunk: JsonObject): void {
    this.forget();
    if (this.#useless >= mostUseless) return;
    this.#useless++;
    const growth = this.#growthOf(chunk);
    const likeness = growth && Likeness.of(json, growth.told, growth.padding);
    if (likeness && this.#isShownBy(likeness.example)) this.#likeness = likeness;
  }

  /** Something else has come: what is like a chunk of before may mean something else now. */
  forget(): void {
    this.#likeness = undefined;
  }

  #isShownBy(example: string): boolean {
    const chunk = parseJsonObject(example);
    const shown = chunk && this.#growthOf(chunk);
    return shown?.told[1] === marks.told && shown.padding.every(([, value]) => isPadding(value));
  }
}

const isPadding = (value: string | number): boolean => value === marks.padding || value === marks.number;

/** More of a text, as an event. */
export type Delta = Extract<
  ModelEvent,
  { readonly type: 'text-delta' | 'reasoning-delta' | 'tool-input-delta' }
>;

/**
 * The same for dialects in which such a chunk leaves their reader as it was: when one has given more of a text and no
 * other event, the next one like it gives that event with its own text.
 */
export class AlikeDeltas {
  readonly #chunks: AlikeChunks;
  #last: Delta | undefined;

  constructor(growthOf: (chunk: JsonObject) => Growth | undefined) {
    this.#chunks = new AlikeChunks(growthOf);
  }

  /** What this chunk gives; undefined when it has to be parsed. */
  read(json: string): Delta | undefined {
    const text = this.#chunks.read(json);
    return text === undefined || !this.#last ? undefined : deltaLike(this.#last, text);
  }

  /** The chunk that was read instead, and what it gave. */
  learn(json: string, chunk: JsonObject, events: readonly ModelEvent[]): void {
    this.#last = events.length === 1 ? plainDelta(events[0]) : undefined;
    if (this.#last) this.#chunks.learn(json, chunk);
    else this.#chunks.forget();
  }
}

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
