import { Copy, type CopyEnd, type CopyOrder, type CopyResult, maxCopyBytes, type SendCopy } from './copy.ts';
import { meaningfulMember } from './dialects/crossing.ts';
import type { Exchange, Note, NoteValue, Upstream } from './exchange.ts';
import type { ModelRequest } from './model/request.ts';
import { Pipeline } from './pipeline.ts';
import { type Policy, pass } from './policy.ts';
import type { Clock } from './ports/clock.ts';
import type { Meter } from './ports/meter.ts';
import { upstreamName } from './upstream-call.ts';

export interface CopyWorld {
  readonly clock: Clock;
  readonly meter: Meter;
  /** Absent: the host has no way out for copies, and every one fails. */
  readonly sendCopy?: SendCopy;
  /** Told of each copy when it is over, for a line in the log; the line of the client's call, which may be older, names it. */
  readonly onCopy?: (facts: CopyFacts) => void;
}

/** Where an order comes from. */
export interface CopyOrigin {
  /** The client's call; gets a note of what became of the copy. */
  readonly exchange: Exchange;
  readonly policies: readonly Policy[];
}

/** The `mirror` note of a decision, and the id of the decision. */
export type CopyFacts = Readonly<Record<string, NoteValue>>;

/** Most copies that one process has under way. */
export const mostCopies = 16;

/** A timer that is due at once and comes this much later says that others wait for this process already. */
export const busyAfterMs = 50;

/**
 * Makes copies of requests for mirrors, when the clients' own calls are on their way: no client waits for one, and
 * nothing that becomes of it changes an answer. Each is an exchange of its own, `<id>.mirror`, of the same consumer. What
 * became of it is noted with the client's exchange, and counted.
 */
export class Copies {
  readonly #world: CopyWorld;
  readonly #open = new Map<AbortController, Promise<void>>();

  constructor(world: CopyWorld) {
    this.#world = world;
  }

  /** Returns at once. */
  make(order: CopyOrder, origin: CopyOrigin): void {
    const tell = this.#teller(order, origin);
    const result = this.#hindrance(order);
    if (result) return tell({ result });
    const giveUp = new AbortController();
    const over = this.#later(order, origin, giveUp)
      .then(tell)
      .finally(() => this.#open.delete(giveUp));
    this.#open.set(giveUp, over);
  }

  /** Gives up those under way. Resolves when they are settled. */
  async abandon(): Promise<void> {
    for (const giveUp of this.#open.keys()) giveUp.abort();
    await Promise.all(this.#open.values());
  }

  #hindrance({ request, length }: CopyOrder): CopyResult | undefined {
    if (asksForMore(request)) return 'unfit';
    if (length > maxCopyBytes) return 'too-large';
    return this.#open.size >= mostCopies ? 'busy' : undefined;
  }

  /** The client's call is written to the host first. */
  async #later(order: CopyOrder, origin: CopyOrigin, giveUp: AbortController): Promise<CopyEnd> {
    const { clock } = this.#world;
    const askedMs = clock.nowMs();
    await new Promise<void>((resolve) => {
      clock.after(0, resolve);
    });
    if (clock.nowMs() - askedMs > busyAfterMs) return { result: 'busy' };
    return this.#send(order, origin, giveUp);
  }

  async #send(order: CopyOrder, origin: CopyOrigin, giveUp: AbortController): Promise<CopyEnd> {
    const { clock, meter, sendCopy: send = nowhere } = this.#world;
    const id = copyId(origin.exchange);
    const exchange: Exchange = { ...origin.exchange, id, startedMs: clock.nowMs(), notes: [] };
    const countFault = (policy: string, result: 'passed' | 'refused') =>
      meter.count('nexus_policy_faults_total', { policy, hook: 'copy', result });
    const pipeline = new Pipeline(policiesOf(origin.policies, order.to), exchange, ({ policy, failOpen }) =>
      countFault(policy, failOpen ? 'passed' : 'refused'),
    );
    try {
      const claim = await order.claim();
      if (claim !== 'granted') return { result: claim };
      return await new Copy({ order, exchange, pipeline, clock, send, giveUp }).run();
    } catch {
      countFault('mirror', 'refused');
      return { result: 'failed' };
    }
  }

  /** Notes with the client's call that there is a copy; what it gives back takes the end in the note's place. */
  #teller({ request, to }: CopyOrder, { exchange }: CopyOrigin): (end: CopyEnd) => void {
    const { meter, onCopy } = this.#world;
    const named = { id: copyId(exchange), to };
    const at = exchange.notes.push(noteOf({ result: 'pending' }, named)) - 1;
    return (end) => {
      const note = noteOf(end, named);
      exchange.notes[at] = note;
      meter.count('nexus_mirrors_total', {
        gen_ai_request_model: request.requestModel,
        gen_ai_provider_name: to.provider,
        gen_ai_response_model: to.model,
        result: end.result,
      });
      onCopy?.({ decision: exchange.id, ...note.facts });
    };
  }
}

const copyId = ({ id }: Exchange): string => `${id}.mirror`;

/**
 * Does the request do more than ask for an answer? Tools that a provider runs may change something out there, and must
 * not do so twice; what its server keeps, it keeps for its own.
 */
const asksForMore = (request: ModelRequest): boolean =>
  (request.essential ?? []).length > 0 ||
  meaningfulMember(request) !== undefined ||
  request.tools.some(({ kind }) => kind === 'opaque');

const nowhere: SendCopy = async () => ({ kind: 'unreachable' });

/** Those that take part in copies, behind one that plans for the mirror alone. */
const policiesOf = (policies: readonly Policy[], to: Upstream): readonly Policy[] => [
  { name: 'mirror', failOpen: false, begin: () => ({ request: () => pass({ plan: [to] }) }) },
  ...policies.flatMap(({ name, failOpen, beginCopy }) =>
    beginCopy ? [{ name, failOpen, begin: (exchange: Exchange) => beginCopy(exchange, to) }] : [],
  ),
];

const verdicts: Partial<Record<string, Note['verdict']>> = {
  refused: 'refused',
  unfit: 'skipped',
  'too-large': 'skipped',
  busy: 'skipped',
  enough: 'skipped',
  uncounted: 'skipped',
};

const noteOf = (
  { result, usage, ...facts }: Omit<CopyEnd, 'result'> & { readonly result: CopyResult | 'pending' },
  { id, to }: { readonly id: string; readonly to: Upstream },
): Note => ({
  policy: 'mirror',
  verdict: verdicts[result] ?? 'passed',
  facts: {
    id,
    upstream: upstreamName(to),
    result,
    ...facts,
    ...(usage ? { inputTokens: usage.inputTokens, outputTokens: usage.outputTokens } : {}),
  },
});
