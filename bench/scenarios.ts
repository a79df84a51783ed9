/** What the upstream does when it is asked; the client's model of the same name leads there. */
export type Behaviour = 'unary' | 'unary-60ms' | 'burst' | 'paced';

/** One kind of work, the same for every variant. */
export interface Scenario {
  readonly name: string;
  readonly behaviour: Behaviour;
  readonly requestBytes: number;
  /** Clients; each sends its next request when it has the whole answer. */
  readonly concurrency: number;
}

/** Server-sent events of one streamed answer, the last one included. */
export const eventsPerStream = 100;

/** Time between two events of a paced stream. */
export const eventGapMs = 5;

/** Time that the slow upstream takes. */
export const latencyMs = 60;

export const isStream = ({ behaviour }: Scenario): boolean => behaviour === 'burst' || behaviour === 'paced';

/**
 * Clients that begin together stay together behind an upstream of fixed latency: they would all come in one instant, and
 * be idle for the rest of it.
 */
export const spreadMs = ({ behaviour }: Scenario): number => (behaviour === 'unary-60ms' ? latencyMs : 0);

const unary = (requestBytes: number, behaviour: 'unary' | 'unary-60ms') =>
  [1, 32].map((concurrency) => ({
    name: `unary ${requestBytes / 1024}KB${behaviour === 'unary' ? '' : ` ${latencyMs}ms`} c=${concurrency}`,
    ...{ behaviour, requestBytes, concurrency },
  }));

const stream = (behaviour: 'burst' | 'paced') =>
  [1, 32].map((concurrency) => ({
    name: `${behaviour} c=${concurrency}`,
    ...{ behaviour, requestBytes: 1024, concurrency },
  }));

/** All of them: `unary 1KB c=32` has no upstream latency, `burst` sends its events at once, `paced` one by one. */
export const scenarios: readonly Scenario[] = [
  ...unary(1024, 'unary'),
  ...unary(8192, 'unary'),
  ...unary(204_800, 'unary').slice(0, 1),
  ...unary(1024, 'unary-60ms'),
  ...unary(8192, 'unary-60ms'),
  ...stream('burst'),
  ...stream('paced'),
];

/** The key that the clients of the bench send. */
export const clientKey = 'nx-bench';

/** The whole request of a scenario, as bytes of HTTP/1.1. */
export const requestOf = (scenario: Scenario): Buffer => {
  const body = bodyOf(scenario);
  const head = [
    'POST /v1/chat/completions HTTP/1.1',
    'host: bench',
    `authorization: Bearer ${clientKey}`,
    'content-type: application/json',
    `content-length: ${body.length}`,
  ];
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), body]);
};

/** A chat of exactly `requestBytes`. Streams ask for usage, so that every variant hands on the same events. */
const bodyOf = (scenario: Scenario): Buffer => {
  const withText = (text: string) =>
    Buffer.from(
      JSON.stringify({
        model: scenario.behaviour,
        messages: [
          { role: 'system', content: 'You answer questions about orders, briefly.' },
          { role: 'user', content: text },
        ],
        max_completion_tokens: 400,
        ...(isStream(scenario) ? { stream: true, stream_options: { include_usage: true } } : {}),
      }),
    );
  return withText(filler(scenario.requestBytes - withText('').length));
};

/** `length` characters of harmless text. */
export const filler = (length: number): string =>
  'The parcel was sent on Monday and has not come yet. '.repeat(Math.ceil(length / 52)).slice(0, length);
