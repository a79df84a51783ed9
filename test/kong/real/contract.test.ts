import { describe, test } from 'vitest';
import { httpCall } from '../../contract/http.ts';
import { runContract } from '../../contract/run.ts';
import { startKong } from './kong.ts';
import { noKong, kongProgram as program } from './program.ts';

if (program) {
  const kong = program;
  runContract('behind a real Kong', async (world) => {
    const running = await startKong(program, world);
    return {
      name: 'behind a real Kong',
      call: (call) => httpCall(running.url, call),
      stop: running.stop,
    };
  });
else describe('contract, behind a real Kong', () => test.skip(noKong));
