import { lookup } from 'node:dns/promises';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { BlockList, isIP } from 'node:net';
import type { FetchedImage, FetchImage, ImageLimits, ImageProblem } from '../ports/images.ts';

// A URL in a request is a stranger's wish that this machine talk to a place of his choice. So: https alone, hosts that the
// configuration names, addresses of the public internet as they are looked up once and then connected to, no redirects,
// and nothing of the answer but the bytes of an image.

/** An address of a host. */
export interface Address {
  readonly address: string;
  readonly family: number;
}

/** The world outside, for tests to replace. */
export interface Web {
  lookUp(hostname: string): Promise<readonly Address[]>;
  /** Asks `url` at this very address. Throws when nothing comes, or when `signal` says that it is enough. */
  get(url: URL, address: Address, signal: AbortSignal): Promise<WebAnswer>;
}

export interface WebAnswer {
  readonly status: number;
  readonly body: AsyncIterable<Uint8Array>;
  /** Closes the connection. */
  close(): void;
}

/** Fetches images over the web given. */
export const imageFetcher =
  (web: Web): FetchImage =>
  async (text, limits) => {
    const url = allowedUrl(text, limits);
    if (!url) return 'not allowed';
    const signal = AbortSignal.timeout(limits.timeoutMs);
    try {
      return await within(signal, fetched(url, { web, limits, signal }));
    } catch {
      return 'not reached';
    }
  };

interface Fetching {
  readonly web: Web;
  readonly limits: ImageLimits;
  readonly signal: AbortSignal;
}

const fetched = async (url: URL, { web, limits, signal }: Fetching): Promise<FetchedImage | ImageProblem> => {
  const addresses = await web.lookUp(url.hostname.replace(/^\[|\]$/g, ''));
  const [address] = addresses;
  if (!address || !addresses.every(isPublic)) return 'not public';
  const answer = await web.get(url, address, signal);
  try {
    if (answer.status !== 200) return 'not reached';
    const bytes = await upTo(limits.maxBytes, answer.body);
    if (!bytes) return 'too large';
    const mediaType = typeOf(bytes);
    return mediaType === undefined ? 'no image' : { mediaType, base64: bytes.toString('base64') };
  } finally {
    answer.close();
  }
};

/** A look-up cannot be called off, but it need not be waited for. */
const within = <T>(signal: AbortSignal, work: Promise<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    work.then(resolve, reject);
  });

const allowedUrl = (text: string, { allow }: ImageLimits): URL | undefined => {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  const isPlain = url.protocol === 'https:' && url.port === '' && url.username === '' && url.password === '';
  return isPlain && allow.some((pattern) => covers(pattern, url.hostname)) ? url : undefined;
};

const covers = (pattern: string, hostname: string): boolean =>
  pattern.startsWith('*.') ? hostname.endsWith(pattern.slice(1)) : hostname === pattern;

/** Ranges of IPv4 that lead to no public host (IANA, "IPv4 Special-Purpose Address Registry", read 2026-11-28). */
const special4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
];

/** The public part of IPv6, and what of it is not: tunnels to addresses of IPv4, documentation. */
const public6 = '2000::/3';
const special6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'];

const blockList = (ranges: readonly string[], family: 'ipv4' | 'ipv6'): BlockList => {
  const list = new BlockList();
  for (const range of ranges) {
    const [network = '', prefix] = range.split('/');
    list.addSubnet(network, Number(prefix), family);
  }
  return list;
};

const notPublic4 = blockList(special4, 'ipv4');
const notPublic6 = blockList(special6, 'ipv6');
const maybePublic6 = blockList([public6], 'ipv6');

/** Is it an address of the public internet? */
export const isPublic = ({ address }: Address): boolean => {
  switch (isIP(address)) {
    case 4:
      return !notPublic4.check(address, 'ipv4');
    case 6:
      return maybePublic6.check(address, 'ipv6') && !notPublic6.check(address, 'ipv6');
    default:
      return false;
  }
};

const upTo = async (maxBytes: number, body: AsyncIterable<Uint8Array>): Promise<Buffer | undefined> => {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body) {
    length += chunk.length;
    if (length > maxBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
};

/** The four types that providers take. */
const typeOf = (bytes: Buffer): string | undefined => {
  const starts = (text: string, at = 0) => bytes.toString('latin1', at, at + text.length) === text;
  if (starts('\x89PNG\r\n\x1a\n')) return 'image/png';
  if (starts('\xff\xd8\xff')) return 'image/jpeg';
  if (starts('GIF87a') || starts('GIF89a')) return 'image/gif';
  return starts('RIFF') && starts('WEBP', 8) ? 'image/webp' : undefined;
};

/** The web itself. */
export const realWeb: Web = {
  lookUp: (hostname) => lookup(hostname, { all: true, verbatim: true }),
  get: (url, address, signal) =>
    new Promise((resolve, reject) => {
      const asked = request(
        url,
        {
          signal,
          agent: false,
          headers: { accept: 'image/*', 'accept-encoding': 'identity', 'user-agent': 'nexus' },
          // The name is not looked up again: it could lead elsewhere by now.
          lookup: (_hostname, { all }, found) =>
            all ? found(null, [{ ...address }]) : found(null, address.address, address.family),
        },
        (answer: IncomingMessage) =>
          resolve({ status: answer.statusCode ?? 0, body: answer, close: () => answer.destroy() }),
      );
      asked.on('error', reject);
      asked.end();
    }),
};
