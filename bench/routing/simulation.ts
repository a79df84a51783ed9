import { configSchema } from '../../plugins/config/schema.ts';
import type { Attempt, AttemptResult, Exchange } from '../../plugins/exchange.ts';
import type { ModelRequest } from '../../plugins/model/request.ts';
import type { ModelPrice } from '../../plugins/policies/upstream/candidate.ts';
import { localHealthBoard } from '../../plugins/policies/upstream/health.ts';
import { upstreamPolicy } from '../../plugins/policies/upstream/upstream.ts';
import type { PolicyHooks } from '../../plugins/policy.ts';
import type { Circuit } from '../../plugins/ports/health-board.ts';
import { readyProviders } from '../../plugins/providers.ts';
import { EventQueue, seededRandom } from '../../test/fakes/time.ts';

/** How an upstream behaves at one moment. */
export interface Behaviour {
  /** Median time to the first byte. */
  readonly firstChunkMs: number;
  /** Median time for each output token after it. */
  readonly perTokenMs?: number;
  /** Chance of an answer of 503, from 0 to 1. */
  readonly failing?: number;
}

/** An upstream of the simulation: a provider of its own with one model. */
export interface SimulatedUpstream {
  readonly name: string;
  /** Settings of its place in `candidates`. */
  readonly candidate?: object;
  readonly price?: ModelPrice;
  readonly behaviour: (atMs: number) => Behaviour;
}

export interface SimulationSetup {
  readonly upstreams: readonly SimulatedUpstream[];
  /** Settings of the model besides its candidates. */
  readonly model: object;
  readonly requestsPerSecond: number;
  readonly seconds: number;
  readonly seed: number;
  readonly inputTokens?: number;
  readonly outputTokens?: number;
  /** Spread of times around their median (sigma of a log-normal distribution). */
  readonly spread?: number;
}

/** One request, when it was over. */
export interface SimulatedRequest {
  readonly atMs: number;
  /** Who was tried, in order. */
  readonly tried: readonly string[];
  readonly served: string | undefined;
  /** From the request to the end of its answer. */
  readonly durationMs: number;
}

export interface SimulationResult {
  /** In the order in which they came. */
  readonly requests: readonly SimulatedRequest[];
  readonly circuits: readonly {
    readonly upstream: string;
    readonly circuit: Circuit;
    readonly atMs: number;
  }[];
}

/** Requests through the policy itself, against upstreams that only exist on a clock that we move. */
export const simulate = (setup: SimulationSetup): SimulationResult => {
  const { upstreams, requestsPerSecond, seconds, seed } = setup;
  const random = seededRandom(seed);
  const queue = new EventQueue();
  const circuits: { upstream: string; circuit: Circuit; atMs: number }[] = [];
  const board = localHealthBoard({
    clock: queue.clock,
    random: { unit: random },
    onCircuit: ({ provider }, circuit) =>
      circuits.push({ upstream: provider, circuit, atMs: queue.clock.nowMs() }),
  });
  const config = configOf(setup);
  const policy = upstreamPolicy(config, readyProviders(config, { secrets: new Map() }), {
    board,
    clock: queue.clock,
    random: { unit: random },
    priceOf: ({ provider }) => upstreams.find(({ name }) => name === provider)?.price,
  });
  const requests: SimulatedRequest[] = [];
  const request = requestOf(setup.inputTokens ?? 500);
  const ask = (number: number): void => {
    const exchange: Exchange = {
      id: String(number),
      operation: 'chat',
      dialect: 'openai-chat',
      consumer: { keyId: 'simulated' },
      startedMs: queue.clock.nowMs(),
      notes: [],
    };
    runCall({
      setup,
      queue,
      random,
      request,
      exchange,
      hooks: policy.begin(exchange),
      done: (it) => requests.push(it),
    });
  };
  const gapMs = 1000 / requestsPerSecond;
  for (let number = 0; number < requestsPerSecond * seconds; number++) {
    queue.runUntil(number * gapMs);
    ask(number);
  }
  queue.runUntil(Number.POSITIVE_INFINITY);
  return { requests: requests.sort((a, b) => a.atMs - b.atMs), circuits };
};

interface RunningCall {
  readonly setup: SimulationSetup;
  readonly queue: EventQueue;
  readonly random: () => number;
  readonly request: ModelRequest;
  readonly exchange: Exchange;
  readonly hooks: PolicyHooks;
  readonly done: (request: SimulatedRequest) => void;
}

