/** One limit of the caller's own, as rate-limit headers tell it. */
export interface LimitState {
  readonly unit: 'requests' | 'tokens' | 'inputTokens' | 'outputTokens';
  readonly limit: number;
  readonly remaining: number;
  /** Until the count begins anew. */
  readonly resetMs: number;
}
