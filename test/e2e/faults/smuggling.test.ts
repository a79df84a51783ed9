import { once } from 'node:events';
import type { OutgoingHttpHeaders } from 'node:http2';
import { connect } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { JournalEntry } from '../../fakes/journal.ts';
import { envoyBinary } from '../envoy.ts';
import { http2Call } from './http2.ts';
import { bodyOf, chat, clientKey, type Place, startPlace } from './place.ts';

const path = '/v1/chat/completions';
const body = bodyOf({ model: 'any', says: 'the request' });
const length = `content-length: ${body.length}`;
const chunked = `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;

/** A request as bytes. `lines` follow those that every call has. */
const raw = (target: string, lines: readonly string[], content: string): string =>
  [
    `POST ${target} HTTP/1.1`,
    'host: gateway',
    `authorization: Bearer ${clientKey}`,
    'content-type: application/json',
    ...lines,
    '',
    content,
  ].join('\r\n');

const closing = 'connection: close';

/** A whole request of its own, that must not be read where it is hidden. */
const hidden = raw(
  path,
  [`content-length: ${body.length}`, closing],
  body.replace('the request', 'was hidden!'),
);

/** Reads like one request to one half of the proxies of this world, and like another to the other half. */
const ambiguous: readonly (readonly [string, string])[] = [
  ['a length and chunks', raw(path, [length, 'transfer-encoding: chunked'], chunked)],
  [
    'a length that ends before a hidden request, and chunks',
    raw(path, ['content-length: 0', 'transfer-encoding: chunked'], `${chunked}${hidden}`),
  ],
  [
    'chunks that end before a hidden request, and a length',
    raw(
      path,
      [`content-length: ${chunked.length + hidden.length}`, 'transfer-encoding: chunked'],
      `${chunked}${hidden}`,
    ),
  ],
  ['two lengths', raw(path, [length, 'content-length: 0'], `${body}${hidden}`)],
  ['two lengths in one header', raw(path, [`${length}, 0`], `${body}${hidden}`)],
  ['a length with a sign', raw(path, [`content-length: +${body.length}`], body)],
  ['a length in hexadecimal', raw(path, [`content-length: 0x${body.length.toString(16)}`], body)],
  ['a negative length', raw(path, ['content-length: -1'], `${body}${hidden}`)],
  ['a length beyond all numbers', raw(path, ['content-length: 99999999999999999999999'], body)],
  ['chunks under another name', raw(path, ['transfer-encoding: xchunked'], chunked)],
  ['chunks twice', raw(path, ['transfer-encoding: chunked', 'transfer-encoding: identity'], chunked)],
  ['chunks with a blank before the colon', raw(path, [length, 'transfer-encoding : chunked'], chunked)],
  ['chunks behind a vertical tab', raw(path, [length, 'transfer-encoding: \u000bchunked'], chunked)],
  ['chunks on a folded line', raw(path, [length, 'transfer-encoding:\r\n chunked'], chunked)],
  [
    'a chunk with a size that is none',
    raw(path, ['transfer-encoding: chunked'], `zz\r\n${body}\r\n0\r\n\r\n`),
  ],
  ['a chunk longer than it says', raw(path, ['transfer-encoding: chunked'], `1\r\n${body}\r\n0\r\n\r\n`)],
  ['a line feed alone before chunks', raw(path, [length, 'x-a: b\ntransfer-encoding: chunked'], chunked)],
  ['a NUL inside a value', raw(path, [length, 'x-a: b\0c'], body)],
  ['a header name with a blank', raw(path, [length, 'x a: b'], body)],
  ['a header name with an underscore', raw(path, [length, 'x_nexus_model: other'], body)],
  ['authorization under a twin of its name', raw(path, [length, 'x_api_key: other'], body)],
  ['a header without a name', raw(path, [length, ': b'], body)],
  ['a line that is no header', raw(path, [length, 'nothing'], body)],
  ['a control character in the target', raw(`${path}\u0001`, [length], body)],
  ['a blank in the target', raw('/v1/chat completions', [length], body)],
  ['an escaped slash in the path', raw('/v1%2fchat/completions', [length], body)],
  ['an escaped backslash in the path', raw('/v1%5cchat/completions', [length], body)],
  ['HTTP/0.9', `POST ${path}\r\n\r\n${hidden}`],
  [
    'HTTP/1.0 with chunks',
    raw(path, [length, 'transfer-encoding: chunked'], chunked).replace('HTTP/1.1', 'HTTP/1.0'),
  ],
  ['a CONNECT', `CONNECT provider:443 HTTP/1.1\r\nhost: provider:443\r\n\r\n${hidden}`],
];

/** Odd, but one request to every reader; it goes where all of its kind go, whatever it says, or nowhere. */
const odd: readonly (readonly [string, string])[] = [
  [
    'the address of another server as target',
    raw(`http://elsewhere.internal${path}`, [length, closing], body),
  ],
  ['two hosts', raw(path, [length, closing, 'host: elsewhere.internal'], body)],
  ['a way up in the path', raw('/v1/elsewhere/../chat/completions', [length, closing], body)],
  ['an escaped way up in the path', raw('/v1/elsewhere/%2e%2e/chat/completions', [length, closing], body)],
  ['a way up out of the API', raw(`${path}/../../../../secrets`, [length, closing], body)],
  ['doubled slashes', raw('//v1//chat/completions', [length, closing], body)],
  ['a path with a parameter', raw(`${path};v=2`, [length, closing], body)],
  ['a fragment', raw(`${path}#there`, [length, closing], body)],
  [
    'an upgrade to another protocol',
    raw(
      path,
      [length, 'connection: upgrade, close', 'upgrade: h2c', 'http2-settings: AAMAAABkAAQAAP__'],
      body,
    ),
  ],
  [
    'a carriage return alone inside a value',
    raw(path, [length, closing, 'x-a: b\rtransfer-encoding: chunked'], body),
  ],
];

