import { dollars } from '../../catalog/money.ts';
import type { ClaimState } from '../../ports/counter-store.ts';
import { type GatewayError, gatewayError, type RefusalCode } from '../../refusals.ts';
import type { ScopedLimit } from './scopes.ts';

/** The limit that a call does not fit, how its count stands, and the least that the call would hold of it. */
export interface Shortage {
  readonly limit: ScopedLimit;
  readonly state: ClaimState;
  readonly needed: number;
}

/** Waiting longer than this is for people to decide, not for an SDK. */
const soonMs = 60_000;

/** How long a client waits for another call to end. */
const parallelRetryMs = 1000;

/** What the caller is told: of its own counts all, of those that it shares with others only that they are spent. */
export const shortageError = (shortage: Shortage): GatewayError => {
  const { limit, state, needed } = shortage;
  const waitMs = limit.unit === 'concurrent' ? parallelRetryMs : state.resetMs;
  const helps = needed <= state.limit;
  const error = gatewayError(codeOf(limit), {
    message: [spent(shortage), helps ? when(limit, state.resetMs) : tooLarge(limit)].join(' '),
    retry: helps && waitMs <= soonMs,
    ...(helps ? { retryAfterMs: waitMs } : {}),
  });
  return error;
};

const codeOf = ({ unit, window }: ScopedLimit): RefusalCode => {
  if (unit === 'concurrent') return 'too_many_parallel';
  return window.kind === 'smooth' || (window.kind === 'calendar' && window.per === 'minute')
    ? 'rate_limited'
    : 'budget_exceeded';
};

const spent = ({ limit, state, needed }: Shortage): string => {
  if (!limit.own) return 'A budget that this call counts against is spent.';
  const left = Math.max(0, state.limit - state.used - state.open);
  const { id } = limit.budget;
  if (limit.unit === 'concurrent') return `The budget ${id} allows ${state.limit} calls at the same time.`;
  return `The budget ${id} allows ${amount(state.limit, limit)}${period(limit)}; ${amount(left, limit)} are left, and this call may need ${amount(needed, limit)}.`;
};

const when = ({ unit }: ScopedLimit, resetMs: number): string =>
  unit === 'concurrent' ? 'Try again when one has ended.' : `Try again in ${duration(resetMs)}.`;

const tooLarge = ({ own }: ScopedLimit): string =>
  own ? 'It is larger than the whole budget.' : 'This call is larger than the whole budget.';

const nouns = {
  tokens: 'tokens',
  inputTokens: 'input tokens',
  outputTokens: 'output tokens',
  requests: 'requests',
  concurrent: 'calls',
} as const;

const amount = (count: number, { unit }: ScopedLimit): string =>
  unit === 'microUsd' ? `$${dollars(count).replace(/(\.\d\d\d*?)0+$/, '$1')}` : `${count} ${nouns[unit]}`;

const period = ({ window }: ScopedLimit): string => {
  if (window.kind === 'calendar') return ` per ${window.per}`;
  return window.kind === 'smooth' ? ` per ${window.seconds} seconds` : '';
};

const duration = (ms: number): string => {
  const seconds = Math.max(1, Math.ceil(ms / 1000));
  if (seconds < 120) return `${seconds} seconds`;
  const minutes = Math.ceil(seconds / 60);
  if (minutes < 120) return `${minutes} minutes`;
  const hours = Math.ceil(minutes / 60);
  return hours < 48 ? `${hours} hours` : `${Math.ceil(hours / 24)} days`;
};
