import type { Session } from './session.ts';

/** Finds an exchange again when the host comes back for it on another stream. Holds only what is not settled. */
export class Sessions {
  readonly #open = new Map<string, Session>();

  add(session: Session): void {
    this.#open.set(session.id, session);
  }

  find(id: string): Session | undefined {
    return this.#open.get(id);
  }

  remove(session: Session): void {
    this.#open.delete(session.id);
  }

  get size(): number {
    return this.#open.size;
  }

  /** Settles all that is open: the host is going away. */
  abortAll(): void {
    for (const session of [...this.#open.values()]) session.abort();
  }
}
