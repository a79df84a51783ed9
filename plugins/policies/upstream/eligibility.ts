import type { Call } from './call-facts.ts';
import type { Candidate } from './candidate.ts';
import type { RequestFacts } from './facts.ts';
import type { ReasonCode } from './reasons.ts';
import { residencyBar } from './residency.ts';

/** A candidate is too small only when the request is longer by more than our estimate can be wrong. */
const surelyLonger = 1.25;

/** Why a candidate can never be asked this; undefined when it can. Residency comes first: nothing may hide it. */
export const barOf = (
  candidate: Candidate,
  { exchange, residency, request }: Call,
  minQuality: number | undefined,
): ReasonCode | undefined => {
  const bar = residencyBar(candidate.upstream.region, residency);
  if (bar) return bar;
  if (minQuality !== undefined && (candidate.quality ?? -1) < minQuality) return 'quality';
  if (!candidate.serves(exchange.operation)) return 'no-operation';
  return incapacityOf(candidate, request);
};

const incapacityOf = ({ facts }: Candidate, request: RequestFacts): ReasonCode | undefined => {
  if (request.images && facts.images === false) return 'no-images';
  if (request.audio && facts.audio === false) return 'no-audio';
  if (request.files && facts.files === false) return 'no-files';
  if (request.tools && facts.tools === false) return 'no-tools';
  if (request.jsonSchema && facts.jsonSchema === false) return 'no-schema';
  const { contextTokens = Number.POSITIVE_INFINITY } = facts;
  return request.inputTokens > contextTokens * surelyLonger ? 'context-too-small' : undefined;
};

/** Why a candidate had better not be asked now, and for how long yet. */
export interface Hindrance {
  readonly reason: 'cooling-down' | 'full' | 'rate-limited';
  readonly forMs: number;
}

export const hindranceOf = (
  { health, maxConcurrent }: Candidate,
  request: RequestFacts,
): Hindrance | undefined => {
  if (health.circuit === 'cooling') return { reason: 'cooling-down', forMs: health.coolingMs };
  const forMs = health.allowedInMs(request.inputTokens);
  if (forMs > 0) return { reason: 'rate-limited', forMs };
  return health.providerInFlight >= maxConcurrent ? { reason: 'full', forMs: 0 } : undefined;
};
