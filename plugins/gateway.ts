import { hash } from 'node:crypto';
import type { Catalog } from './catalog/catalog.ts';
import type { Config } from './config/schema.ts';
import { piiKeyName } from './config/secrets.ts';
import { Copies, type CopyFacts } from './copies.ts';
import type { SendCopy } from './copy.ts';
import { type DecisionRecord, mayReadDecision, RecentDecisions } from './decision.ts';
import { crossInto } from './dialects/crossing.ts';
import { canServe, dialects, upstreamDialects } from './dialects/registry.ts';
import type { Consumer, Exchange } from './exchange.ts';
import { type KeyRing, keyRing, type Membership, mayUse, membership, presentedKey } from './identity.ts';
import { type ImageFetching, inlineImages } from './inline-images.ts';
import type { DialectName } from './model/request.ts';
import { Pipeline } from './pipeline.ts';
import { configuredPolicies } from './policies/registry.ts';
import { learningFactors } from './policies/token-budget/factors.ts';
import { circuitCounter, localHealthBoard } from './policies/upstream/health.ts';
import type { Policy } from './policy.ts';
import type { Clock } from './ports/clock.ts';
import type { CounterStore } from './ports/counter-store.ts';
import type { HealthBoard } from './ports/health-board.ts';
import type { FetchImage } from './ports/images.ts';
import type { Meter } from './ports/meter.ts';
import { noThreads, type Offload } from './ports/offload.ts';
import type { Random } from './ports/random.ts';
import { type Provider, type ProviderSecrets, readyProviders } from './providers.ts';
import { type GatewayError, gatewayError, type RefusalCode, RequestError } from './refusals.ts';
import { errorReply, jsonReply, type Reply } from './reply.ts';
import { type Route, routeOf } from './routes.ts';
import { type RequestHead, Session } from './session.ts';
import { Sessions } from './sessions.ts';
import { parseUpstreamName, type UpstreamCall, upstreamCall } from './upstream-call.ts';
import { type JsonObject, parseJsonDocument } from './wire/json.ts';
import { present } from './wire/present.ts';

/** What the gateway asks of the world. */
export interface Ports {
  readonly clock: Clock;
  readonly random: Random;
  readonly meter: Meter;
  /** Where budgets are counted. */
  readonly counters: CounterStore;
  /** For work that would keep others waiting; absent: it is done here, in slices. */
  readonly offload?: Offload;
  /** Absent: no image is fetched. */
  readonly fetchImage?: FetchImage;
  /** Asks the other processes of this host for a decision that is not ours. */
  readonly findDecision?: (id: string) => Promise<DecisionRecord | undefined>;
  /** The host's way out for copies; absent: none is sent. */
  readonly sendCopy?: SendCopy;
  /** Told of each copy for a mirror when it is over: what its decision record says of it. */
  readonly onCopy?: (facts: CopyFacts) => void;
  /** Public prices and facts of models. */
  readonly catalog: Catalog;
  /** Who holds reservations, for people: host and process. */
  readonly owner: string;
  /** What is known of upstreams, where others share it; one of this process alone when left out. */
  readonly board?: HealthBoard;
}

/** A checked configuration with its secrets: one version of the policy. */
export interface GatewayConfig extends ProviderSecrets {
  readonly config: Config;
  /** SHA-256 of the configuration without its secrets. */
  readonly digest: string;
}

/** What is left of an exchange whose worker is gone. */
export interface Orphan {
  readonly from: DialectName;
  readonly to: string;
  /** The dialect that the client speaks. */
  readonly client: DialectName;
  readonly body: Uint8Array;
  /** Where the body was going, for dialects that say there what a body means. */
  readonly path?: string;
}

interface Version {
  readonly config: Config;
  readonly digest: string;
  readonly providers: ReadonlyMap<string, Provider>;
  readonly policies: readonly Policy[];
  readonly keys: KeyRing;
  readonly inTeam: Membership;
}

/** What an exchange begins with, besides its head. */
type Beginning = Pick<Exchange, 'dialect' | 'operation' | 'consumer'>;

const nobody: Consumer = { keyId: '' };

