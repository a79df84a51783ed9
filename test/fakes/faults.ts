import { gzipSync } from 'node:zlib';
import { type Answer, type AnswerUsage, tokensIn } from '../../examples/demo/provider/ask.ts';
import { type ProviderDialect, ProviderError } from '../../examples/demo/provider/dialect.ts';
import { jsonReply, type Reply, type Step } from '../../examples/demo/provider/reply.ts';
import { errorReply, type Fault, type Healthy } from '../../examples/demo/provider/server.ts';

/**
 * The fault that a model is named after; undefined for models that are not named `fault-…`.
 *
 * - `fault-<status>`: that error, in the dialect's own shape. With `-html`, `-text`, `-detail` or `-empty`: in another
 *   shape. With `-quota` or `-context`: with the code of a used-up quota, of a prompt that is too long. Then perhaps
 *   `-retry-<seconds>`: with `retry-after`.
 * - `fault-<name>` and `fault-<name>-<number>`: see `faults`.
 *
 * Throws a `ProviderError` when there is no such fault, so that a misspelt one does not look like a healthy provider.
 */
export const faultNamed = (model: string): Fault | undefined => {
  if (!model.startsWith('fault-')) return undefined;
  const [, status, kind, retryAfter] = /^fault-([45]\d\d)(?:-([a-z]+))??(?:-retry-(\d+))?$/.exec(model) ?? [];
  const shape = errorShapes[kind ?? 'own'];
  if (status !== undefined && shape) return statusFault(Number(status), shape, retryAfter);
  const [, name = '', number] = /^fault-([a-z-]+?)(?:-(\d+))?$/.exec(model) ?? [];
  if (!Object.hasOwn(faults, name)) throw new ProviderError(400, `no fault is called ${model}`);
  return faults[name]?.(number === undefined ? undefined : Number(number));
};

/** Makes the fault of a name that ended in `number`. */
type Maker = (number: number | undefined) => Fault;

/** Every fault beside those of a status. N counts the events that are sent before it, 2 when left out. */
const faults: Readonly<Record<string, Maker>> = {
  /** Before any answer the connection is reset, or closed; or nothing happens, ever. */
  reset: () => whole({ steps: [], ending: 'reset' }),
  close: () => whole({ steps: [], ending: 'cut' }),
  hang: () => whole({ steps: [], ending: 'silence' }),
  /** The first byte comes after N milliseconds. */
  'slow-first': (ms = 1000) => whole({ delayMs: ms }),

  /** After N events the connection is closed; is reset; the body ends as if it were whole; nothing more comes. */
  'cut-stream': (count = 2) => afterEvents(count, 'cut'),
  'reset-stream': (count = 2) => afterEvents(count, 'reset'),
  'end-stream': (count = 2) => afterEvents(count, 'clean'),
  'stall-stream': (count = 2) => afterEvents(count, 'silence'),
  /** After half of a unary body nothing more comes; the connection is closed. */
  'stall-body': () => halfBody('silence'),
  'cut-body': () => halfBody('cut'),
  /** After N events comes an error event, and the body ends. */
  'error-event': (count = 2) => errorAfter(count),
  'first-event-error': () => errorAfter(0),
  /** One event in the middle is no JSON. */
  'malformed-chunk': () => overSteps((steps) => steps.with(middle(steps), broken(steps[middle(steps)]))),

  /** Writes 2,000 words whatever it was allowed, with usage to match. */
  'ignores-limit': () => ({ answer: endless }),

  'no-usage': () => withUsage(() => []),
  /** First half the tokens, then all of them. */
  'usage-twice': () => withUsage((usage) => [scaled(usage, 0.5), usage]),
  'negative-usage': () => withUsage((usage) => [scaled(usage, -1)]),

  /** Compressed although nobody asked. */
  gzip: () => ({ reply: ({ reply }) => gzipped(reply, [gzipSync(joined(reply))]) }),
  /** The answer, compressed, with N MiB of blanks in it: 10 GiB when left out. */
  'gzip-bomb': (mebibytes = 10_240) => ({ reply: ({ reply }) => bomb(reply, mebibytes) }),
  /** Says gzip, is not. */
  'wrong-encoding': () => headers({ 'content-encoding': 'gzip' }),
  /** Says HTML, is none. */
  'wrong-type': () => headers({ 'content-type': 'text/html' }),
  /** N MB of text, as fast as it is read. */
  'huge-stream': (megabytes = 1024) => ({ reply: (healthy) => hugeStream(healthy, megabytes) }),
  /** A unary body that begins with N MB of blanks. */
  'huge-body': (megabytes = 1024) => ({ reply: ({ reply }) => hugeBody(reply, megabytes) }),

  /** Text that would end an event, begin others, colour a terminal and run in a page, were it not escaped. */
  'sse-injection': () => ({ answer: (answer) => ({ ...answer, pieces: [...answer.pieces, ...injections] }) }),
  /** A unary answer to who asked for a stream. */
  'json-for-stream': () => ({
    reply: ({ dialect, ask, answer, reply }) => ({
      ...jsonReply(200, dialect.unary(answer, ask)),
      delayMs: reply.delayMs,
    }),
  }),
  'cr-only': () => lineEnds('\r'),
  crlf: () => lineEnds('\r\n'),
  /** Every byte on its own. */
  'one-byte-chunks': () =>
    overSteps((steps) => steps.flatMap(({ bytes }) => [...Buffer.from(bytes)].map((byte) => step([byte])))),
};

