import { createHmac, createSecretKey, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Consumer } from '../plugins/exchange.ts';
import type { Clock } from '../plugins/ports/clock.ts';
import type { Random } from '../plugins/ports/random.ts';

/** Carries a ticket from the plugin to the relay. */
export const ticketHeader = 'x-nexus-ticket';

/** Time from the plugin to the relay, in which Kong may have to take in the client's body. */
const lifeMs = 30_000;

/** What a ticket is good for: one call, as the plugin has seen it. */
export interface TicketedCall {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  /** As the client announced it; absent when it did not. */
  readonly bodyBytes?: number | undefined;
}

interface Ticket extends TicketedCall {
  readonly id: string;
  readonly consumer: Consumer;
  readonly expiresMs: number;
}

/**
 * Hands out and takes back the tickets by which the relay knows that the plugin let a call pass, and whose call it is.
 * Both are in this process: the key is made here, kept nowhere else, and gone with it. A ticket is good once.
 */
export class Tickets {
  /** As a KeyObject: with bare bytes Node makes one for every ticket, which takes longer than the signature. */
  readonly #key = createSecretKey(randomBytes(32));
  readonly #clock: Clock;
  readonly #random: Random;
  /** Ids of used tickets, in two generations: each is kept until its ticket has expired. */
  #used = new Set<string>();
  #usedBefore = new Set<string>();
  #turnedMs: number;

  constructor({ clock, random }: { clock: Clock; random: Random }) {
    this.#clock = clock;
    this.#random = random;
    this.#turnedMs = clock.nowMs();
  }

  issue(consumer: Consumer, { method, path, bodyBytes }: TicketedCall): string {
    const expiresMs = this.#clock.nowMs() + lifeMs;
    const ticket: Ticket = { id: this.#random.id(), consumer, method, path, bodyBytes, expiresMs };
    const payload = Buffer.from(JSON.stringify(ticket)).toString('base64url');
    return `${payload}.${this.#sign(payload)}`;
  }

  /**
   * Whose call this is; undefined when the ticket is none of ours, expired, used, or for another call. The path must be
   * what a route of Kong leaves of the client's: it may take off a prefix. A body whose length the client did not
   * announce may have any.
   */
  redeem(text: string, call: TicketedCall): Consumer | undefined {
    const ticket = this.#read(text);
    const nowMs = this.#clock.nowMs();
    if (!ticket || nowMs >= ticket.expiresMs || !isFor(ticket, call)) return undefined;
    return this.#use(ticket.id, nowMs) ? ticket.consumer : undefined;
  }

  #read(text: string): Ticket | undefined {
    const at = text.lastIndexOf('.');
    const payload = text.slice(0, Math.max(at, 0));
    const given = Buffer.from(text.slice(at + 1));
    const expected = Buffer.from(this.#sign(payload));
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined;
    return JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as Ticket; // we have signed it
  }

  #sign(payload: string): string {
    return createHmac('sha256', this.#key).update(payload).digest('base64url');
  }

  /** False when it was used already. */
  #use(id: string, nowMs: number): boolean {
    if (nowMs - this.#turnedMs >= lifeMs) {
      this.#usedBefore = this.#used;
      this.#used = new Set();
      this.#turnedMs = nowMs;
    }
    if (this.#used.has(id) || this.#usedBefore.has(id)) return false;
    this.#used.add(id);
    return true;
  }
}

const isFor = (ticket: Ticket, { method, path, bodyBytes }: TicketedCall): boolean => {
  const [issuedPath, issuedQuery] = splitQuery(ticket.path);
  const [calledPath, calledQuery] = splitQuery(path);
  return (
    method === ticket.method &&
    issuedPath.endsWith(calledPath) &&
    calledQuery === issuedQuery &&
    (ticket.bodyBytes === undefined || ticket.bodyBytes === bodyBytes)
  );
};

const splitQuery = (path: string): [path: string, query: string] => {
  const at = path.indexOf('?');
  return at === -1 ? [path, ''] : [path.slice(0, at), path.slice(at)];
};
