import type { Call } from './call-facts.ts';
import type { Candidate } from './candidate.ts';
import type { Capture } from './capture.ts';
import { barOf, type Hindrance, hindranceOf } from './eligibility.ts';
import type { Mirror } from './mirror.ts';
import type { Peak } from './peak.ts';
import type { Reason, ReasonCode } from './reasons.ts';
import { keeperOf } from './strategies/sticky.ts';
import { inFront, type Ranked, type Strategy } from './strategies/strategy.ts';

/** One model of nexus.yaml, ready to plan requests. */
export interface Route {
  readonly strategy: Strategy;
  readonly candidates: readonly Candidate[];
  readonly fallback: readonly Candidate[];
  /** Candidates of weight 0. */
  readonly never: readonly Candidate[];
  readonly captures: readonly Capture[];
  readonly peak: Peak | undefined;
  readonly mirror: Mirror | undefined;
  readonly minQuality: number | undefined;
  readonly maxAttempts: number;
}

/** A candidate as the decision shows it. Those that are taken come first, in the order in which they are tried. */
export interface Judged extends Ranked {
  readonly taken: boolean;
}

export interface Plan {
  readonly judged: readonly Judged[];
  /** The rule that captured the request. */
  readonly capture: string | undefined;
  readonly peak: boolean;
  readonly mirror: Candidate | undefined;
}

/**
 * Whom to try, in order. First those that a rule, a peak or the strategy puts forward, then the fallback; behind them
 * who is cooling or has no quota left, the one that recovers first in front; nobody of a full provider unless there is
 * nobody else. Never empty while there is one that may and can serve the request.
 */
export const planOf = (route: Route, call: Call): Plan => {
  const capture = route.captures.find((rule) => rule.fits(call));
  const peak = capture === undefined && (route.peak?.relieves(call) ?? false);
  const lists = listsOf(route, { capture, peak: peak ? route.peak : undefined });
  const field = new Field(call, route.minQuality);
  const ready = lists.flatMap(({ members, rank }) => rank(field.sort(members), call));
  const order = unique(withProbe(unique(ready), field));
  const tried = order.length > 0 ? order : field.hindered('full', 'last-resort');
  const left = capture ? [...route.candidates, ...route.fallback].map(outBy('captured')) : [];
  return {
    judged: unique([
      ...numbered(tried, route.maxAttempts),
      ...field.out(tried),
      ...left,
      ...route.never.map(outBy('weight-zero')),
    ]),
    capture: capture?.name,
    peak,
    mirror: allowedMirror(route, call),
  };
};

/** Candidates that compete with one another, and how they are ranked. */
interface List {
  readonly members: readonly Candidate[];
  readonly rank: (ready: readonly Candidate[], call: Call) => readonly Ranked[];
}

const listsOf = (
  { strategy, candidates, fallback }: Route,
  { capture, peak }: { readonly capture: Capture | undefined; readonly peak: Peak | undefined },
): readonly List[] => {
  if (capture) return [{ members: capture.use, rank: listed(`capture:${capture.name}`) }];
  const usual: List[] = [
    { members: candidates, rank: (ready, call) => stickyRank(strategy.order(call.request, ready), call) },
    { members: fallback, rank: listed('fallback') },
  ];
  return peak ? [{ members: peak.use, rank: listed('peak') }, ...usual] : usual;
};

const listed =
  (reason: Reason): List['rank'] =>
  (ready) =>
    ready.map((candidate) => ({ candidate, reason }));

/** The strategy's order, behind the one that keeps the conversation or the user. */
const stickyRank = (ranked: readonly Ranked[], { stickyKey }: Call): readonly Ranked[] => {
  if (stickyKey === undefined || ranked.length < 2) return ranked;
  const keeper = keeperOf(
    stickyKey,
    ranked.map(({ candidate }) => candidate),
  );
  return keeper ? inFront(keeper, ranked, 'sticky') : ranked;
};

