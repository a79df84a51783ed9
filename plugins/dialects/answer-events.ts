import type { ModelEvent, PartStart } from '../model/events.ts';
import type { GatewayError } from '../refusals.ts';
import { FrameCutter, firstAnd, framesWith } from '../wire/frames.ts';
import type { JsonValue } from '../wire/json.ts';
import type { More } from './alike.ts';
import type { ResponseDecoder, ResponseEncoder } from './dialect.ts';

// What dialects share in reading answers, and in writing whole ones.

/** The events that were read of an answer, until it has ended. */
export class AnswerEvents {
  protected events: ModelEvent[] = [];
  protected ended = false;
  /** How a text was told last. */
  #more: More | undefined;

  /** The answer has ended, well or not: nothing more is read. */
  get over(): boolean {
    return this.ended;
  }

  /** The events since the last call. */
  take(): ModelEvent[] {
    const { events } = this;
    this.events = [];
    return events;
  }

  push(event: ModelEvent): void {
    this.events.push(event);
  }

  pushAll(events: readonly ModelEvent[]): void {
    for (const event of events) this.events.push(event);
  }

  /** Tells a text by `more`, which then tells those of chunks that are like this one, too. */
  protected tell(text: string, more: More): void {
    this.#more = more;
    this.pushAll(more(text, undefined));
  }

  /** How the chunk that `read` reads told more of a text; undefined when it did anything else, but for counting. */
  protected moreAfter(read: () => void): More | undefined {
    this.#more = undefined;
    const before = this.events.length;
    read();
    const told = this.events.slice(before).filter(({ type }) => type !== 'usage');
    return told.length === 1 ? this.#more : undefined;
  }

  fail(error: GatewayError): void {
    if (this.ended) return;
    this.ended = true;
    this.events.push({ type: 'error', error });
  }
}

/** Events of an answer with one choice whose parts are blocks, which the wire names by a `Key`. */
export class BlockEvents<Key> extends AnswerEvents {
  #parts = 0;
  readonly #open = new Map<Key, number>();

  /** The part of a block, which begins when it is asked for first. Parts are numbered in that order. */
  open(key: Key, start: Omit<PartStart, 'type' | 'part' | 'choice'>): number {
    const known = this.#open.get(key);
    if (known !== undefined) return known;
    const part = this.#parts++;
    this.#open.set(key, part);
    this.events.push({ type: 'part-start', part, choice: 0, ...start });
    return part;
  }

  close(key: Key): void {
    const part = this.#open.get(key);
    if (part === undefined) return;
    this.#open.delete(key);
    this.events.push({ type: 'part-stop', part });
  }

  protected closeAll(): void {
    for (const key of [...this.#open.keys()]) this.close(key);
  }
}

/** Reads a whole body when it has come. */
export class WholeDecoder implements ResponseDecoder {
  readonly #chunks: Uint8Array[] = [];
  readonly #read: (body: string) => ModelEvent[];

  constructor(read: (body: string) => ModelEvent[]) {
    this.#read = read;
  }

  push(bytes: Uint8Array): ModelEvent[] {
    this.#chunks.push(bytes);
    return [];
  }

  end(): ModelEvent[] {
    const [only, ...more] = this.#chunks;
    const bytes = only && more.length === 0 ? only : Buffer.concat(this.#chunks);
    return this.#read(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'));
  }
}

/** Passes over the frames between those that tell, which is most of a stream, without splitting or parsing them. */
export class ObservedStream implements ResponseDecoder {
  readonly #frames = new FrameCutter();
  readonly #telling: RegExp;
  readonly #decoder: ResponseDecoder;
  readonly #passed: (frames: Uint8Array) => ModelEvent[];
  #began = false;

  /**
   * `telling` (global) is found in frames that tell. `passed` is given frames of which the last ones told nothing, after
   * those that did.
   */
  constructor(
    telling: RegExp,
    decoder: ResponseDecoder,
    passed: (frames: Uint8Array) => ModelEvent[] = () => [],
  ) {
    this.#telling = telling;
    this.#decoder = decoder;
    this.#passed = passed;
  }

  push(bytes: Uint8Array): ModelEvent[] {
    const whole = this.#frames.push(bytes);
    if (whole.length === 0) return [];
    const found = framesWith(this.#telling, whole);
    // The first frame says what kind of answer this is.
    const places = this.#began ? found : firstAnd(found, whole);
    this.#began = true;
    if (!places) return this.#decoder.push(whole);
    const events = places.flatMap(([start, end]) => this.#decoder.push(whole.subarray(start, end)));
    return places.at(-1)?.[1] === whole.length ? events : [...events, ...this.#passed(whole)];
  }

  end(): ModelEvent[] {
    return [...this.#decoder.push(this.#frames.take()), ...this.#decoder.end()];
  }
}

/** One JSON answer: what `writer` streams, joined again. */
export const joinedAnswer = <Frame>(
  writer: { push(event: ModelEvent): readonly Frame[]; end(): readonly Frame[] },
  joiner: { add(frame: Frame): void; readonly body: JsonValue },
): ResponseEncoder => {
  const join = (frames: readonly Frame[]): string => {
    for (const frame of frames) joiner.add(frame);
    return '';
  };
  return {
    contentType: 'application/json',
    push: (event) => join(writer.push(event)),
    end: () => {
      join(writer.end());
      return JSON.stringify(joiner.body);
    },
  };
};
