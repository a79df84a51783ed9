import type {
  Attempt,
  AttemptResult,
  Consumer,
  Ending,
  Exchange,
  Note,
  NoteValue,
  Outcome,
  Upstream,
} from './exchange.ts';
import type { DialectName, Operation } from './model/request.ts';
import type { FinishReason, Usage } from './model/usage.ts';
import { type Reason, type ReasonCode, reasonCode } from './policies/upstream/reasons.ts';
import type { ErrorCode } from './refusals.ts';

/**
 * What was decided about one exchange, by what, and how it ended: what the one routed may read, and what an operator
 * replays. Names from nexus.yaml, sizes, classes and codes; never content. JSON as it stands.
 */
export interface DecisionRecord {
  /** `x-nexus-decision` */
  readonly id: string;
  /** When the call began, RFC 3339. */
  readonly at: string;
  readonly consumer: Consumer;
  readonly operation: Operation;
  readonly dialect: DialectName;
  /** The model asked for; absent when the request could not be read. */
  readonly requestModel?: string;
  readonly stream: boolean;
  /** Of the configuration that decided. */
  readonly configDigest: string;
  /** The upstream policy's note: what was judged, and who was to be tried and why. Absent when another policy refused before. */
  readonly routing?: Note['facts'];
  /** What the other policies noted, in order. */
  readonly notes: readonly Note[];
  readonly attempts: readonly AttemptRecord[];
  /** `provider/model` that answered. */
  readonly served?: string;
  readonly usage?: Usage;
  readonly costMicroUsd?: number;
  readonly ending: Ending;
  /** HTTP status that the client got; 0 when it got none. */
  readonly status: number;
  readonly code?: ErrorCode;
  readonly finishReason?: FinishReason;
  readonly durationMs: number;
  readonly firstChunkMs?: number;
}

/** One upstream tried. */
export interface AttemptRecord {
  readonly number: number;
  /** `provider/model` */
  readonly upstream: string;
  readonly region?: string;
  /** Why it was in this place. */
  readonly reason?: Reason;
  /** What became of it, as far as the host told. */
  readonly result?: ToldResult;
}

/** Without what is left of our account at a provider: that is not the caller's to know, for it tells of other tenants. */
export type ToldResult = Omit<AttemptResult, 'limits' | 'usage'>;

/** What a record is made of. */
export interface DecisionSource {
  readonly exchange: Exchange;
  readonly outcome: Outcome;
  readonly configDigest: string;
  /** Wall clock when it ended, milliseconds since 1970. */
  readonly endedEpochMs: number;
  /** By the number of the attempt. */
  readonly results?: ReadonlyMap<number, AttemptResult>;
}

/** Makes the record of an exchange that is over. */
export const buildDecision = ({
  exchange,
  outcome,
  configDigest,
  endedEpochMs,
  results = new Map(),
}: DecisionSource): DecisionRecord => {
  const costMicroUsd = costOf(exchange.notes);
  const { id, consumer, operation, dialect, notes } = exchange;
  const { attempts, served, error, ...told } = outcome;
  const routing = routingOf(notes);
  return {
    id,
    at: new Date(endedEpochMs - outcome.durationMs).toISOString(),
    consumer,
    operation,
    dialect,
    configDigest,
    ...(routing ? { routing } : {}),
    notes: notes.filter(({ policy }) => policy !== 'upstream'),
    attempts: attempts.map((attempt) => attemptRecord(attempt, { results, routing })),
    ...told,
    ...(served ? { served: nameOf(served.upstream) } : {}),
    ...(error === undefined ? {} : { code: error }),
    ...(costMicroUsd === undefined ? {} : { costMicroUsd }),
  };
};

/** May this caller read the record? Only the key that made the call: others of its team have no business with it. */
export const mayReadDecision = ({ consumer }: DecisionRecord, caller: Consumer): boolean =>
  consumer.keyId === caller.keyId;

/** What of a record is worth a place in a host's access log: few values each, so that logs can be grouped by them. */
export const decisionLogFields = (
  notes: readonly Note[],
): { readonly pick: string; readonly reason: ReasonCode | ''; readonly candidates: number } => {
  const routing = routingOf(notes);
  const candidates = candidatesOf(routing);
  const first = candidates.find(({ taken }) => taken);
  return {
    pick: typeof routing?.pick === 'string' ? routing.pick : '',
    reason: first ? reasonCode(first.reason) : '',
    candidates: candidates.length,
  };
};

/** Id of the copy that a mirror gets, for the line of the call in a log; empty when there is none. */
export const copyIdIn = (notes: readonly Note[]): string => {
  const id = notes.find(({ policy }) => policy === 'mirror')?.facts.id;
  return typeof id === 'string' ? id : '';
};

/** The last exchanges by their ids, for callers who ask for them soon. The oldest make place for new ones. */
export class RecentDecisions {
  readonly #sources = new Map<string, DecisionSource>();
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  add(source: DecisionSource): void {
    this.#sources.set(source.exchange.id, source);
    const [oldest] = this.#sources.keys();
    if (this.#sources.size > this.#most && oldest !== undefined) this.#sources.delete(oldest);
  }

  /** Whoever gives it to a caller asks `mayReadDecision` first. */
  find(id: string): DecisionRecord | undefined {
    const source = this.#sources.get(id);
    return source && buildDecision(source);
  }
}

/** A candidate as the upstream policy notes it. */
interface CandidateNote {
  readonly upstream: string;
  readonly reason: Reason;
  readonly taken: boolean;
}

const routingOf = (notes: readonly Note[]): Note['facts'] | undefined =>
  notes.find(({ policy }) => policy === 'upstream')?.facts;

/** What the budgets' bill says that it cost. */
export const costOf = (notes: readonly Note[]): number | undefined => {
  const cost = notes.findLast(({ policy }) => policy === 'token-budget')?.facts.costMicroUsd;
  return typeof cost === 'number' ? cost : undefined;
};

const candidatesOf = (routing: Note['facts'] | undefined): readonly CandidateNote[] => {
  const noted: NoteValue | undefined = routing?.candidates;
  return Array.isArray(noted) ? (noted as unknown as readonly CandidateNote[]) : [];
};

const attemptRecord = (
  { number, upstream }: Attempt,
  {
    results,
    routing,
  }: { readonly results: ReadonlyMap<number, AttemptResult>; readonly routing: Note['facts'] | undefined },
): AttemptRecord => {
  const name = nameOf(upstream);
  const reason = candidatesOf(routing).find((it) => it.upstream === name)?.reason;
  const result = results.get(number);
  return {
    number,
    upstream: name,
    ...(upstream.region === undefined ? {} : { region: upstream.region }),
    ...(reason === undefined ? {} : { reason }),
    ...(result ? { result: withoutAccount(result) } : {}),
  };
};

const withoutAccount = ({ limits: _, usage: __, ...result }: AttemptResult): ToldResult => result;

const nameOf = ({ provider, model }: Upstream): string => `${provider}/${model}`;
