/** One call as it will be sent, before its credential. */
export interface OutgoingCall {
  readonly method: 'POST';
  /** `https://host:port/path?query` */
  readonly url: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
}

/**
 * Gives the headers that hold a provider's credential for one call: a signature over it, or a token that is renewed in
 * time. Rejects when there is none to be had; the reason holds no secret.
 */
export type Authorize = (call: OutgoingCall) => Promise<readonly (readonly [name: string, value: string])[]>;
