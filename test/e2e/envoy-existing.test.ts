import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { envoyBinary, type RunningEnvoy, startCountingServer, startEnvoy } from './envoy.ts';

const file = join(import.meta.dirname, '../../examples/envoy-existing/envoy.yaml');

/** The example as it stands, but with the ports of this run. */
const example = (ports: Readonly<Record<number, number>>): object => {
  const text = readFileSync(file, 'utf8').replaceAll(/port_value: (\d+)/g, (_, port) => {
    const replaced = ports[Number(port)];
    if (replaced === undefined) throw new Error(`${file}: nobody listens on ${port} in this test`);
    return `port_value: ${replaced}`;
  });
  const admin = { address: { socket_address: { address: '127.0.0.1', port_value: 0 } } };
  return { admin, ...parse(text) };
};

describe.skipIf(!envoyBinary)('Nexus in an Envoy that has other traffic', () => {
  let shop: Awaited<ReturnType<typeof startCountingServer>>;
  let llama: Awaited<ReturnType<typeof startCountingServer>>;
  let envoy: RunningEnvoy;

  beforeAll(async () => {
    [shop, llama] = await Promise.all([startCountingServer('a shop'), startCountingServer('{}')]);
    envoy = await startEnvoy(example({ 10000: 0, 10300: shop.port, 10301: llama.port, 10302: llama.port }));
  });

  afterAll(() => Promise.all([envoy.stop(), shop.stop(), llama.stop()]));

  const streams = () => envoy.stat('http.ingress.ext_proc.router.streams_started');

  test('leaves the other traffic alone', async () => {
    const answer = await fetch(`${envoy.url}/shop/cart?item=1`, { method: 'POST', body: 'x' });
    expect([answer.status, await answer.text()]).toEqual([200, 'a shop']);
    expect(shop.requests.map(({ method, url }) => `${method} ${url}`)).toEqual(['POST /shop/cart?item=1']);
    expect(await streams()).toBe(0);
  });

  test('leaves the replies of Envoy to the other traffic alone', async () => {
    const answer = await fetch(`${envoy.url}/elsewhere`);
    expect([answer.status, await answer.text()]).toEqual([404, '']);
    expect(await streams()).toBe(0);
  });

  test('governs the LLM routes: without the service nothing reaches a provider', async () => {
    const answer = await fetch(`${envoy.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: 'Bearer nx-example-shop' },
      body: '{"model":"assistant","messages":[]}',
    });
    expect([answer.status, await answer.json()]).toMatchObject([
      503,
      { error: { code: 'policy_unavailable' } },
    ]);
    expect(await streams()).toBe(1);
    expect(llama.requests).toEqual([]);
  });
});