/** All that is answered until the connection is closed. */
const talk = async (url: string, bytes: string): Promise<string> => {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  let text = '';
  socket.on('data', (chunk) => (text += chunk));
  socket.on('error', () => {}); // a reset, too, closes it
  socket.write(bytes);
  await once(socket, 'close');
  return text;
};

const statusesIn = (text: string): number[] =>
  [...text.matchAll(/^HTTP\/1\.[01] (\d{3})/gm)].map(([, status]) => Number(status));

describe.skipIf(!envoyBinary)('bytes that two readers could read differently', () => {
  let place: Place;
  beforeAll(async () => {
    place = await startPlace({
      providers: { a: { dialect: 'openai', key: 'key-of-a' }, b: { dialect: 'anthropic', key: 'key-of-b' } },
      models: { any: ['a/one'], beta: ['b/two'] },
    });
  });
  afterAll(() => place?.stop());
  beforeEach(() => {
    for (const name of ['a', 'b']) place.provider(name).journal.clear();
  });

  test('the same without any trick are answered', async () => {
    expect(statusesIn(await talk(place.url, raw(path, [length, closing], body)))).toEqual([200]);
    expect(
      statusesIn(await talk(place.url, raw(path, ['transfer-encoding: chunked', closing], chunked))),
    ).toEqual([200]);
    expect(statusesIn(await talk(place.url, hidden))).toEqual([200]);
    expect(place.seen()).toHaveLength(3);
  });

  describe('are refused', () => {
    let answers: ReadonlyMap<string, string>;
    let asked: readonly JournalEntry[];
    beforeAll(async () => {
      place.provider('a').journal.clear();
      // All at once: Envoy takes a second to close each of these connections.
      const talks = ambiguous.map(async ([name, bytes]) => [name, await talk(place.url, bytes)] as const);
      answers = new Map(await Promise.all(talks));
      await chat(place.url, { model: 'any', says: 'afterwards' });
      asked = place.seen();
    });

    test.each(ambiguous)('%s', (name) => {
      for (const status of statusesIn(answers.get(name) ?? ''))
        expect(status).toBeOneOf([400, 404, 408, 411, 413, 426, 501]);
    });

    test('and no provider was asked', () => {
      expect(answers.size).toBe(ambiguous.length);
      expect(asked).toHaveLength(1);
      expect(JSON.stringify(asked[0]?.body)).toContain('afterwards');
    });
  });

  test.each(odd)('%s: no more than one answer, from where it belongs', async (_, bytes) => {
    const text = await talk(place.url, bytes);
    const [status, ...more] = statusesIn(text);
    expect(more).toEqual([]);
    expect(status).toBeOneOf([200, 400, 404]);
    expect(place.seen().map((it) => it.path)).toEqual(status === 200 ? [path] : []);
  });

  test('a carriage return alone inside a value that is passed on makes no header of its own', async () => {
    const message = bodyOf({ model: 'beta', says: 'the request' });
    const lines = [`content-length: ${message.length}`, closing, 'anthropic-version: 2023-06-01'];
    const text = await talk(
      place.url,
      raw('/v1/messages', [...lines, 'anthropic-beta: a\rx-api-key: other'], message),
    );
    expect(statusesIn(text)).toEqual([200]);
    const { headers } = place.provider('b').journal.last;
    expect(headers['anthropic-beta']).toBe('ax-api-key: other'); // Envoy leaves it out
    expect(headers['x-api-key']).toBe('key-of-b');
  });

  describe('over HTTP/2', () => {
    const plain = { ':path': path, authorization: `Bearer ${clientKey}`, 'content-type': 'application/json' };

    test('the same without any trick are answered', async () => {
      const { status } = await http2Call(place.url, {
        headers: { ...plain, 'content-length': body.length },
        body,
      });
      expect(status).toBe(200);
      expect(place.seen()).toHaveLength(1);
    });

    test.each<[string, OutgoingHttpHeaders]>([
      ['a length that is too short', { ...plain, 'content-length': body.length - 10 }],
      ['a length that is too long', { ...plain, 'content-length': body.length + 10 }],
      ['a length of nothing', { ...plain, 'content-length': 0 }],
      ['a header name with an underscore', { ...plain, x_api_key: 'other' }],
      ['an escaped slash in the path', { ...plain, ':path': '/v1%2fchat/completions' }],
    ])('%s: refused, and no provider is asked', async (_, headers) => {
      const { status } = await http2Call(place.url, { headers, body });
      expect(status).toBeOneOf(['reset', 400]);
      expect((await chat(place.url, { model: 'any', says: 'afterwards' })).status).toBe(200);
      expect(place.seen()).toHaveLength(1);
    });
  });
});
