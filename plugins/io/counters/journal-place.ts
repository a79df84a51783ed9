import {
  closeSync,
  fdatasync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { JournalPlace } from './journaled.ts';
import { lockFile } from './lock.ts';

const syncFile = promisify(fdatasync);

/**
 * The journal in a directory, which is made when it is missing and closed to other users, and which no other process may
 * have open. Throws a `LockedError`, or what the file system throws.
 */
export const openJournalPlace = (directory: string): JournalPlace => {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const unlock = lockFile(join(directory, 'counts.lock'));
  try {
    return new JournalFile(directory, unlock);
  } catch (cause) {
    unlock();
    throw cause;
  }
};

class JournalFile implements JournalPlace {
  readonly found: Uint8Array | undefined;
  bytes = 0;
  readonly #directory: string;
  readonly #path: string;
  readonly #unlock: () => void;
  #descriptor: number | undefined;

  constructor(directory: string, unlock: () => void) {
    this.#directory = directory;
    this.#path = join(directory, 'counts.journal');
    this.#unlock = unlock;
    this.found = contentOf(this.#path);
  }

  append(text: string): void {
    if (this.#descriptor === undefined) throw new Error('there is no journal to write to');
    this.bytes += writeWhole(this.#descriptor, text);
  }

  replace(text: string): void {
    const path = `${this.#path}.new`;
    const descriptor = openSync(path, 'w', 0o600);
    try {
      const bytes = writeWhole(descriptor, text);
      fsyncSync(descriptor);
      renameSync(path, this.#path);
      syncDirectory(this.#directory);
      this.bytes = bytes;
    } catch (cause) {
      closeSync(descriptor);
      throw cause;
    }
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = descriptor;
  }

  async sync(): Promise<void> {
    if (this.#descriptor !== undefined) await syncFile(this.#descriptor);
  }

  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
    this.#unlock();
  }
}

const contentOf = (path: string): Uint8Array | undefined => {
  try {
    return readFileSync(path);
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined;
    throw cause;
  }
};

/** A full disk takes a part of what is written before it takes none. How many bytes it were. */
const writeWhole = (descriptor: number, text: string): number => {
  const bytes = Buffer.from(text);
  for (let from = 0; from < bytes.length; ) from += writeSync(descriptor, bytes, from);
  return bytes.length;
};

/** A new name is on the disk when its directory is. */
const syncDirectory = (path: string): void => {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
};
