import { randomInt } from 'node:crypto';

/** Ids are int32 on the wire. */
const idLimit = 2 ** 31;

/**
 * The configured plugins that Kong has started, by id. Ids are random, so that one from before a restart of ours names
 * nothing here, and never the settings of another route.
 */
export class Instances<T> {
  readonly #byId = new Map<number, T>();
  readonly #most: number;

  /** Above `most` the oldest gives way: Kong does not close the instances of a worker that it replaces or that dies. */
  constructor(most: number) {
    this.#most = most;
  }

  /** Returns the new one's id. */
  add(instance: T): number {
    let id = randomInt(1, idLimit);
    while (this.#byId.has(id)) id = randomInt(1, idLimit);
    this.#byId.set(id, instance);
    for (const oldest of this.#byId.keys()) {
      if (this.#byId.size <= this.#most) break;
      this.#byId.delete(oldest);
    }
    return id;
  }

  find(id: number): T | undefined {
    return this.#byId.get(id);
  }

  remove(id: number): void {
    this.#byId.delete(id);
  }
}
