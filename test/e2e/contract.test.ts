import { describe } from 'vitest';
import { httpCall } from '../contract/http.ts';
import { runContract } from '../contract/run.ts';
import { envoyBinary } from './envoy.ts';
import { startStack } from './stack.ts';

describe.skipIf(envoyBinary === undefined)('real Envoy', () => {
  runContract('behind a real Envoy', async ({ configText, env }) => {
    const stack = await startStack({ configText, env });
    return { name: 'Envoy', call: (call) => httpCall(stack.url, call), stop: () => stack.stop() };
  });
});
