import { createServer, type Socket } from 'node:net';
import { type Behaviour, eventGapMs, eventsPerStream, filler, latencyMs } from './scenarios.ts';

// The upstream of the bench, a process of its own: prebuilt bytes over bare sockets, as cheap as it can be. Tells its
// parent the port that it listens on.

const common = { id: 'chatcmpl-bench', created: 1_764_000_000, model: 'mock' };
const usage = { prompt_tokens: 240, completion_tokens: 120, total_tokens: 360 };

const unaryAnswer = (): Buffer => {
  const message = { role: 'assistant', content: filler(560), refusal: null };
  const choices = [{ index: 0, message, logprobs: null, finish_reason: 'stop' }];
  const body = JSON.stringify({ object: 'chat.completion', ...common, choices, usage });
  const head = ['HTTP/1.1 200 OK', 'content-type: application/json', `content-length: ${body.length}`];
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`);
};

/** A streamed answer, as it is written: the head with the first event, then the others, the last one with the end. */
const streamedAnswer = (): Buffer[] => {
  const chunk = (fields: object) =>
    JSON.stringify({ object: 'chat.completion.chunk', ...common, usage: null, ...fields });
  const delta = (fields: object, finish_reason: string | null = null) =>
    chunk({ choices: [{ index: 0, delta: fields, logprobs: null, finish_reason }] });
  const events = [
    delta({ role: 'assistant', content: '' }),
    ...Array.from({ length: eventsPerStream - 4 }, (_, index) => delta({ content: ` word${index}` })),
    delta({}, 'stop'),
    chunk({ choices: [], usage }),
    '[DONE]',
  ];
  const head = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n';
  return events.map((event, index) => {
    const frame = `data: ${event}\n\n`;
    const end = index === events.length - 1 ? '0\r\n\r\n' : '';
    return Buffer.from(`${index === 0 ? head : ''}${frame.length.toString(16)}\r\n${frame}\r\n${end}`);
  });
};

const unary = unaryAnswer();
const writes = streamedAnswer();
const burst = Buffer.concat(writes);

const answers: Readonly<Record<Behaviour, (socket: Socket) => void>> = {
  unary: (socket) => socket.write(unary),
  'unary-60ms': (socket) => setTimeout(() => socket.write(unary), latencyMs),
  burst: (socket) => socket.write(burst),
  paced: (socket) => {
    let next = 0;
    const timer = setInterval(() => {
      socket.write(writes[next++] ?? '');
      if (next === writes.length || socket.destroyed) clearInterval(timer);
    }, eventGapMs);
  },
};

/** Length of the request at the start of `bytes`; 0 when it is not whole yet. */
const requestLength = (bytes: Buffer): number => {
  const headEnd = bytes.indexOf('\r\n\r\n') + 4;
  if (headEnd === 3) return 0;
  const head = bytes.toString('latin1', 0, headEnd);
  const contentLength = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  if (contentLength === undefined) {
    const lastChunk = bytes.indexOf('0\r\n\r\n', headEnd);
    return lastChunk === -1 ? 0 : lastChunk + 5;
  }
  const length = headEnd + Number(contentLength);
  return bytes.length < length ? 0 : length;
};

/** The first word that says `model` is the member: bodies are ours, or were read and written by the gateway. */
const behaviourIn = (request: Buffer): Behaviour => {
  const at = request.indexOf('"model":"') + 9;
  const name = request.toString('latin1', at, request.indexOf('"', at)).replace('mock-', '');
  if (!Object.hasOwn(answers, name)) throw new Error(`a request for an unknown model: ${name}`);
  return name as Behaviour;
};

const server = createServer({ noDelay: true }, (socket) => {
  let rest: Buffer = Buffer.alloc(0);
  socket.on('error', () => {}); // a peer that goes away
  socket.on('data', (chunk) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    for (let length = requestLength(rest); length > 0; length = requestLength(rest)) {
      answers[behaviourIn(rest.subarray(0, length))](socket);
      rest = rest.subarray(length);
    }
  });
});
process.once('disconnect', () => process.exit(0));
server.listen(0, '127.0.0.1', () => process.send?.(server.address()));
