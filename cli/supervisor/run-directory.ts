import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Scope } from './supervise.ts';

/** The path of a unix socket may have about 100 bytes (sockaddr_un: 108 on Linux, 104 on macOS). */
const maxSocketPath = 100;
const longestName = '/nexus-XXXXXX/worker-99.sock'.length;

/**
 * A fresh directory for sockets, logs and Envoy's configuration, closed to other users (mode 0700); removed when `scope`
 * ends.
 */
export const openRunDirectory = (scope: Pick<Scope, 'defer'>): string => {
  const parent = tmpdir().length + longestName < maxSocketPath ? tmpdir() : '/tmp';
  const directory = mkdtempSync(join(parent, 'nexus-'));
  scope.defer(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
};
