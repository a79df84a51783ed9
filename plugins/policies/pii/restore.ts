import type { Citation, ModelEvent } from '../../model/events.ts';
import { mapJson } from '../../model/texts.ts';
import type { EventFilter } from '../../policy.ts';
import type { JsonObject, JsonValue } from '../../wire/json.ts';
import { Matcher, type Writing } from './matcher.ts';
import type { Entry } from './vault.ts';

export interface RestoreSettings {
  readonly entries: readonly Entry[];
  /** How the text of the answer is written: `json` when the request asked for JSON. */
  readonly textWriting: Writing;
}

/**
 * Puts the values of this exchange back where an answer holds their placeholders, cut into whatever deltas: in texts,
 * refusals, reasoning, arguments of tools (as JSON strings) and citations. Holds back what may still become a
 * placeholder, at most one; nothing else waits. Undefined when there is nothing to put back.
 */
export const restoreFilter = ({ entries, textWriting }: RestoreSettings): EventFilter | undefined => {
  const matcher = new Matcher(entries);
  return matcher.isEmpty ? undefined : new Restorer(matcher, textWriting);
};

/** A restored text is longer or shorter than its placeholder: from `at` on, offsets move by `by` code points. */
interface Shift {
  readonly at: number;
  readonly by: number;
}

interface OpenPart {
  held: string;
  /** How the held text is written, and the event that it goes out as. */
  writing: Writing;
  type: DeltaType;
  /** Events of the part that must not overtake the held text. */
  readonly behind: ModelEvent[];
  /** Code points of the upstream's text so far. */
  points: number;
  readonly shifts: Shift[];
}

type DeltaType = 'text-delta' | 'reasoning-delta' | 'tool-input-delta';
type Delta = Extract<ModelEvent, { type: DeltaType }>;

class Restorer implements EventFilter {
  readonly #matcher: Matcher;
  readonly #textWriting: Writing;
  readonly #parts = new Map<number, OpenPart>();

  constructor(matcher: Matcher, textWriting: Writing) {
    this.#matcher = matcher;
    this.#textWriting = textWriting;
  }

  push(event: ModelEvent): readonly ModelEvent[] {
    switch (event.type) {
      case 'text-delta':
        return this.#delta(event, event.text, this.#textWriting);
      case 'reasoning-delta':
        return this.#delta(event, event.text, 'plain');
      case 'tool-input-delta':
        return this.#delta(event, event.json, 'json');
      case 'citation':
        return this.#inPart(event.part, { ...event, citation: this.#citation(event.part, event.citation) });
      case 'part-start':
        return [event.vendor ? { ...event, vendor: this.#strings(event.vendor) as JsonObject } : event];
      case 'part-stop':
        return [...this.#close(event.part), event];
      case 'raw':
        return [{ ...event, value: this.#strings(event.value) }];
      case 'reasoning-signature':
        return this.#inPart(event.part, event);
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

  #delta(event: Delta, text: string, writing: Writing): readonly ModelEvent[] {
    const open = this.#parts.get(event.part) ?? this.#open(event.part);
    if (open.held === '' && Matcher.nextStart(text, 0) === -1) {
      open.points += pointsOf(text);
      return [event];
    }
    open.writing = writing;
    open.type = event.type;
    const whole = open.held + text;
    const passed = this.#restore(open, whole, 'more');
    const vendor = event.type === 'text-delta' ? event.vendor : undefined;
    if (passed === '' && vendor === undefined) return [];
    return [this.#event(open, event, passed), ...(open.held === '' ? open.behind.splice(0) : [])];
  }

  #event(
    open: OpenPart,
    { part, ...rest }: Pick<Delta, 'part'> & { vendor?: JsonObject },
    text: string,
  ): ModelEvent {
    if (open.type === 'tool-input-delta') return { type: open.type, part, json: text };
    if (open.type === 'reasoning-delta') return { type: open.type, part, text };
    return { type: open.type, part, text, ...(rest.vendor ? { vendor: rest.vendor } : {}) };
  }

  /** The text with values put back; what may go on stays in `open.held`, unless no more comes. */
  #restore(open: OpenPart, text: string, expects: 'more' | 'end'): string {
    let restored = '';
    let copied = 0;
    const copy = (to: number): void => {
      const piece = text.slice(copied, to);
      restored += piece;
      open.points += pointsOf(piece);
    };
    let at = Matcher.nextStart(text, 0);
    while (at !== -1) {
      const match = this.#matcher.at(text, at, open.writing);
      if (match.kind === 'found') {
        copy(at);
        const value = open.writing === 'json' ? JSON.stringify(match.value).slice(1, -1) : match.value;
        restored += value;
        copied = match.end;
        const taken = pointsOf(text.slice(at, match.end));
        open.points += taken;
        open.shifts.push({ at: open.points, by: pointsOf(value) - taken });
        at = Matcher.nextStart(text, match.end);
      } else if (match.kind === 'open' && expects === 'more') {
        copy(at);
        open.held = text.slice(at);
        return restored;
      } else at = Matcher.nextStart(text, at + stepOver(text, at, open.writing));
    }
    copy(text.length);
    open.held = '';
    return restored;
  }

  #close(part: number): readonly ModelEvent[] {
    const open = this.#parts.get(part);
    if (!open) return [];
    this.#parts.delete(part);
    const rest = open.held === '' ? '' : this.#restore(open, open.held, 'end');
    return [...(rest === '' ? [] : [this.#event(open, { part }, rest)]), ...open.behind];
  }

  #inPart(part: number, event: ModelEvent): readonly ModelEvent[] {
    const open = this.#parts.get(part);
    if (!open || open.held === '') return [event];
    open.behind.push(event);
    return [];
  }

  #open(part: number): OpenPart {
    const open: OpenPart = {
      held: '',
      writing: 'plain',
      type: 'text-delta',
      behind: [],
      points: 0,
      shifts: [],
    };
    this.#parts.set(part, open);
    return open;
  }

  #citation(part: number, citation: Citation): Citation {
    const shifts = this.#parts.get(part)?.shifts ?? [];
    const moved = (offset: number): number =>
      shifts.reduce((sum, { at, by }) => (at <= offset ? sum + by : sum), offset);
    return {
      ...citation,
      ...(citation.url === undefined ? {} : { url: this.#whole(citation.url) }),
      ...(citation.title === undefined ? {} : { title: this.#whole(citation.title) }),
      ...(citation.citedText === undefined ? {} : { citedText: this.#whole(citation.citedText) }),
      ...(citation.start === undefined ? {} : { start: moved(citation.start) }),
      ...(citation.end === undefined ? {} : { end: moved(citation.end) }),
      ...(citation.vendor ? { vendor: this.#strings(citation.vendor) as JsonObject } : {}),
    };
  }

  #strings(value: JsonValue): JsonValue {
    return mapJson(value, (text) => this.#whole(text));
  }

  #whole(text: string): string {
    if (Matcher.nextStart(text, 0) === -1) return text;
    const alone: OpenPart = {
      held: '',
      writing: 'plain',
      type: 'text-delta',
      behind: [],
      points: 0,
      shifts: [],
    };
    return this.#restore(alone, text, 'end');
  }
}

/** In JSON a search goes on behind an escape, never inside of it. */
const stepOver = (text: string, at: number, writing: Writing): number => {
  if (writing === 'plain' || text[at] !== '\\') return 1;
  return text[at + 1] === 'u' ? 6 : 2;
};

const pointsOf = (text: string): number => {
  let count = text.length;
  for (let at = 0; at < text.length; at++) if ((text.charCodeAt(at) & 0xfc00) === 0xdc00) count--;
  return count;
};
