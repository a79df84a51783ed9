import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Agent, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { listen, readCall } from '../../../examples/demo/provider/server.ts';
import { envoyBinary } from '../envoy.ts';
import { type ClientDialect, callOf, chat, type Place, send, startPlace } from './place.ts';

const chunk = (delta: object, finish: string | null = null): string =>
  `data: ${JSON.stringify({
    id: 'chatcmpl-1',
    object: 'chat.completion.chunk',
    created: 1_700_000_000,
    model: 'held',
    choices: [{ index: 0, delta, finish_reason: finish }],
  })}\n\n`;

/** A provider that begins every answer at once and ends none before `release`. */
const startHoldingProvider = async () => {
  const held: ServerResponse[] = [];
  const listening = await listen(async (incoming, response) => {
    await readCall(incoming);
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(chunk({ role: 'assistant', content: 'word ' }));
    held.push(response);
  }, 0);
  return {
    ...listening,
    held,
    release: () => {
      for (const response of held)
        response.end(`${chunk({ content: 'end' })}${chunk({}, 'stop')}data: [DONE]\n\n`);
    },
  };
};

/** A stream as its client has it so far. */
interface OpenStream {
  readonly status: number;
  /** The whole of it; rejects when it breaks. */
  readonly text: Promise<string>;
}

const openStream = (place: Place, model: string, agent: Agent): Promise<OpenStream> =>
  new Promise((resolve, reject) => {
    const { path, headers, body } = callOf('openai-chat', { model, stream: true });
    const outgoing = request(
      new URL(path, place.url),
      { method: 'POST', headers: { ...headers }, agent },
      (incoming) => resolve({ status: incoming.statusCode ?? 0, text: textOf(incoming) }),
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });

const textOf = async (incoming: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const bytes of incoming) chunks.push(bytes as Buffer);
  return Buffer.concat(chunks).toString();
};

test.skipIf(!envoyBinary)('1500 streams at the same time all end well', async () => {
  const count = 1500; // Envoy's own limits are 1024
  const provider = await startHoldingProvider();
  onTestFinished(() => provider.close());
  const place = await startPlace({
    others: { holding: { dialect: 'openai', url: provider.url } },
    models: { held: ['holding/held'] },
    workers: 2,
  });
  onTestFinished(() => place.stop());
  const agent = new Agent({ keepAlive: true });
  onTestFinished(() => agent.destroy());
  const streams: OpenStream[] = [];
  while (streams.length < count)
    streams.push(...(await Promise.all(Array.from({ length: 50 }, () => openStream(place, 'held', agent)))));
  expect(streams.filter(({ status }) => status !== 200)).toEqual([]);
  expect(provider.held).toHaveLength(count);
  provider.release();
  const texts = await Promise.all(streams.map(({ text }) => text));
  expect(texts.filter((text) => !text.endsWith('data: [DONE]\n\n'))).toEqual([]);
});

const mebibyte = 1_048_576;

/** Resident memory of a process, in bytes. Linux. */
const residentBytes = (pid: number | undefined): number => {
  const [, kibibytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kibibytes) * 1024;
};

describe.skipIf(!envoyBinary || process.platform !== 'linux')('clients that do not read in time', () => {
  const readers = 4;
  let place: Place;
  beforeAll(async () => {
    place = await startPlace({
      providers: { a: { dialect: 'openai' } },
      models: {
        huge: ['a/fault-huge-stream-400'],
        large: ['a/fault-huge-stream-30'],
        body: ['a/fault-huge-body-30'],
        small: ['a/small'],
      },
    });
  });
  afterAll(() => place?.stop());

  /** Asks for a stream and reads its head alone. */
  const beginAndStop = async (dialect: ClientDialect) => {
    const { path, headers, body } = callOf(dialect, { model: 'huge', stream: true });
    const outgoing = request(new URL(path, place.url), {
      method: 'POST',
      headers: { ...headers },
      agent: false,
    });
    outgoing.on('error', () => {}); // it is we who break it off
    outgoing.end(body);
    const [incoming] = await once(outgoing, 'response');
    incoming.on('error', () => {});
    incoming.pause();
    return { leave: () => outgoing.destroy() };
  };

  test.each(['openai-chat', 'anthropic-messages'] as const)(
    'hold nothing up and fill no memory (%s)',
    async (dialect) => {
      const pids = [place.stack.envoy.pid, place.stack.workers[0]?.process.pid];
      const { journal } = place.provider('a');
      await send(place.url, dialect, { model: 'large', stream: true }); // memory grows once for any large stream
      journal.clear();
      const before = pids.map(residentBytes);
      const clients = await Promise.all(Array.from({ length: readers }, () => beginAndStop(dialect)));

      const written = () => journal.entries.reduce((sum, it) => sum + it.bytesWritten, 0);
      let last = -1;
      const isStill = () => {
        const was = last;
        last = written();
        return last === was;
      };
      await expect.poll(isStill, { interval: 500, timeout: 20_000 }).toBe(true);
      expect(written()).toBeLessThan(readers * 64 * mebibyte);
      for (const [at, pid] of pids.entries())
        expect(residentBytes(pid) - (before[at] ?? 0)).toBeLessThan(50 * mebibyte);
      expect((await chat(place.url, { model: 'small' })).status).toBe(200);

      for (const { leave } of clients) leave();
      const left = () => journal.entries.filter(({ ended }) => ended === 'left').length;
      await expect.poll(left, { timeout: 5000 }).toBe(readers);
    },
  );

  test.each(['close', 'keep-alive'])(
    'get the whole of a large answer all the same (connection: %s)',
    async (connection) => {
      const pauseMs = 300;
      const { path, headers, body } = callOf('openai-chat', { model: 'body' });
      const outgoing = request(new URL(path, place.url), {
        method: 'POST',
        headers: { ...headers, connection },
        agent: false,
      });
      outgoing.end(body);
      const [incoming] = await once(outgoing, 'response');
      let text = '';
      for await (const bytes of incoming.setEncoding('utf8')) {
        if (text.length < 5 * mebibyte && text.length + bytes.length >= 5 * mebibyte) await sleep(pauseMs);
        text += bytes;
      }
      expect(JSON.parse(text)).toMatchObject({ object: 'chat.completion' });
    },
  );
});
