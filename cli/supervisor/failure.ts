/** A failure that its message explains to the end: what went wrong and what to do. `run` prints it without a stack. */
export class Failure extends Error {
  override readonly name = 'Failure';
}
