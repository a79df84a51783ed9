import type { Consumer } from '../plugins/exchange.ts';
import type { Clock } from '../plugins/ports/clock.ts';
import type { Random } from '../plugins/ports/random.ts';

/** Carries a ticket from the plugin to the relay. */
export const ticketHeader = 'x-nexus-ticket';

/** Time from the plugin to the relay, in which Kong may have to take in the client's body. */
const lifeMs = 30_000;

/** What the plugin knew of a call that it let pass. */
export interface Passage {
  /** Whom one of Kong's authentication plugins had found, where they count. */
  readonly consumer?: Consumer | undefined;
}

/**
 * Hands out and takes back the tickets by which the relay knows that the plugin let a call pass. Both are in this
 * process: a ticket is a name that nobody can guess for what is kept here, it is good once and for half a minute. What
 * is not taken back is forgotten after that, and half a minute more at most.
 */
export class Tickets {
  readonly #clock: Clock;
  readonly #random: Random;
  /** In two generations, so that the old ones can go at once. */
  #open = new Map<string, Kept>();
  #openBefore = new Map<string, Kept>();
  #turnedMs: number;

  constructor({ clock, random }: { clock: Clock; random: Random }) {
    this.#clock = clock;
    this.#random = random;
    this.#turnedMs = clock.nowMs();
  }

  issue(passage: Passage): string {
    const nowMs = this.#clock.nowMs();
    if (nowMs - this.#turnedMs >= lifeMs) this.#turn(nowMs);
    const ticket = this.#random.id();
    this.#open.set(ticket, { passage, expiresMs: nowMs + lifeMs });
    return ticket;
  }

  /** Undefined when the ticket is none of ours, expired or used. */
  redeem(ticket: string): Passage | undefined {
    const generation = this.#open.has(ticket) ? this.#open : this.#openBefore;
    const kept = generation.get(ticket);
    generation.delete(ticket);
    return kept && this.#clock.nowMs() < kept.expiresMs ? kept.passage : undefined;
  }

  /** Tickets that are kept, good or not. */
  get size(): number {
    return this.#open.size + this.#openBefore.size;
  }

  #turn(nowMs: number): void {
    this.#openBefore = this.#open;
    this.#open = new Map();
    this.#turnedMs = nowMs;
  }
}

interface Kept {
  readonly passage: Passage;
  readonly expiresMs: number;
}
