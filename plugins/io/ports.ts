import { hostname } from 'node:os';
import { memoryCounters } from '../counters/memory.ts';
import type { Ports } from '../gateway.ts';
import { circuitCounter, localHealthBoard } from '../policies/upstream/health.ts';
import type { Meter } from '../ports/meter.ts';
import { builtinCatalog } from './catalog.ts';
import { systemClock } from './clock.ts';
import { imageFetcher, realWeb } from './images.ts';
import { threads } from './offload/threads.ts';
import { systemRandom } from './random.ts';

/** This process among all of a fleet. */
export const processName = `${hostname()}/${process.pid}`;

/** What this process knows of upstreams; others can be told. */
export const machineBoard = (meter: Meter): ReturnType<typeof localHealthBoard> =>
  localHealthBoard({
    clock: systemClock,
    random: systemRandom,
    writer: processName,
    onCircuit: circuitCounter(meter),
  });

/** The gateway's ports on this machine. Without `counters`, counts are this process's own. */
export const machinePorts = ({
  meter,
  counters = memoryCounters({ clock: systemClock }),
  board = machineBoard(meter),
}: { meter: Meter } & Partial<Pick<Ports, 'counters' | 'board'>>): Ports => ({
  clock: systemClock,
  random: systemRandom,
  meter,
  counters,
  board,
  catalog: builtinCatalog(),
  owner: processName,
  offload: threads(),
  fetchImage: imageFetcher(realWeb),
});
