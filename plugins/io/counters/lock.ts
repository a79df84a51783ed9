import { getBuiltinModule } from 'node:process';

/** Another process has the lock. */
export class LockedError extends Error {
  override readonly name = 'LockedError';
}

/** SQLite, "Result Codes", SQLITE_BUSY (sqlite.org, read 2026-11-28). */
const busy = 5;

/**
 * Takes a lock that this process holds until it ends, however it ends: the operating system's own (fcntl), which Node
 * offers through SQLite alone. Makes the file when it is missing. Returns the way to give it up. Throws a `LockedError`
 * when another process holds it, or what SQLite throws.
 */
export const lockFile = (path: string): (() => void) => {
  const { DatabaseSync } = getBuiltinModule('node:sqlite'); // loaded only where it is needed
  const database = new DatabaseSync(path);
  try {
    database.exec('PRAGMA journal_mode = MEMORY; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
  } catch (cause) {
    database.close();
    if (cause instanceof Error && 'errcode' in cause && cause.errcode === busy)
      throw new LockedError(`${path} is locked by another process`);
    throw cause;
  }
  return () => database.close();
};
