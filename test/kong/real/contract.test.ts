import { test } from 'vitest';
import type { Host } from '../../contract/host.ts';
import { httpCall } from '../../contract/http.ts';
import { runContract } from '../../contract/run.ts';
import type { World } from '../../contract/world.ts';
import { startKong } from './kong.ts';
import { type KongProgram, kongProgram, noKong } from './program.ts';

const start =
  (program: KongProgram) =>
  async (world: World): Promise<Host> => {
    const { url, stop } = await startKong(program, world);
    return { name: 'behind a real Kong', call: (call) => httpCall(url, call), stop };
  };

if (kongProgram) runContract('behind a real Kong', start(kongProgram));
else test('contract, behind a real Kong', ({ skip }) => skip(noKong));
