import { hostname } from 'node:os';
import { memoryCounters } from '../counters/memory.ts';
import type { Ports } from '../gateway.ts';
import type { Meter } from '../ports/meter.ts';
import { builtinCatalog } from './catalog.ts';
import { systemClock } from './clock.ts';
import { systemRandom } from './random.ts';

/** The gateway's ports on this machine. Without `counters`, counts are this process's own. */
export const machinePorts = ({
  meter,
  counters = memoryCounters({ clock: systemClock }),
}: { meter: Meter } & Partial<Pick<Ports, 'counters'>>): Ports => ({
  clock: systemClock,
  random: systemRandom,
  meter,
  counters,
  catalog: builtinCatalog(),
  owner: `${hostname()}/${process.pid}`,
});
