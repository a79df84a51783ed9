// What an event of a streamed answer costs in each pair of dialects, beside the same stream only observed:
//   ./nexus bench dialects
import type { Dialect, ResponseDecoder, ResponseEncoder } from '../plugins/dialects/dialect.ts';
import { dialects } from '../plugins/dialects/registry.ts';
import type { ModelEvent } from '../plugins/model/events.ts';
import type { ModelRequest } from '../plugins/model/request.ts';

const words = 500;
const rounds = 60;
const warmUps = 20;

const request = (dialect: Dialect): ModelRequest => ({
  operation: 'chat',
  dialect: dialect.name,
  requestModel: 'support',
  stream: true,
  streamUsage: true,
  system: [],
  turns: [{ role: 'user', parts: [{ type: 'text', text: 'Tell me a story.' }] }],
  tools: [],
  sampling: {},
  stopSequences: [],
  vendor: {},
});

const context = (dialect: Dialect) => ({
  request: request(dialect),
  nowSeconds: 1_790_000_000,
  requestId: 'r-1',
});

/** A plain story as Chat streams it, one word an event. */
const story = (): ModelEvent[] => {
  const frame = (delta: object, finish: string | null = null) =>
    `data: ${JSON.stringify({ id: 'c-1', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
  const usage = { prompt_tokens: 12, completion_tokens: words, total_tokens: words + 12 };
  const text = [
    frame({ role: 'assistant', content: '' }),
    ...Array.from({ length: words }, (_, at) => frame({ content: ` word${at % 100}` })),
    frame({}, 'stop'),
    `data: ${JSON.stringify({ id: 'c-1', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [], usage })}\n\n`,
    'data: [DONE]\n\n',
  ];
  const decoder = dialects['openai-chat'].decodeStream();
  return [...decoder.push(Buffer.from(text.join(''))), ...decoder.end()];
};

/** The story in chunks as a proxy hands them on: one event each. */
const chunksOf = (dialect: Dialect, events: readonly ModelEvent[]): Uint8Array[] => {
  const encoder = dialect.encodeStream(context(dialect));
  const texts = [...events.map((event) => encoder.push(event)), encoder.end()];
  return texts.filter((text) => text !== '').map((text) => Buffer.from(text));
};

const pass = (chunks: readonly Uint8Array[], decoder: ResponseDecoder, encoder?: ResponseEncoder): number => {
  let bytes = 0;
  const write = (events: readonly ModelEvent[]) => {
    if (encoder) for (const event of events) bytes += encoder.push(event).length;
  };
  for (const chunk of chunks) write(decoder.push(chunk));
  write(decoder.end());
  return bytes + (encoder?.end().length ?? 0);
};

/** Microseconds of the quickest round. */
const microseconds = (run: () => unknown): number => {
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0; round < warmUps + rounds; round++) {
    const from = performance.now();
    run();
    if (round >= warmUps) least = Math.min(least, performance.now() - from);
  }
  return least * 1000;
};

const all = Object.values(dialects);
const events = story();
const costs = all.map((upstream) => {
  const chunks = chunksOf(upstream, events);
  return {
    upstream,
    kilobytes: chunks.reduce((sum, { length }) => sum + length, 0) / 1024,
    observed: microseconds(() => pass(chunks, upstream.observeStream())),
    decoded: microseconds(() => pass(chunks, upstream.decodeStream())),
    written: all.map((client) =>
      microseconds(() => pass(chunks, upstream.decodeStream(), client.encodeStream(context(client)))),
    ),
  };
});

/** The table of what `parts` of an upstream's stream cost, each alike. */
const table = (title: string, partsOf: (cost: (typeof costs)[number]) => number): string => {
  const rows = costs.map((cost) => {
    const { upstream, observed, decoded, written } = cost;
    const each = (whole: number) => (whole / partsOf(cost)).toFixed(2);
    const pairs = written.map((whole) => `${each(whole)} (${(whole / observed).toFixed(1)}×)`);
    return `| ${[upstream.name, each(observed), each(decoded), ...pairs].join(' | ')} |`;
  });
  return [
    `| ${title} | observed | decoded | ${all.map(({ name }) => `for ${name}`).join(' | ')} |`,
    `|---|${'--:|'.repeat(all.length + 2)}`,
    ...rows,
  ].join('\n');
};

console.log(table('µs for each event of text', () => words));
console.log(`\n${table("µs for each KB of the upstream's stream", ({ kilobytes }) => kilobytes)}`);
