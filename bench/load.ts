import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { ResponseReader } from './response-reader.ts';
import { freshWord } from './scenarios.ts';
import { quantile } from './statistics.ts';

// The load of the bench, a process of its own that does one job after another for its parent.

/** Work for one round. */
export interface Job {
  readonly port: number;
  /** Bytes of HTTP/1.1, in base64. */
  readonly request: string;
  /** Where a word belongs in it that is another in each request. */
  readonly freshAt: readonly number[];
  readonly concurrency: number;
  /** No request begins later; those that run are waited for. */
  readonly durationMs: number;
  /** Time over which the clients begin, one after another; 0: all at once. */
  readonly spreadMs: number;
  /** Server-sent events that each answer must have; 0 for a JSON body. */
  readonly events: number;
}

/** What came of it. Latencies are from the request's first byte to the answer's last, or to the first of its body. */
export interface JobResult {
  readonly completed: number;
  /** Answers of another status or length, and connections that broke. */
  readonly failed: number;
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly firstByteP50Ms: number;
}

/** More than any round can measure. */
const capacity = 1_000_000;
const wholeMs = new Float64Array(capacity);
const firstByteMs = new Float64Array(capacity);

const work = async (job: Job): Promise<JobResult> => {
  const request = Buffer.from(job.request, 'base64');
  const startedMs = performance.now();
  const tally = { completed: 0, failed: 0 };
  const clients = Array.from({ length: job.concurrency }, async (_, index) => {
    if (job.spreadMs > 0) await sleep((index * job.spreadMs) / job.concurrency);
    await runClient({ ...job, request, untilMs: startedMs + job.durationMs }, tally);
  });
  await Promise.all(clients);
  const { completed } = tally;
  const whole = wholeMs.subarray(0, completed).sort();
  const first = firstByteMs.subarray(0, completed).sort();
  return {
    ...tally,
    seconds: (performance.now() - startedMs) / 1000,
    p50Ms: quantile(whole, 0.5),
    p99Ms: quantile(whole, 0.99),
    firstByteP50Ms: quantile(first, 0.5),
  };
};

interface ClientOptions extends Pick<Job, 'port' | 'events' | 'freshAt'> {
  readonly request: Buffer;
  readonly untilMs: number;
}

let sent = 0;

/** The request as nobody has sent it before. */
const freshened = (request: Buffer, freshAt: readonly number[]): Buffer => {
  const copy = Buffer.from(request);
  const word = freshWord(++sent);
  for (const at of freshAt) copy.write(word, at, 'latin1');
  return copy;
};

/** One client on one connection. Resolves when its time is over, or when the connection breaks. */
const runClient = (
  { port, request, untilMs, events, freshAt }: ClientOptions,
  tally: { completed: number; failed: number },
): Promise<void> =>
  new Promise((resolve) => {
    let sentMs = 0;
    let firstMs = 0;
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    const next = () => {
      sentMs = performance.now();
      if (sentMs < untilMs) socket.write(freshened(request, freshAt));
      else socket.end();
    };
    const reader = new ResponseReader(
      () => {
        firstMs = performance.now();
      },
      ({ status, bytes, lineFeeds }) => {
        if (status === 200 && bytes > 0 && lineFeeds === 2 * events) {
          firstByteMs[tally.completed] = firstMs - sentMs;
          wholeMs[tally.completed++] = performance.now() - sentMs;
        } else tally.failed++;
        next();
      },
    );
    socket.once('connect', next);
    socket.on('data', (bytes) => reader.push(bytes));
    socket.on('error', () => {}); // `close` follows
    socket.once('close', () => {
      if (sentMs < untilMs) tally.failed++;
      resolve();
    });
  });

process.once('disconnect', () => process.exit(0));
process.on('message', async (job: Job) => process.send?.(await work(job)));