/** The key of `pii`, where one is configured. */
const hashKeyOf = ({ secrets }: GatewayConfig): { readonly hashKey?: Uint8Array } => {
  const key = secrets.get(piiKeyName);
  return key === undefined ? {} : { hashKey: Buffer.from(key) };
};

/** Decisions that can be asked for: about 4 kB each. */
const keptDecisions = 5000;

/** A refusal is counted as a call of the operation that its path names, chat where it names none. */
const call = (route: Route): Pick<Exchange, 'dialect' | 'operation'> => ({
  dialect: route.dialect,
  operation: route.kind === 'call' ? route.operation : 'chat',
});

/**
 * The door of the core: hosts turn what they receive into calls on it and carry out what it answers.
 * Knows no host and does no I/O of its own.
 */
export class Gateway {
  readonly sessions = new Sessions();
  /** Of the last exchanges; a host asks for one on behalf of another process. */
  readonly decisions = new RecentDecisions(keptDecisions);
  readonly #ports: Ports;
  /** Settlements that policies are still being told of. */
  readonly #telling = new Set<Promise<void>>();
  /** Outlives versions: a new configuration must not forget who is down. */
  readonly #board: HealthBoard;
  /** Outlives versions, too: what each model makes of a prompt has been learned. */
  readonly #factors = learningFactors();
  readonly #copies: Copies;
  #version: Version;

  constructor(loaded: GatewayConfig, ports: Ports) {
    this.#ports = ports;
    this.#copies = new Copies(ports);
    this.#board = ports.board ?? localHealthBoard({ ...ports, onCircuit: circuitCounter(ports.meter) });
    this.#version = this.#prepare(loaded);
  }

  get digest(): string {
    return this.#version.digest;
  }

  /** From now on new exchanges follow `loaded`; those under way keep the version that they began with. */
  replaceConfig(loaded: GatewayConfig): void {
    this.#version = this.#prepare(loaded);
  }

