/** A failure that its message explains to the end: what went wrong and what to do. Needs no stack. */
export class Failure extends Error {
  override readonly name = 'Failure';
  /** Marks it, for `run`, as what the system refuses and not as a bug of ours. */
  readonly code = 'NEXUS_FAILURE';
}
