import { expect, test } from 'vitest';
import { imageFetcher, isPublic, type Web } from './images.ts';

const png = Buffer.from('89504e470d0a1a0a00', 'hex');
const limits = { allow: ['images.example', '*.cdn.example'], maxBytes: 100, timeoutMs: 1000 };

interface World {
  readonly addresses?: readonly string[];
  readonly status?: number;
  readonly chunks?: readonly Uint8Array[];
  readonly get?: Web['get'];
}

const fetchIn = (
  url: string,
  { addresses = ['93.184.216.34'], status = 200, chunks = [png], get }: World = {},
) => {
  const asked: string[] = [];
  let closed = 0;
  const web: Web = {
    lookUp: async () => addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    get:
      get ??
      (async (to, { address }) => {
        asked.push(`${to.href} at ${address}`);
        const body = (async function* () {
          yield* chunks;
        })();
        return { status, body, close: () => closed++ };
      }),
  };
  return { got: imageFetcher(web)(url, limits), asked, closed: () => closed };
};

test('an image comes with the type of its bytes, from the address that was looked up', async () => {
  const { got, asked, closed } = fetchIn('https://images.example/a.gif?x=1');
  expect(await got).toEqual({ mediaType: 'image/png', base64: png.toString('base64') });
  expect(asked).toEqual(['https://images.example/a.gif?x=1 at 93.184.216.34']);
  expect(closed()).toBe(1);
});

test.each([
  'http://images.example/a.png',
  'https://images.example:8443/a.png',
  'https://user:pass@images.example/a.png',
  'https://other.example/a.png',
  'https://cdn.example/a.png',
  'https://evilcdn.example/a.png',
  'https://images.example.evil.test/a.png',
  'file:///etc/passwd',
  'nonsense',
])('%s is not allowed, and nobody is asked', async (url) => {
  const { got, asked } = fetchIn(url);
  expect(await got).toBe('not allowed');
  expect(asked).toEqual([]);
});

test.each([
  '127.0.0.1',
  '10.1.2.3',
  '172.31.255.255',
  '192.168.0.1',
  '169.254.169.254',
  '100.64.0.1',
  '0.0.0.0',
  '224.0.0.1',
  '255.255.255.255',
  '::1',
  '::',
  'fe80::1',
  'fd00::1',
  '::ffff:127.0.0.1',
  '64:ff9b::7f00:1',
  '2002:7f00:1::',
  '2001:0:7f00:1::',
  'localhost',
])('%s is not public, alone or beside a public address', async (address) => {
  expect(isPublic({ address, family: 4 })).toBe(false);
  const { got, asked } = fetchIn('https://a.cdn.example/a.png', { addresses: ['93.184.216.34', address] });
  expect(await got).toBe('not public');
  expect(asked).toEqual([]);
});

test('public addresses are', () => {
  for (const address of ['8.8.8.8', '172.32.0.1', '2606:2800:220:1::1', '2a00:1450:4001::1'])
    expect(isPublic({ address, family: 4 })).toBe(true);
});

test('redirects, errors, what is too large and what is no image give nothing', async () => {
  const url = 'https://images.example/a.png';
  expect(await fetchIn(url, { status: 302 }).got).toBe('not reached');
  expect(await fetchIn(url, { addresses: [] }).got).toBe('not public');
  const large = fetchIn(url, { chunks: [png, Buffer.alloc(100)] });
  expect(await large.got).toBe('too large');
  expect(large.closed()).toBe(1);
  expect(await fetchIn(url, { chunks: [Buffer.from('<svg onload=x>')] }).got).toBe('no image');
  const failing = fetchIn(url, { get: () => Promise.reject(new Error('secret of the network')) });
  expect(await failing.got).toBe('not reached');
});
