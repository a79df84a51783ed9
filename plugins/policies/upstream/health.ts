import type { AttemptResult, Upstream } from '../../exchange.ts';
import type { Clock } from '../../ports/clock.ts';
import type {
  Circuit,
  CircuitFact,
  HealthBoard,
  HealthFact,
  HealthSettings,
  HealthSharing,
  Load,
  MeanFact,
  Pace,
  PaceClass,
  Trial,
  UpstreamHealth,
} from '../../ports/health-board.ts';
import type { Meter } from '../../ports/meter.ts';
import type { Random } from '../../ports/random.ts';
import { Account } from './account.ts';
import {
  afterTrip,
  afterWin,
  circuitAt,
  closedCircuit,
  coolingMsAt,
  judge,
  laterCircuit,
} from './circuit.ts';
import { DecayedMean, DecayedQuantile, type Memory, sharedMean } from './decayed.ts';

/** Times change within seconds; what answers cost and how long they are, within hours. */
const memories = {
  pace: { fadeMs: 8_000, mostWeight: 9 },
  perToken: { fadeMs: 30_000, mostWeight: 19 },
  habit: { fadeMs: 600_000, mostWeight: 49 },
} as const satisfies Record<string, Memory>;

const quantileFadeMs = 30_000;
/** Fewer recent answers make no quantile. */
const leastForQuantile = 10;

/** How long the place of a probe is kept for the request that claimed it but has not been sent yet. */
const probeClaimMs = 2_000;

/** A writer that has said nothing for this long is gone, and what it had under way with it. */
const silentMs = 10_000;
/** What others must not take for gone is said again this often. */
const repeatMs = 3_000;

/** What a board needs of the world. */
export interface BoardSetup {
  readonly clock: Clock;
  readonly random: Pick<Random, 'unit'>;
  /** This process among those that share; any text that no other one has. */
  readonly writer?: string;
  /** Told when an upstream begins to cool, answers while it should be cooling (`half-open`), or is well again. */
  readonly onCircuit?: (upstream: Pick<Upstream, 'provider' | 'model'>, circuit: Circuit) => void;
}

/**
 * Keeps in memory what this process sees of its upstreams, and what others tell it. Does no I/O: the host carries facts
 * from `facts` of one board to `merge` of the others.
 */
export const localHealthBoard = (setup: BoardSetup): HealthBoard & HealthSharing => {
  const records = new Map<string, Health>();
  const providers = new Map<string, Health[]>();
  const recordOf = ({ provider, model }: Pick<Upstream, 'provider' | 'model'>): Health => {
    const key = `${provider}/${model}`;
    const known = records.get(key);
    if (known) return known;
    const siblings = providers.get(provider) ?? [];
    const health = new Health({ provider, model }, { ...setup, writer: setup.writer ?? '' }, siblings);
    siblings.push(health);
    providers.set(provider, siblings);
    records.set(key, health);
    return health;
  };
  return {
    of: recordOf,
    facts: () => [...records.values()].flatMap((health) => health.fact() ?? []),
    merge: (fact) => {
      if (fact.writer !== (setup.writer ?? '')) recordOf(fact.upstream).merge(fact);
    },
  };
};

/** For `onCircuit`: counts the changes. */
export const circuitCounter =
  (meter: Meter): NonNullable<BoardSetup['onCircuit']> =>
  ({ provider, model }, circuit) =>
    meter.count('nexus_circuit_changes_total', {
      gen_ai_provider_name: provider,
      gen_ai_response_model: model,
      circuit,
    });

class Health implements UpstreamHealth {
  readonly #upstream: HealthFact['upstream'];
  readonly #setup: BoardSetup & { readonly writer: string };
  /** All of the same provider, this one included. */
  readonly #siblings: readonly Health[];
  readonly #others = new Map<string, HealthFact>();
  readonly #account = new Account();
  readonly #paces = new Map<PaceClass, DecayedMean>();
  readonly #firstChunks = new DecayedQuantile(quantileFadeMs);
  readonly #perToken = new DecayedMean(memories.perToken);
  readonly #output = new DecayedMean(memories.habit);
  readonly #cached = new DecayedMean(memories.habit);
  /** Whose answers have not begun, oldest first. */
  readonly #waiting = new Set<{ readonly startedMs: number; readonly usualMs: number }>();
  #circuit: CircuitFact = closedCircuit;
  #misses = 0;
  #open = 0;
  #probe: Trial | undefined;
  #probeClaimedMs = Number.NEGATIVE_INFINITY;
  #version = 0;
  #changed = false;
  #saidMs = Number.NEGATIVE_INFINITY;

  constructor(
    upstream: HealthFact['upstream'],
    setup: BoardSetup & { readonly writer: string },
    siblings: readonly Health[],
  ) {
    this.#upstream = upstream;
    this.#setup = setup;
    this.#siblings = siblings;
  }

