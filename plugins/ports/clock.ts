/** Time, so that tests can own it. */
export interface Clock {
  /** Milliseconds on a clock that never steps back. */
  nowMs(): number;
  /** Wall clock, milliseconds since 1970. */
  epochMs(): number;
  /** Calls back once after `delayMs`; returns the way to call it off. */
  after(delayMs: number, callback: () => void): () => void;
}