const runCall = (call: RunningCall): void => {
  const verdict = call.hooks.request?.(call.request);
  if (!verdict || 'then' in verdict || verdict.kind === 'refuse')
    throw new Error('a simulated request was refused');
  const plan = (verdict.plan ?? []).map((upstream, at): Attempt => ({ number: at + 1, upstream }));
  tryNext(call, plan, []);
};

/** Tries the first of `left`; the others when it fails. */
const tryNext = (call: RunningCall, left: readonly Attempt[], tried: readonly string[]): void => {
  const { queue, hooks, request } = call;
  const [attempt, ...others] = left;
  if (!attempt) {
    finish(call, tried, undefined);
    return;
  }
  const name = attempt.upstream.provider;
  void hooks.attempt?.(request, attempt);
  const fate = fateOf(call, name);
  const begunMs = queue.clock.nowMs();
  const asked = [...tried, name];
  if (fate.fails) {
    queue.after(fate.firstChunkMs, () => {
      hooks.attempted?.(attempt, { fate: 'failed', status: 503, durationMs: queue.clock.nowMs() - begunMs });
      tryNext(call, others, asked);
    });
    return;
  }
  queue.after(fate.firstChunkMs, () =>
    hooks.answering?.(attempt, { status: 200, firstChunkMs: fate.firstChunkMs }),
  );
  queue.after(fate.firstChunkMs + fate.restMs, () => {
    hooks.attempted?.(attempt, servedResult(call.setup, fate));
    finish(call, asked, name);
  });
};

interface Fate {
  readonly fails: boolean;
  readonly firstChunkMs: number;
  readonly restMs: number;
}

/** A failure comes at once, as that of a dead server does. */
const failureMs = 5;

const fateOf = ({ setup, queue, random }: RunningCall, name: string): Fate => {
  const { spread = 0.3, outputTokens = 100, upstreams } = setup;
  const upstream = upstreams.find((it) => it.name === name);
  if (!upstream) throw new Error(`${name} is not simulated`);
  const { firstChunkMs, perTokenMs = 0, failing = 0 } = upstream.behaviour(queue.clock.nowMs());
  const fails = random() < failing;
  const around = (median: number) => median * Math.exp(spread * normal(random));
  return {
    fails,
    firstChunkMs: fails ? failureMs : around(firstChunkMs),
    restMs: around(perTokenMs * outputTokens),
  };
};

const servedResult = (
  { inputTokens = 500, outputTokens = 100 }: SimulationSetup,
  { firstChunkMs, restMs }: Fate,
): AttemptResult => ({
  fate: 'served',
  status: 200,
  firstChunkMs,
  durationMs: firstChunkMs + restMs,
  usage: { inputTokens, outputTokens },
});

const finish = (
  { queue, exchange, hooks, done }: RunningCall,
  tried: readonly string[],
  served: string | undefined,
): void => {
  const durationMs = queue.clock.nowMs() - exchange.startedMs;
  void hooks.settle?.({
    ending: served === undefined ? 'failed' : 'complete',
    status: served === undefined ? 503 : 200,
    stream: true,
    attempts: [],
    durationMs,
  });
  done({ atMs: exchange.startedMs, tried, served, durationMs });
};

/** Normally distributed, mean 0 and deviation 1 (Box and Muller, 1958). */
const normal = (random: () => number): number =>
  Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

const configOf = ({ upstreams, model }: SimulationSetup) =>
  configSchema.parse({
    version: 1,
    providers: Object.fromEntries(
      upstreams.map(({ name }) => [name, { dialect: 'openai', baseUrl: `http://${name}.invalid/v1` }]),
    ),
    models: {
      simulated: {
        candidates: upstreams.map(({ name, candidate }) => ({ provider: name, model: 'm', ...candidate })),
        ...model,
      },
    },
  });

/** A streamed request with a prompt of this size. */
export const requestOf = (inputTokens: number): ModelRequest => ({
  operation: 'chat',
  dialect: 'openai-chat',
  requestModel: 'simulated',
  stream: true,
  streamUsage: true,
  system: [],
  turns: [{ role: 'user', parts: [{ type: 'text', text: 'x'.repeat(inputTokens * 4) }] }],
  tools: [],
  sampling: {},
  stopSequences: [],
  vendor: {},
});
