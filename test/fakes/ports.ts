import { emptyCatalog } from '../../plugins/catalog/catalog.ts';
import { memoryCounters } from '../../plugins/counters/memory.ts';
import type { Ports } from '../../plugins/gateway.ts';
import type { Clock } from '../../plugins/ports/clock.ts';

/** A world for a gateway in which nothing is random, counted or known of models, changed as a test wants it. */
export const fakePorts = (clock: Clock, change: Partial<Ports> = {}): Ports => {
  let ids = 0;
  return {
    clock,
    random: { unit: () => 0.5, id: () => `id-${++ids}` },
    meter: { count: () => {}, observe: () => {} },
    counters: memoryCounters({ clock }),
    catalog: emptyCatalog,
    owner: 'test',
    ...change,
  };
};