/** Takes candidates apart: who is ready, who is hindered, who is barred. */
class Field {
  readonly #call: Call;
  readonly #minQuality: number | undefined;
  readonly #barred: Ranked[] = [];
  readonly #hindered: { readonly candidate: Candidate; readonly hindrance: Hindrance }[] = [];

  constructor(call: Call, minQuality: number | undefined) {
    this.#call = call;
    this.#minQuality = minQuality;
  }

  /** Those that are ready; the others are kept. */
  sort(candidates: readonly Candidate[]): Candidate[] {
    return candidates.filter((candidate) => {
      const reason = barOf(candidate, this.#call, this.#minQuality);
      if (reason) {
        this.#barred.push({ candidate, reason });
        return false;
      }
      const hindrance = hindranceOf(candidate, this.#call.request);
      if (hindrance) this.#hindered.push({ candidate, hindrance });
      return hindrance === undefined;
    });
  }

  /** Those that are hindered, whoever recovers first in front; `full` ones or the others. */
  hindered(which: 'full' | 'recovering', as?: ReasonCode): Ranked[] {
    return this.#hindered
      .filter(({ hindrance: { reason } }) => (reason === 'full') === (which === 'full'))
      .sort((a, b) => a.hindrance.forMs - b.hindrance.forMs || busier(a.candidate, b.candidate))
      .map(({ candidate, hindrance }) => ({ candidate, reason: as ?? hindrance.reason }));
  }

  /** Who is not in `order`, and why. */
  out(order: readonly Ranked[]): Judged[] {
    const inOrder = new Set(order.map(({ candidate }) => candidate));
    return [...this.hindered('recovering'), ...this.hindered('full'), ...this.#barred]
      .filter(({ candidate }) => !inOrder.has(candidate))
      .map((ranked) => ({ ...ranked, taken: false }));
  }
}

const busier = (a: Candidate, b: Candidate): number => a.health.inFlight - b.health.inFlight;

/**
 * Puts those that recover behind the ready ones. One whose time to cool is over is probed by one request at a time:
 * where it is first, this request is the probe if the place is free; everywhere else it waits behind the others.
 */
const withProbe = (ready: readonly Ranked[], field: Field): Ranked[] => {
  const recovering = field.hindered('recovering');
  const halfOpen = ready.filter(({ candidate }) => candidate.health.circuit === 'half-open');
  if (ready.length === 0)
    return recovering.map((it, at) => (at === 0 ? { ...it, reason: 'last-resort' } : it));
  if (halfOpen.length === 0) return recovering.length === 0 ? [...ready] : [...ready, ...recovering];
  const [first] = ready;
  const probe = first && first === halfOpen[0] && first.candidate.health.claimProbe() ? first : undefined;
  const steady = ready.filter((it) => !halfOpen.includes(it));
  const waiting = halfOpen
    .filter((it) => it !== probe)
    .map(({ candidate }) => ({ candidate, reason: 'cooling-down' as const }));
  return [
    ...(probe ? [{ candidate: probe.candidate, reason: 'probe' as const }] : []),
    ...steady,
    ...waiting,
    ...recovering,
  ];
};

/** As many as may be tried are taken. */
const numbered = (order: readonly Ranked[], maxAttempts: number): Judged[] =>
  order.map((ranked, at) =>
    at < maxAttempts ? { ...ranked, taken: true } : { ...ranked, taken: false, reason: 'maxAttempts' },
  );

const outBy =
  (reason: ReasonCode) =>
  (candidate: Candidate): Judged => ({ candidate, reason, taken: false });

/** A candidate that is listed twice counts where it stands first. */
const unique = <T extends Ranked>(ranked: readonly T[]): readonly T[] => {
  const seen = new Set<string>();
  return ranked.filter(({ candidate }) => seen.size < seen.add(candidate.name).size);
};

/** A copy may go no farther than the request, and only to who is ready for it: it is worth no wait and no failure. */
const allowedMirror = ({ mirror }: Route, call: Call): Candidate | undefined => {
  const to = mirror?.draw();
  if (!to || barOf(to, call, undefined) || hindranceOf(to, call.request)) return undefined;
  return to;
};