  get circuit(): Circuit {
    return circuitAt(this.#circuit, this.#epochMs());
  }

  get coolingMs(): number {
    return coolingMsAt(this.#circuit, this.#epochMs());
  }

  get inFlight(): number {
    let sum = this.#open;
    if (this.#others.size > 0) for (const fact of this.#heard()) sum += fact.inFlight;
    return sum;
  }

  get providerInFlight(): number {
    let sum = 0;
    for (const sibling of this.#siblings) sum += sibling.inFlight;
    return sum;
  }

  get waiting(): number {
    let sum = this.#waiting.size;
    if (this.#others.size > 0) for (const fact of this.#heard()) sum += fact.waiting;
    return sum;
  }

  get lateness(): number {
    const [oldest, , third] = this.#waiting;
    const nowMs = this.#nowMs();
    const times = (it: typeof oldest) => (it && it.usualMs > 0 ? (nowMs - it.startedMs) / it.usualMs : 0);
    return Math.max(times(third), times(oldest) / 2);
  }

  get firstChunkP95Ms(): number | undefined {
    const own = this.#firstChunks.quantile(0.95, { nowMs: this.#nowMs(), least: leastForQuantile });
    if (own !== undefined) return own;
    const heard = this.#heard().flatMap(({ firstChunkP95Ms }) => firstChunkP95Ms ?? []);
    return heard.length === 0 ? undefined : Math.max(...heard);
  }

  get perTokenMs(): number | undefined {
    return this.#shared(this.#perToken, memories.perToken, ({ perToken }) => perToken)?.mean;
  }

  get outputTokens(): number | undefined {
    return this.#shared(this.#output, memories.habit, ({ output }) => output)?.mean;
  }

  get cachedShare(): number {
    return this.#shared(this.#cached, memories.habit, ({ cached }) => cached)?.mean ?? 0;
  }

  paceOf(pace: PaceClass): Pace | undefined {
    const known = this.#shared(this.#paces.get(pace), memories.pace, ({ paces }) => paces[pace]);
    return known && { firstChunkMs: known.mean, weight: known.weight, ageMs: known.ageMs };
  }

  allowedInMs(inputTokens: number): number {
    return this.#account.allowedInMs(inputTokens, this.#nowMs());
  }

  claimProbe(): boolean {
    const nowMs = this.#nowMs();
    if (this.#probe || nowMs - this.#probeClaimedMs < probeClaimMs) return false;
    this.#probeClaimedMs = nowMs;
    return true;
  }

  begin({ inputTokens, pace }: Load, settings: HealthSettings): Trial {
    const startedMs = this.#nowMs();
    const startedEpochMs = this.#epochMs();
    const waiting = { startedMs, usualMs: this.#paces.get(pace)?.mean ?? 0 };
    let told = false;
    let begun = false;
    this.#open++;
    this.#waiting.add(waiting);
    this.#account.spend(inputTokens);
    this.#changed = true;
    const begins = (firstChunkMs: number) => {
      if (begun) return;
      begun = true;
      this.#waiting.delete(waiting);
      this.#learnPace(pace, firstChunkMs);
    };
    const trial: Trial = {
      answering: begins,
      ended: (result) => {
        if (told) return;
        told = true;
        if (result.firstChunkMs !== undefined && succeeded(result)) begins(result.firstChunkMs);
        // Whoever gave up waiting has shown that it takes this long at least.
        else if (result.fate === 'abandoned' && result.durationMs > waiting.usualMs)
          begins(result.durationMs);
        this.#open--;
        this.#waiting.delete(waiting);
        if (this.#probe === trial) this.#probe = undefined;
        this.#changed = true;
        this.#learn(result);
        this.#judge(result, { settings, startedEpochMs });
      },
    };
    if (this.#probe === undefined && this.circuit === 'half-open') this.#probe = trial;
    return trial;
  }

  /** What to tell others; undefined when there is nothing new. */
  fact(): HealthFact | undefined {
    const nowMs = this.#nowMs();
    if (!this.#changed && (this.#open === 0 || nowMs - this.#saidMs < repeatMs)) return undefined;
    this.#changed = false;
    this.#saidMs = nowMs;
    const p95 = this.#firstChunks.quantile(0.95, { nowMs, least: leastForQuantile });
    return {
      writer: this.#setup.writer,
      version: ++this.#version,
      upstream: this.#upstream,
      atEpochMs: this.#epochMs(),
      circuit: this.#circuit,
      inFlight: this.#open,
      waiting: this.#waiting.size,
      ...(p95 === undefined ? {} : { firstChunkP95Ms: p95 }),
      ...this.#means(),
      paces: Object.fromEntries([...this.#paces].map(([pace, mean]) => [pace, this.#meanFact(mean)])),
      limits: [...this.#account.limits()].map(({ limit, atMs }) => ({
        ...limit,
        atEpochMs: this.#epochMs() - (nowMs - atMs),
      })),
    };
  }

  merge(fact: HealthFact): void {
    const known = this.#others.get(fact.writer);
    if (known && known.version >= fact.version) return;
    this.#forgetOthers();
    this.#others.set(fact.writer, fact);
    this.#setCircuit(laterCircuit(this.#circuit, fact.circuit));
    const epochMs = this.#epochMs();
    for (const { atEpochMs, ...limit } of fact.limits) {
      this.#account.observe(limit, this.#nowMs() - Math.max(0, epochMs - atEpochMs));
    }
  }

  #learnPace(pace: PaceClass, firstChunkMs: number): void {
    const nowMs = this.#nowMs();
    const mean = this.#paces.get(pace) ?? new DecayedMean(memories.pace);
    this.#paces.set(pace, mean);
    mean.add(firstChunkMs, nowMs);
    this.#firstChunks.add(firstChunkMs, nowMs);
  }

  #learn({ usage, firstChunkMs, durationMs, limits = [] }: AttemptResult): void {
    const nowMs = this.#nowMs();
    for (const limit of limits) this.#account.observe(limit, nowMs);
    if (!usage) return;
    this.#output.add(usage.outputTokens, nowMs);
    if (usage.inputTokens > 0) this.#cached.add((usage.cacheReadTokens ?? 0) / usage.inputTokens, nowMs);
    const streamedMs = firstChunkMs === undefined ? 0 : durationMs - firstChunkMs;
    if (usage.outputTokens > 0 && streamedMs > 0) this.#perToken.add(streamedMs / usage.outputTokens, nowMs);
  }

  #judge(
    result: AttemptResult,
    { settings, startedEpochMs }: { readonly settings: HealthSettings; readonly startedEpochMs: number },
  ): void {
    const judgement = judge(result, settings);
    if (judgement === 'none' || settings.failures === 0) return;
    // What began before the circuit changed says nothing about how things are since: a hundred requests that fail
    // together are one failure, and a late good answer is no recovery.
    const late = startedEpochMs < this.#circuit.changedEpochMs;
    const change = { epochMs: this.#epochMs(), by: this.#setup.writer };
    if (judgement === 'good') {
      if (!late || this.#circuit.untilEpochMs === 0) this.#misses = 0;
      if (!late && this.#circuit.untilEpochMs > 0) this.#setCircuit(afterWin(this.#circuit, change));
      return;
    }
    // While it cools it is asked only because there is nobody else; that it fails then is no news.
    if (late || this.circuit === 'cooling') return;
    this.#misses++;
    const cooled = this.#circuit.untilEpochMs > 0;
    if (judgement === 'bad' && !cooled && this.#misses < settings.failures) return;
    const { retryAfterMs = 0 } = result;
    this.#misses = 0;
    this.#setCircuit(
      afterTrip(this.#circuit, { ...change, settings, retryAfterMs, chance: this.#setup.random.unit() }),
    );
  }

  #setCircuit(next: CircuitFact): void {
    if (next === this.#circuit) return;
    const before = this.circuit;
    this.#circuit = next;
    this.#changed = true;
    if (this.circuit !== before) this.#setup.onCircuit?.(this.#upstream, this.circuit);
  }

  #shared(own: DecayedMean | undefined, { fadeMs }: Memory, of: (fact: HealthFact) => MeanFact | undefined) {
    const others = this.#others.size === 0 ? [] : [...this.#others.values()].map(of);
    return sharedMean(own, others, { nowMs: this.#nowMs(), epochMs: this.#epochMs(), fadeMs });
  }

  #means(): Pick<HealthFact, 'perToken' | 'output' | 'cached'> {
    return {
      ...(this.#perToken.known ? { perToken: this.#meanFact(this.#perToken) } : {}),
      ...(this.#output.known ? { output: this.#meanFact(this.#output) } : {}),
      ...(this.#cached.known ? { cached: this.#meanFact(this.#cached) } : {}),
    };
  }

  #meanFact(mean: DecayedMean): MeanFact {
    const nowMs = this.#nowMs();
    return { mean: mean.mean, weight: mean.weightAt(nowMs), atEpochMs: this.#epochMs() };
  }

  /** What others have said lately. */
  #heard(): HealthFact[] {
    const sinceEpochMs = this.#epochMs() - silentMs;
    return [...this.#others.values()].filter(({ atEpochMs }) => atEpochMs >= sinceEpochMs);
  }

  /** Processes come and go, each with a name of its own. */
  #forgetOthers(): void {
    const sinceEpochMs = this.#epochMs() - memories.habit.fadeMs;
    for (const [writer, { atEpochMs }] of this.#others) {
      if (atEpochMs < sinceEpochMs) this.#others.delete(writer);
    }
  }

  #nowMs(): number {
    return this.#setup.clock.nowMs();
  }

  #epochMs(): number {
    return this.#setup.clock.epochMs();
  }
}

/** Errors can be fast: how soon they come says nothing about answers. */
const succeeded = ({ fate, status = 200 }: AttemptResult): boolean => fate !== 'failed' && status < 400;