export const injections = [
  'end\n\ndata: {"choices":[{"index":0,"delta":{"content":"injected"}}]}\n\ndata: [DONE]\n\n',
  'event: message_stop\ndata: {"type":"message_stop"}\r\n\r\n',
  '\u001b[31mred\u001b[0m \u2028 <script>document.title = "injected"</script>',
];

const endless = (answer: Answer): Answer => {
  const pieces = Array.from({ length: 2000 }, (_, at) => `word${at} `);
  const usage = answer.usage.map((it) => ({ ...it, outputTokens: tokensIn(pieces.join('')) }));
  return { ...answer, reasoning: '', calls: [], pieces, finish: 'stop', usage };
};

const whole = (change: Partial<Reply>): Fault => ({ reply: ({ reply }) => ({ ...reply, ...change }) });

const headers = (added: Reply['headers']): Fault => ({
  reply: ({ reply }) => ({ ...reply, headers: { ...reply.headers, ...added } }),
});

/** Faults of streams leave unary answers alone, and the other way round. */
const overSteps = (change: (steps: Step[]) => Step[], ending: Reply['ending'] = 'clean'): Fault => ({
  reply: ({ ask, reply }) => (ask.stream ? { ...reply, steps: change([...reply.steps]), ending } : reply),
});

const headOnly: Step = { bytes: '' };

const afterEvents = (count: number, ending: Reply['ending']): Fault =>
  overSteps((steps) => [headOnly, ...steps.slice(0, count)], ending);

const errorAfter = (count: number): Fault => ({
  reply: (healthy) => {
    const { dialect, ask, reply } = healthy;
    const error = new ProviderError(529, 'overloaded', { code: 'overloaded' });
    if (!ask.stream) return errorReply(dialect, error);
    // The events before it get time to arrive on their own.
    const last = { bytes: dialect.errorFrame(error), afterMs: count === 0 ? 0 : 20 };
    return { ...reply, steps: [...[...reply.steps].slice(0, count), last] };
  },
});

const halfBody = (ending: Reply['ending']): Fault => ({
  reply: ({ ask, reply }) => {
    if (ask.stream) return reply;
    const body = joined(reply);
    return { ...reply, steps: [{ bytes: body.subarray(0, body.length / 2) }], ending };
  },
});

const withUsage = (change: (usage: AnswerUsage) => AnswerUsage[]): Fault => ({
  answer: (answer) => ({ ...answer, usage: answer.usage.flatMap(change) }),
});

const scaled = (usage: AnswerUsage, factor: number): AnswerUsage => ({
  inputTokens: Math.round(usage.inputTokens * factor),
  cacheReadTokens: Math.round(usage.cacheReadTokens * factor),
  cacheWriteTokens: Math.round(usage.cacheWriteTokens * factor),
  outputTokens: Math.round(usage.outputTokens * factor),
  reasoningTokens: Math.round(usage.reasoningTokens * factor),
});

