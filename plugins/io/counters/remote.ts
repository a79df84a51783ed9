import type { Claim, CounterStore } from '../../ports/counter-store.ts';

/** Why a store beyond a wire did not do what it was asked. */
export type FaultReason =
  /** No answer in time. */
  | 'timeout'
  /** No connection, or it broke. What was asked may have been done. */
  | 'unreachable'
  /** A replica, or a primary that was demoted. */
  | 'readonly'
  /** Occupied by somebody's script. */
  | 'busy'
  /** Out of memory. */
  | 'full'
  /** Reads its data set after a start. */
  | 'loading'
  /** Cannot write to its disk, and so takes no writes. */
  | 'disk'
  /** A replica without its primary. */
  | 'no-primary'
  /** A primary with too few replicas to take writes. */
  | 'no-replicas'
  /** The cluster does not serve our slot. */
  | 'cluster-down'
  /** The slot is elsewhere, and stays so after following. */
  | 'moved'
  /** Wrong or missing password, or one that may not do this. */
  | 'denied'
  /** Scripts are not allowed, as by a proxy in the middle. */
  | 'no-scripts'
  /** It has forgotten counts. What was seen of them is put back before it is asked again. */
  | 'forgotten'
  /** Time there runs so that no window could be agreed on. */
  | 'clock'
  /** It answered with an error that is none of these. */
  | 'error';

/** A store did not do what it was asked. The message holds nothing of what was asked. */
export class StoreFault extends Error {
  override readonly name = 'StoreFault';
  readonly reason: FaultReason;

  constructor(reason: FaultReason) {
    super(`the counter store is in trouble: ${reason}`);
    this.reason = reason;
  }
}

/** A store beyond a wire, as it is: it may be slow, and rejects with a `StoreFault` where a `CounterStore` says `lost`. */
export interface RemoteStore {
  readonly reserve: CounterStore['reserve'];
  readonly settle: CounterStore['settle'];
  readonly renew: CounterStore['renew'];
  readonly read: CounterStore['read'];
  readonly holds: CounterStore['holds'];
  readonly adjust: CounterStore['adjust'];
  /** Ends some of the reservations whose leases ended. Gives what `probe` gives. */
  sweep(): Promise<string>;
  /** Resolves when it would take a reservation. Names the set of counts: another one when it forgot what it had. */
  probe(): Promise<string>;
  /**
   * Raises counts of calendar windows to `base` of their claims, which is what was last seen used and held of them, where
   * they are lower than that: what was counted since then comes on top. To be repeated by all who saw them.
   */
  bringBack(claims: readonly Claim[]): Promise<void>;
  /** Gives up the connection for a new one: the one there is may lead nowhere. */
  reconnect(): void;
  close(): void;
}
