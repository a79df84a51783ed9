import { hostname } from 'node:os';
import { memoryCounters } from '../counters/memory.ts';
import type { Ports } from '../gateway.ts';
import { localHealthBoard } from '../policies/upstream/health.ts';
import type { Meter } from '../ports/meter.ts';
import { builtinCatalog } from './catalog.ts';
import { systemClock } from './clock.ts';
import { threads } from './offload/threads.ts';
import { systemRandom } from './random.ts';

/** This process among all of a fleet. */
export const processName = `${hostname()}/${process.pid}`;

/** The gateway's ports on this machine. Without `counters`, counts are this process's own. */
export const machinePorts = ({
  meter,
  counters = memoryCounters({ clock: systemClock }),
  board = localHealthBoard({ clock: systemClock, random: systemRandom, writer: processName }),
}: { meter: Meter } & Partial<Pick<Ports, 'counters' | 'board'>>): Ports => ({
  clock: systemClock,
  random: systemRandom,
  meter,
  counters,
  board,
  catalog: builtinCatalog(),
  owner: processName,
  offload: threads(),
});
