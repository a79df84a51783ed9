import type { AttemptResult } from '../../exchange.ts';
import type { Circuit, CircuitFact, HealthSettings } from '../../ports/health-board.ts';
import type { ErrorCode } from '../../refusals.ts';

/** Longest that a provider can make us stay away. A time beyond it comes from a clock that stepped: it is over. */
export const longestCoolMs = 300_000;

/** Good answers in a row after which a circuit that had cooled closes. */
const winsToClose = 2;

export const closedCircuit: CircuitFact = { changedEpochMs: 0, by: '', untilEpochMs: 0, level: 0, wins: 0 };

export const circuitAt = (circuit: CircuitFact, epochMs: number): Circuit => {
  if (circuit.untilEpochMs === 0) return 'ready';
  return coolingMsAt(circuit, epochMs) > 0 ? 'cooling' : 'half-open';
};

export const coolingMsAt = ({ untilEpochMs }: CircuitFact, epochMs: number): number => {
  const leftMs = untilEpochMs - epochMs;
  return leftMs > longestCoolMs ? 0 : Math.max(0, leftMs);
};

/** Of two words on one circuit the later holds. The same whatever order they come in. */
export const laterCircuit = (a: CircuitFact, b: CircuitFact): CircuitFact => {
  if (a.changedEpochMs !== b.changedEpochMs) return a.changedEpochMs > b.changedEpochMs ? a : b;
  return a.by >= b.by ? a : b;
};

/** What a result says of the upstream. `stop`: leave it alone at once. `none`: nothing. */
export type Judgement = 'good' | 'bad' | 'stop' | 'none';

/** Statuses that come again however often one asks: credential, payment, no such model; and too many requests. */
const stopStatuses = [401, 402, 403, 404, 429, 529];

const stopCodes: readonly (ErrorCode | undefined)[] = [
  'upstream_auth',
  'upstream_not_found',
  'upstream_overloaded',
  'upstream_quota',
  'upstream_rate_limited',
];

/** Codes that the client's own request causes. An upstream that finds fault with it is alive. */
const clientCodes: readonly (ErrorCode | undefined)[] = [
  'content_filtered',
  'context_length_exceeded',
  'upstream_invalid_request',
  'upstream_too_large',
];

/** Judges one result. An upstream that refuses a bad request has answered well. */
export const judge = (
  { fate, status, error, firstChunkMs, durationMs, retryAfterMs }: AttemptResult,
  { slowFirstChunkMs = Number.POSITIVE_INFINITY }: HealthSettings,
): Judgement => {
  const slow = (firstChunkMs ?? durationMs) > slowFirstChunkMs;
  if (fate === 'abandoned') return slow ? 'bad' : 'none';
  if (fate === 'served') return slow ? 'bad' : 'good';
  if (clientCodes.includes(error)) return 'good';
  if (retryAfterMs !== undefined || stopCodes.includes(error)) return 'stop';
  if (status === undefined || status < 400 || status === 408 || status === 425) return 'bad';
  if (stopStatuses.includes(status)) return 'stop';
  return status >= 500 ? 'bad' : 'good';
};

interface Change {
  readonly epochMs: number;
  readonly by: string;
}

const changed = (circuit: CircuitFact, { epochMs, by }: Change) => ({
  ...circuit,
  // Later than what it follows from, whatever the clocks of the two writers say.
  changedEpochMs: Math.max(epochMs, circuit.changedEpochMs + 1),
  by,
});

/** The circuit after a good answer to a request that began after it cooled. */
export const afterWin = (circuit: CircuitFact, change: Change): CircuitFact => {
  const wins = circuit.wins + 1;
  const closes = wins >= winsToClose;
  const untilEpochMs = closes ? 0 : Math.min(circuit.untilEpochMs, change.epochMs);
  return { ...changed(circuit, change), wins: closes ? 0 : wins, untilEpochMs };
};

/**
 * The circuit after a failure that makes it cool: twice as long as the last time, give or take a fifth, so that hosts
 * do not come back together. One that stayed closed for long begins anew: what fails now and then is not punished like
 * what fails whenever it is tried.
 */
export const afterTrip = (
  circuit: CircuitFact,
  change: Change & {
    readonly settings: HealthSettings;
    /** Uniform in [0, 1). */
    readonly chance: number;
    readonly retryAfterMs: number;
  },
): CircuitFact => {
  const { settings, epochMs } = change;
  const steadyMs = epochMs - circuit.changedEpochMs;
  const forgiven = circuit.untilEpochMs === 0 && steadyMs > 2 * coolMsAt(circuit.level, settings) + 10_000;
  const level = forgiven ? 1 : Math.min(circuit.level + 1, 30);
  const ownMs = coolMsAt(level, settings) * (0.8 + 0.4 * change.chance);
  const forMs = Math.min(Math.max(ownMs, change.retryAfterMs), longestCoolMs);
  return { ...changed(circuit, change), level, wins: 0, untilEpochMs: Math.ceil(epochMs + forMs) };
};

const coolMsAt = (level: number, { coolMs, maxCoolMs }: HealthSettings): number =>
  level === 0 ? 0 : Math.min(maxCoolMs, coolMs * 2 ** (level - 1));
