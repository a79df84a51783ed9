/** Counts the calls that are under way to each provider. */
export class Places {
  readonly #taken = new Map<string, number>();

  /**
   * Takes a place among `most`; undefined when all are taken. Returns how to give it back, which may be done more than
   * once. A full provider is not waited for: whoever waits holds a body and a client, and the client knows better when
   * to come again.
   */
  take(provider: string, most: number): (() => void) | undefined {
    const taken = this.#taken.get(provider) ?? 0;
    if (taken >= most) return undefined;
    this.#taken.set(provider, taken + 1);
    let isTaken = true;
    return () => {
      if (isTaken) this.#taken.set(provider, (this.#taken.get(provider) ?? 0) - 1);
      isTaken = false;
    };
  }
}
