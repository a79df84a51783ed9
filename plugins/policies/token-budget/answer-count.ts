import type { ModelEvent } from '../../model/events.ts';
import type { Usage } from '../../model/usage.ts';
import type { AnswerWatch, Cut } from '../../policy.ts';
import type { Tokenizer } from './tokenizer.ts';
import { certainlyAbove, MostTokens, perO200kToken } from './tokens.ts';
import { weigh } from './weigh.ts';

export interface AnswerCountSetup {
  readonly model: string;
  /** Output tokens that are held for, over all choices; undefined when nothing counts them. */
  readonly cap: number | undefined;
  /** May the answer be ended at the cap? */
  readonly mayCut: boolean;
  /** Tokens of the prompt by our own count, for what a client is told when its answer is cut. */
  readonly inputTokens: number;
  readonly tokenizer: Tokenizer;
  readonly isPlausible: (usage: Usage) => boolean;
}

/** Beyond this a text is weighed, not kept to be counted. */
const mostKept = 262_144;

/**
 * Sees what an answer is made of: what its upstream reports, and how much text has passed. Ends a stream whose text has
 * certainly passed the cap, so that an upstream that ignores it cannot overspend.
 */
export class AnswerCount implements AnswerWatch {
  readonly #setup: AnswerCountSetup;
  readonly #most: number;
  /** All of its text, to be counted at the end; undefined once it is too much. */
  #kept: string[] | undefined = [];
  /** What has not been counted yet. */
  #pending: string[] = [];
  #bytes = 0;
  #weighed = 0;
  #uncounted = new MostTokens();
  #counted = 0;
  #usage: Usage | undefined;
  #implausible = 0;
  #finished = false;
  #final = false;
  #cut = false;

  constructor(setup: AnswerCountSetup) {
    this.#setup = setup;
    this.#most =
      setup.cap === undefined || !setup.mayCut
        ? Number.POSITIVE_INFINITY
        : certainlyAbove(setup.model, setup.cap);
  }

  /** The last report that can be true. */
  get usage(): Usage | undefined {
    return this.#usage;
  }

  /** Reports that cannot be true. */
  get implausible(): number {
    return this.#implausible;
  }

  /** The report is over the whole answer. Some upstreams send one with the first event, too, which knows no end. */
  get isFinal(): boolean {
    return this.#final;
  }

  get wasCut(): boolean {
    return this.#cut;
  }

  get textBytes(): number {
    return this.#bytes;
  }

  see(event: ModelEvent): Cut | undefined {
    if (event.type === 'usage') this.#report(event.usage);
    if (event.type === 'finish') this.#finished = true;
    if (event.type === 'message-stop') this.#final = this.#usage !== undefined;
    const text = textOf(event);
    if (text === '') return undefined;
    const { bytes, tokens } = weigh(text);
    this.#bytes += bytes;
    this.#weighed += tokens;
    this.#keep(text, bytes);
    return this.#isPast() ? this.#end() : undefined;
  }

  /** Output tokens by our own count, on the high side, of the model's own tokens; never more than are held for. */
  async ownCount(): Promise<number> {
    const { model, cap = Number.POSITIVE_INFINITY, tokenizer } = this.#setup;
    if (this.#cut) return cap;
    if (this.#bytes === 0) return 0;
    const count = this.#kept && (await tokenizer.load());
    const tokens = count ? count((this.#kept ?? []).join('')) * perO200kToken(model) : this.#weighed;
    return Math.min(cap, Math.ceil(tokens));
  }

  #report(usage: Usage): void {
    if (!this.#setup.isPlausible(usage)) {
      this.#implausible++;
      return;
    }
    this.#usage = usage;
    this.#final = this.#finished;
  }

  #keep(text: string, bytes: number): void {
    if (this.#most < Number.POSITIVE_INFINITY) {
      this.#pending.push(text);
      this.#uncounted.add(text, bytes);
    }
    if (this.#bytes > mostKept) this.#kept = undefined;
    this.#kept?.push(text);
  }

  /** Counting waits until there could be too many tokens. */
  #isPast(): boolean {
    if (this.#counted + this.#uncounted.tokens <= this.#most) return false;
    const { count } = this.#setup.tokenizer;
    if (!count) {
      void this.#setup.tokenizer.load();
      return this.#bytes > 16 * this.#most; // until it is loaded, or when it cannot be
    }
    this.#counted += count(this.#pending.join(''));
    this.#pending = [];
    this.#uncounted = new MostTokens();
    if (this.#counted > this.#most && this.#kept) this.#counted = count(this.#kept.join('')); // pieces alone come out high
    return this.#counted > this.#most;
  }

  #end(): Cut {
    this.#cut = true;
    const { inputTokens, cap = 0 } = this.#setup;
    return {
      reason: 'length',
      usage: { inputTokens: this.#usage?.inputTokens ?? inputTokens, outputTokens: cap },
    };
  }
}

/** What of an event the model has written. */
const textOf = (event: ModelEvent): string => {
  switch (event.type) {
    case 'text-delta':
    case 'reasoning-delta':
      return event.text;
    case 'tool-input-delta':
      return event.json;
    case 'part-start':
      return event.name ?? '';
    default:
      return '';
  }
};