  /**
   * Resolves when every policy has heard of every exchange that is over; for a host that stops. Copies that are still
   * under way are given up.
   */
  async told(): Promise<void> {
    await this.#copies.abandon();
    await Promise.all(this.#telling);
  }

  /**
   * Begins an exchange on a client's head. `known` is the caller, where the host has established it; otherwise the key
   * in the head says who calls. A `Reply` is the whole answer: the host sends it and reads no body.
   */
  open(head: RequestHead, known?: Consumer): Session | Reply | Promise<Reply> {
    const route = routeOf(head);
    const consumer = known ? this.#version.inTeam(known) : this.#keyOwner(head);
    if (route.kind === 'none')
      return this.#refuse(head, { dialect: route.dialect, consumer, code: route.code });
    if (!consumer) return this.#refuse(head, { dialect: route.dialect, consumer, code: 'invalid_key' });
    if (route.kind === 'models') return this.#models(route.dialect, consumer);
    if (route.kind === 'decision') return this.#decision(head, route.id, consumer);
    return this.#begin(head, { ...route, consumer });
  }

  /** Ends a call for a reason that the host has found before any exchange. */
  refuse(head: RequestHead, error: GatewayError): Reply {
    return this.#begin(head, { ...call(routeOf(head)), consumer: nobody }).refuse(error);
  }

  /**
   * The call for a later upstream when the worker that held the exchange is gone. `body` was made for the first one,
   * in the dialect `from`, after every policy had passed it; `to` is the name of the next one.
   */
  async orphanCall({ from, to, client, body, path }: Orphan): Promise<UpstreamCall | Reply> {
    const { provider: name, model } = parseUpstreamName(to);
    const provider = this.#version.providers.get(name);
    try {
      if (!provider) throw new RequestError('upstream_unavailable');
      const next = upstreamDialects[provider.dialect];
      const read = dialects[from].decodeRequest(parseJsonDocument(body), path);
      const images = this.#imageFetching(this.#version.config);
      const request = images ? await inlineImages(read, next, images) : read;
      const encoded = next.encodeRequest(crossInto(next, request).request, {
        model,
        clientHeaders: new Map(),
        ...present({ server: provider.server, platform: provider.platform }),
      });
      return await upstreamCall(encoded, {
        provider,
        upstream: { provider: name, dialect: provider.dialect, model },
      });
    } catch (cause) {
      const error = cause instanceof RequestError ? cause.error : gatewayError('policy_unavailable');
      return errorReply(error, { dialect: dialects[client], id: this.#ports.random.id() });
    }
  }

  #keyOwner({ headers }: RequestHead): Consumer | undefined {
    const key = presentedKey(headers);
    const owner = key === undefined ? undefined : this.#version.keys.identify(key);
    return owner && this.#version.inTeam(owner);
  }

  #begin(head: RequestHead, { dialect, operation, consumer }: Beginning): Session {
    const { clock, random, meter } = this.#ports;
    const { config, digest, providers, policies } = this.#version;
    const exchange: Exchange = {
      id: random.id(),
      operation,
      dialect,
      consumer,
      startedMs: clock.nowMs(),
      notes: [],
    };
    const pipeline = new Pipeline(policies, exchange, ({ policy, hook, failOpen }) =>
      meter.count('nexus_policy_faults_total', { policy, hook, result: failOpen ? 'passed' : 'refused' }),
    );
    const session = new Session({
      exchange,
      head,
      config,
      providers,
      pipeline,
      clock,
      ...present({ images: this.#imageFetching(config) }),
      onSettled: (settled, { outcome, results, told }) => {
        this.sessions.remove(settled);
        const noted = told.then(() =>
          this.decisions.add({
            exchange,
            outcome,
            results,
            configDigest: digest,
            endedEpochMs: clock.epochMs(),
          }),
        );
        this.#telling.add(noted);
        void noted.finally(() => this.#telling.delete(noted));
      },
      onDropped: ({ provider }) =>
        meter.count('nexus_dropped_fields_total', { gen_ai_provider_name: provider }),
      onCopy: (order) => this.#copies.make(order, { exchange, policies }),
    });
    this.sessions.add(session);
    return session;
  }

  #imageFetching({ imageUrls }: Config): ImageFetching | undefined {
    const { fetchImage } = this.#ports;
    return fetchImage && imageUrls && { fetch: fetchImage, limits: imageUrls };
  }

  /** A refusal before any body is an exchange too: every policy hears of it. */
  #refuse(
    head: RequestHead,
    why: { dialect: DialectName; consumer: Consumer | undefined; code: RefusalCode },
  ): Reply {
    const { dialect, consumer = nobody, code } = why;
    return this.#begin(head, { dialect, operation: 'chat', consumer }).refuse(gatewayError(code));
  }

  /** What was decided about one of the caller's own calls. That there is one of another's is not told. */
  async #decision(head: RequestHead, id: string, consumer: Consumer): Promise<Reply> {
    const record = this.decisions.find(id) ?? (await this.#ports.findDecision?.(id));
    if (!record || !mayReadDecision(record, consumer)) return this.refuse(head, gatewayError('not_found'));
    return jsonReply(record as unknown as JsonObject);
  }

  #models(dialect: DialectName, consumer: Consumer): Reply {
    const { config } = this.#version;
    const names = Object.keys(config.models).filter((name) => mayUse(consumer, name, config));
    return jsonReply(dialects[dialect].encodeModels(names));
  }

  #prepare(loaded: GatewayConfig): Version {
    const { config, digest } = loaded;
    const providers = readyProviders(config, loaded);
    const policies = configuredPolicies(config, providers, {
      ...this.#ports,
      offload: this.#ports.offload ?? noThreads,
      board: this.#board,
      factors: this.#factors,
      ...hashKeyOf(loaded),
      stickySecret: secretOf(loaded),
      canServe,
    });
    const keys = keyRing(config.keys, this.#ports.clock);
    return { config, digest, providers, policies, keys, inTeam: membership(config) };
  }
}

/** A secret that every process with the same keys of providers has, and nobody else. */
const secretOf = ({ secrets }: ProviderSecrets): string =>
  hash('sha256', JSON.stringify([...secrets].sort(([a], [b]) => (a < b ? -1 : 1))));
