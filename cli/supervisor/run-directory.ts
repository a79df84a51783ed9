import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The path of a unix socket may have about 100 bytes (sockaddr_un: 108 on Linux, 104 on macOS). */
const maxSocketPath = 100;
const longestName = '/nexus-XXXXXX/worker-99.sock'.length;

/** A fresh directory for sockets, logs and Envoy's configuration, closed to other users (mode 0700). */
export const createRunDirectory = (): string => {
  const parent = tmpdir().length + longestName < maxSocketPath ? tmpdir() : '/tmp';
  return mkdtempSync(join(parent, 'nexus-'));
};

export const removeRunDirectory = (directory: string): void =>
  rmSync(directory, { recursive: true, force: true });