const statusFault = (status: number, shape: ErrorShape, retryAfter: string | undefined): Fault => ({
  reply: ({ dialect }) => {
    const reply = shape(status, dialect);
    const after = retryAfter === undefined ? {} : { 'retry-after': retryAfter };
    return { ...reply, headers: { ...reply.headers, ...after } };
  },
});

type ErrorShape = (status: number, dialect: ProviderDialect) => Reply;

const withCode =
  (code: string): ErrorShape =>
  (status, dialect) =>
    errorReply(dialect, new ProviderError(status, code, { code }));

/** Errors as the dialect writes them, and as it does not, but proxies and other servers do. */
const errorShapes: Readonly<Record<string, ErrorShape>> = {
  own: (status, dialect) => errorReply(dialect, new ProviderError(status, `fault ${status}`)),
  quota: withCode('insufficient_quota'),
  context: withCode('context_length_exceeded'),
  html: (status) => textReply(status, 'text/html', `<html><body><h1>${status}</h1></body></html>`),
  text: (status) => textReply(status, 'text/plain', `error ${status}`),
  empty: (status) => textReply(status, 'text/plain', ''),
  detail: (status) => jsonReply(status, { detail: `error ${status}` }),
};

const textReply = (status: number, contentType: string, text: string): Reply => ({
  status,
  headers: { 'content-type': contentType },
  delayMs: 0,
  steps: [{ bytes: text }],
  ending: 'clean',
});

const step = (bytes: readonly number[]): Step => ({ bytes: Uint8Array.from(bytes) });

const middle = (steps: readonly Step[]): number => Math.floor(steps.length / 2);

const broken = ({ bytes }: Step = headOnly): Step => {
  const text = String(bytes);
  return { bytes: `${text.slice(0, text.length / 2).trimEnd()}\n\n` };
};

const lineEnds = (end: string): Fault =>
  overSteps((steps) =>
    steps.map((each) => ({ ...each, bytes: String(each.bytes).replaceAll(/\r?\n/g, end) })),
  );

const joined = ({ steps }: Reply): Buffer => Buffer.concat([...steps].map(({ bytes }) => Buffer.from(bytes)));

/** `members` make one gzip body: a gzip file may have several. */
const gzipped = (reply: Reply, members: Iterable<Buffer>): Reply => ({
  ...reply,
  headers: { ...lengthless(reply.headers), 'content-encoding': 'gzip' },
  steps: (function* () {
    for (const bytes of members) yield { bytes };
  })(),
});

const lengthless = ({ 'content-length': _, ...rest }: Reply['headers']): Reply['headers'] => rest;

/** JSON stays JSON with blanks in front of it; a stream gets one endless line. */
const bomb = (reply: Reply, mebibytes: number): Reply => {
  const blanks = gzipSync(Buffer.alloc(2 ** 20, ' '));
  return gzipped(
    reply,
    (function* () {
      for (let sent = 0; sent < mebibytes; sent++) yield blanks;
      yield gzipSync(joined(reply));
    })(),
  );
};

const megabyte = 1_000_000;

/** The answer's events, one of which is replaced by as many as it takes. */
const hugeStream = ({ dialect, ask, answer, reply }: Healthy, megabytes: number): Reply => {
  if (!ask.stream) return reply;
  const frames = dialect.frames({ ...answer, pieces: ['x'.repeat(65_536)] }, ask);
  const textAt = frames.findIndex((frame) => frame.length > 65_536);
  return {
    ...reply,
    steps: (function* () {
      for (const [index, bytes] of frames.entries()) {
        const times = index === textAt ? Math.ceil((megabytes * megabyte) / bytes.length) : 1;
        for (let sent = 0; sent < times; sent++) yield { bytes };
      }
    })(),
  };
};

const hugeBody = (reply: Reply, megabytes: number): Reply => {
  const blanks = Buffer.alloc(megabyte, ' ');
  return {
    ...reply,
    headers: lengthless(reply.headers),
    steps: (function* () {
      for (let sent = 0; sent < megabytes; sent++) yield { bytes: blanks };
      yield* reply.steps;
    })(),
  };
};
