import { randomFillSync } from 'node:crypto';
import type { Random } from '../ports/random.ts';

const idBytes = 12;
/** Random bytes are drawn ahead: one system call serves many ids. */
const pool = Buffer.alloc(idBytes * 256);
let used = pool.length;

/** Chance of the machine: `unit` from the engine's generator, ids (24 hexadecimal digits) from the system's. */
export const systemRandom: Random = {
  unit: Math.random,
  id: () => {
    if (used === pool.length) {
      randomFillSync(pool);
      used = 0;
    }
    used += idBytes;
    return pool.toString('hex', used - idBytes, used);
  },
};
