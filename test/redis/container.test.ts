import { execFileSync } from 'node:child_process';
import { GenericContainer, type StartedTestContainer } from 'testcontainers';
import { afterAll, beforeAll, beforeEach, describe } from 'vitest';
import { conformance } from './conformance.ts';
import { openPlace } from './place.ts';

const noDocker = ((): string | undefined => {
  try {
    execFileSync('docker', ['info'], { stdio: 'ignore', timeout: 5000 });
    return undefined;
  } catch {
    return 'no Docker engine answers';
  }
})();

/** The same promises over the Redis that most people run: the newest one, in a container. */
describe('Redis in a container', () => {
  beforeEach(({ skip }) => skip(noDocker !== undefined, noDocker));
  let container: StartedTestContainer | undefined;
  beforeAll(async () => {
    if (noDocker) return;
    container = await new GenericContainer('redis:8-alpine').withExposedPorts(6379).start();
  }, 120_000);
  afterAll(() => container?.stop());

  conformance('Redis in a container', async () => {
    if (!container) throw new Error('there is no container');
    return openPlace({ url: `redis://${container.getHost()}:${container.getMappedPort(6379)}` });
  });
});
