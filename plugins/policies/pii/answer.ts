import type { ModelEvent } from '../../model/events.ts';
import { mapJsonText } from '../../model/texts.ts';
import type { EventFilter } from '../../policy.ts';
import type { Finding } from './finding.ts';
import type { Writing } from './matcher.ts';
import { labelOf } from './scan.ts';

export interface AnswerSettings {
  readonly find: (text: string) => readonly Finding[];
  /** Did the caller send this value? Then it may come back. */
  readonly isSupplied: (value: string) => boolean;
  readonly textWriting: Writing;
  /** Told of everything that is taken out. */
  readonly onFound: (finding: Finding) => void;
}

/** Characters at the end of a stream that wait, because a finding may begin in them; a stream is read whenever twice as many wait. */
const window = 256;
/** Characters before what is read that findings may depend on. */
const context = 128;

/**
 * Takes out of an answer what the caller did not supply: `[EMAIL]` in the place of an address. A text waits until
 * `2 * window` characters of it are there, JSON (arguments of tools, structured output) until it is whole. Log
 * probabilities name the tokens of the text and are left out.
 */
export const answerFilter = (settings: AnswerSettings): EventFilter => new AnswerRedactor(settings);

interface OpenPart {
  readonly type: 'text-delta' | 'reasoning-delta' | 'tool-input-delta';
  readonly writing: Writing;
  /** What has gone out last. */
  before: string;
  waiting: string;
  readonly behind: ModelEvent[];
}

class AnswerRedactor implements EventFilter {
  readonly #settings: AnswerSettings;
  readonly #parts = new Map<number, OpenPart>();

  constructor(settings: AnswerSettings) {
    this.#settings = settings;
  }

  push(event: ModelEvent): readonly ModelEvent[] {
    switch (event.type) {
      case 'text-delta': {
        const passed = this.#take(event.part, event.type, event.text, this.#settings.textWriting);
        return event.vendor && passed.length === 0 ? [{ ...event, text: '' }] : passed;
      }
      case 'reasoning-delta':
        return this.#take(event.part, event.type, event.text, 'plain');
      case 'tool-input-delta':
        return this.#take(event.part, event.type, event.json, 'json');
      case 'citation': {
        const { citation, ...rest } = event;
        const cited = citation.citedText === undefined ? {} : { citedText: this.#redact(citation.citedText) };
        return this.#inPart(event.part, { ...rest, citation: { ...citation, ...cited } });
      }
      case 'reasoning-signature':
        return this.#inPart(event.part, event);
      case 'part-stop':
        return [...this.#close(event.part), event];
      case 'logprobs':
        return [];
      case 'finish':
      case 'error':
      case 'message-stop':
        return [...this.flush(), event];
      default:
        return [event];
    }
  }

  flush(): readonly ModelEvent[] {
    return [...this.#parts.keys()].flatMap((part) => this.#close(part));
  }

  #take(part: number, type: OpenPart['type'], text: string, writing: Writing): readonly ModelEvent[] {
    const open = this.#parts.get(part) ?? { type, writing, before: '', waiting: '', behind: [] };
    this.#parts.set(part, open);
    open.waiting += text;
    if (open.writing === 'json' || open.waiting.length < 2 * window) return [];
    return [deltaOf(open, part, this.#release(open, window))];
  }

  /** What can go out while `kept` characters wait; a finding never goes out in halves. */
  #release(open: OpenPart, kept: number): string {
    const text = open.before + open.waiting;
    const found = this.#found(text);
    let to = text.length - kept;
    for (const { start, end } of found)
      if (start < to && end > to) to = start > open.before.length ? start : end;
    const passed = this.#replace(text, found, { from: open.before.length, to });
    open.before = text.slice(Math.max(0, to - context), to);
    open.waiting = text.slice(to);
    return passed;
  }

  #found(text: string): readonly Finding[] {
    return this.#settings
      .find(text)
      .filter(({ start, end }) => !this.#settings.isSupplied(text.slice(start, end)));
  }

  #redact(text: string): string {
    return this.#replace(text, this.#found(text), { from: 0, to: text.length });
  }

  #replace(text: string, found: readonly Finding[], { from, to }: { from: number; to: number }): string {
    let replaced = '';
    let at = from;
    for (const finding of found) {
      if (finding.end <= from || finding.start >= to) continue;
      this.#settings.onFound(finding);
      replaced += `${text.slice(at, Math.max(at, finding.start))}[${labelOf(finding)}]`;
      at = finding.end;
    }
    return replaced + text.slice(at, Math.max(at, to));
  }

  #close(part: number): readonly ModelEvent[] {
    const open = this.#parts.get(part);
    if (!open) return [];
    this.#parts.delete(part);
    const rest =
      open.writing === 'json'
        ? mapJsonText(open.waiting, (text) => this.#redact(text))
        : this.#release(open, 0);
    return [...(rest === '' ? [] : [deltaOf(open, part, rest)]), ...open.behind];
  }

  #inPart(part: number, event: ModelEvent): readonly ModelEvent[] {
    const open = this.#parts.get(part);
    if (!open || open.waiting === '') return [event];
    open.behind.push(event);
    return [];
  }
}

const deltaOf = ({ type }: OpenPart, part: number, text: string): ModelEvent =>
  type === 'tool-input-delta' ? { type, part, json: text } : { type, part, text };
