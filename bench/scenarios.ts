/** What the upstream does when it is asked; the client's model of the same name leads there. */
export type Behaviour = 'unary' | 'unary-60ms' | 'burst' | 'paced';

/** One kind of work, the same for every variant. */
export interface Scenario {
  readonly name: string;
  readonly behaviour: Behaviour;
  readonly requestBytes: number;
  /** What no request before it had: its last turn of a kilobyte or less, or all of its user's text. */
  readonly fresh: 'turn' | 'all';
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

const unary = (requestBytes: number, behaviour: 'unary' | 'unary-60ms', fresh: Scenario['fresh'] = 'turn') =>
  [1, 32].map((concurrency) => ({
    name: [
      `unary ${requestBytes / 1024}KB`,
      ...(fresh === 'all' ? ['new'] : []),
      ...(behaviour === 'unary' ? [] : [`${latencyMs}ms`]),
      `c=${concurrency}`,
    ].join(' '),
    ...{ behaviour, requestBytes, concurrency, fresh },
  }));

const stream = (behaviour: 'burst' | 'paced') =>
  [1, 32].map((concurrency) => ({
    name: `${behaviour} c=${concurrency}`,
    ...{ behaviour, requestBytes: 1024, concurrency, fresh: 'turn' as const },
  }));

/** All of them: `unary 1KB c=32` has no upstream latency, `burst` sends its events at once, `paced` one by one. */
export const scenarios: readonly Scenario[] = [
  ...unary(1024, 'unary'),
  ...unary(8192, 'unary'),
  ...unary(8192, 'unary', 'all').slice(0, 1),
  ...unary(204_800, 'unary').slice(0, 1),
  ...unary(204_800, 'unary', 'all').slice(0, 1),
  ...unary(1024, 'unary-60ms'),
  ...unary(8192, 'unary-60ms'),
  ...stream('burst'),
  ...stream('paced'),
];

/** The key that the clients of the bench send. */
export const clientKey = 'nx-bench';

/** A request of which each copy can be made one that nobody sent before. */
export interface RequestBytes {
  /** Bytes of HTTP/1.1, in base64. */
  readonly request: string;
  /** Where words of `freshWord` belong in it. */
  readonly freshAt: readonly number[];
}

/** The whole request of a scenario. */
export const requestOf = (scenario: Scenario): RequestBytes => {
  const body = bodyOf(scenario);
  const head = [
    'POST /v1/chat/completions HTTP/1.1',
    'host: bench',
    `authorization: Bearer ${clientKey}`,
    'content-type: application/json',
    `content-length: ${body.length}`,
  ];
  const request = `${head.join('\r\n')}\r\n\r\n${body}`; // ASCII
  const freshAt = [...request.matchAll(new RegExp(blank, 'g'))].map(({ index }) => index);
  return { request: Buffer.from(request).toString('base64'), freshAt };
};

/** Stands where the words go that are others in each request. */
const blank = '@'.repeat(8);

/** A word of as many letters for each number. */
export const freshWord = (number: number): string =>
  number
    .toString(26)
    .padStart(blank.length, '0')
    .replace(/./g, (digit) => String.fromCharCode(97 + Number.parseInt(digit, 26)));

/** A chat of exactly `requestBytes`. Streams ask for usage, so that every variant hands on the same events. */
const bodyOf = (scenario: Scenario): string => {
  const { requestBytes, behaviour, fresh } = scenario;
  const lastBytes = fresh === 'all' || requestBytes <= 1024 ? requestBytes : 1024;
  const withTexts = (before: string, last: string) =>
    JSON.stringify({
      model: behaviour,
      messages: [
        { role: 'system', content: 'You answer questions about orders, briefly.' },
        ...(before === ''
          ? []
          : [
              { role: 'user', content: before },
              { role: 'assistant', content: 'Noted.' },
            ]),
        { role: 'user', content: `Order ${blank}. ${last}` },
      ],
      max_completion_tokens: 400,
      ...(isStream(scenario) ? { stream: true, stream_options: { include_usage: true } } : {}),
    });
  const last = filler(Math.max(0, lastBytes - withTexts('', '').length));
  if (lastBytes === requestBytes) return withTexts('', last);
  return withTexts(filler(requestBytes - withTexts('-', last).length + 1), last);
};

/** `length` characters of harmless text, that seldom says the same again. */
export const filler = (length: number): string => {
  let text = '';
  for (let seed = 7; text.length < length; ) {
    const words = sentence.map((choices) => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fff_ffff;
      return choices[(seed >> 8) % choices.length];
    });
    text += `${words.join(' ')}. `;
  }
  return text.slice(0, length);
};

const sentence: readonly (readonly string[])[] = [
  [
    'The parcel',
    'A second box',
    'Our pallet',
    'One crate of tools',
    'Their return',
    'This delivery',
    'The spare part',
  ],
  [
    'was sent',
    'left the warehouse',
    'arrived damaged',
    'came back',
    'was weighed again',
    'went to the wrong dock',
  ],
  [
    'on Monday',
    'before noon',
    'after the holiday',
    'with the night train',
    'without a label',
    'in heavy rain',
  ],
  ['and nobody signed for it', 'so the invoice is open', 'but the count is right', 'while the driver waited'],
  [
    'as the customer told us',
    'which the shop confirmed',
    'though the list says otherwise',
    'as it did last year',
  ],
];
