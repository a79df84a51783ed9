import type { Config } from '../../config/schema.ts';
import type {
  AnswerBegun,
  Attempt,
  AttemptResult,
  Consumer,
  Exchange,
  Note,
  NoteValue,
  Outcome,
} from '../../exchange.ts';
import { mayUse } from '../../identity.ts';
import type { ModelRequest } from '../../model/request.ts';
import { type Mirrored, type Policy, type PolicyHooks, pass, refuse, type Verdict } from '../../policy.ts';
import type { Meter } from '../../ports/meter.ts';
import type { Provider } from '../../providers.ts';
import type { Call } from './call-facts.ts';
import type { Candidate } from './candidate.ts';
import type { ModelConfig } from './config.ts';
import { conversationKey, type RequestFacts, requestFacts } from './facts.ts';
import { type Judged, type Plan, planOf, type Route } from './planner.ts';
import { type ReasonCode, reasonCode } from './reasons.ts';
import { allowedRegions, foundClasses, type Residency, residencyMessage, residencyOf } from './residency.ts';
import { type RoutingPorts, routesOf } from './routes.ts';
import { expectedMicroUsd } from './strategies/cost.ts';
import { Trials } from './trials.ts';

/** What the policy asks of the world. */
export interface UpstreamPorts extends RoutingPorts {
  readonly meter?: Meter | undefined;
  /** For keys of conversations. The same in every process that is to keep them at the same candidates. */
  readonly stickySecret?: string | undefined;
}

/**
 * Chooses who answers, and notes who was judged and why. Refuses unknown models (`model_not_found`), models of other
 * teams (`model_not_allowed`), models without an upstream where the request may go (`region_not_allowed`) or one that
 * can do what it asks for (`unsupported_field`, `context_length_exceeded`). That all upstreams are busy or failing is
 * no reason to refuse: then the one that recovers first is tried.
 */
export const upstreamPolicy = (
  config: Config,
  providers: ReadonlyMap<string, Provider>,
  ports: UpstreamPorts,
): Policy => {
  const routes = routesOf(config, providers, ports);
  return {
    name: 'upstream',
    failOpen: false,
    begin: (exchange) => new Routing({ config, routes, ports }, exchange),
  };
};

interface Setup {
  readonly config: Config;
  readonly routes: ReadonlyMap<string, Route>;
  readonly ports: UpstreamPorts;
}

/**
 * SDKs ask for all that the model they know by its name can write, and the model that stands in for it refuses a limit
 * above its own. Whoever asks for that very model gets its own answer to it.
 */
const withinLimit = (request: ModelRequest, model: string, most = Number.POSITIVE_INFINITY): ModelRequest =>
  request.requestModel === model || (request.maxOutputTokens ?? 0) <= most
    ? request
    : { ...request, maxOutputTokens: most };

/** One exchange's way through its candidates. */
class Routing implements PolicyHooks {
  readonly #setup: Setup;
  readonly #exchange: Exchange;
  readonly #trials: Trials;
  #facts: RequestFacts | undefined;
  #tried: ReadonlyMap<string, Candidate> = new Map();

  constructor(setup: Setup, exchange: Exchange) {
    this.#setup = setup;
    this.#exchange = exchange;
    this.#trials = new Trials(setup.ports.clock);
  }

  request(request: ModelRequest): Verdict {
    const { config, routes } = this.#setup;
    const { consumer } = this.#exchange;
    const { requestModel } = request;
    const [route, model] = [routes.get(requestModel), config.models[requestModel]];
    if (!route || !model) return refuseModel('model_not_found', consumer, config);
    if (!mayUse(consumer, requestModel, config)) return refuseModel('model_not_allowed', consumer, config);
    const call = this.#callOf(request, model);
    const plan = planOf(route, call);
    const taken = plan.judged.filter((it) => it.taken).map(({ candidate }) => candidate);
    this.#facts = call.request;
    this.#tried = new Map(taken.map((candidate) => [candidate.name, candidate]));
    this.#exchange.notes.push(noteOf(call, { plan, model }));
    this.#count(requestModel, plan.judged);
    if (taken.length === 0) return refusalOf(plan.judged, call.residency);
    return pass({
      plan: taken.map(({ upstream }) => upstream),
      ...(plan.mirror ? { mirror: this.#mirrored(plan.mirror, route) } : {}),
    });
  }

  #mirrored({ upstream }: Candidate, { mirror }: Route): Mirrored {
    return { to: upstream, claim: async () => (await mirror?.claim(this.#exchange.id)) ?? 'granted' };
  }

  attempt(request: ModelRequest, attempt: Attempt): Verdict {
    const { provider, model } = attempt.upstream;
    const candidate = this.#tried.get(`${provider}/${model}`);
    const facts = this.#facts;
    if (candidate && facts) {
      this.#trials.begin(attempt, () => candidate.health.begin(facts, candidate.settings));
    }
    return pass({ request: withinLimit(request, attempt.upstream.model, candidate?.facts.maxOutputTokens) });
  }

  answering(attempt: Attempt, begun: AnswerBegun): void {
    this.#trials.answering(attempt, begun);
  }

  attempted(attempt: Attempt, result: AttemptResult): void {
    this.#trials.ended(attempt, result);
  }

  settle(outcome: Outcome): void {
    this.#trials.settle(outcome, this.#exchange.startedMs);
  }

  #callOf(request: ModelRequest, model: ModelConfig): Call {
    const { config, ports } = this.#setup;
    const exchange = this.#exchange;
    const facts = requestFacts(request);
    const dataClasses = foundClasses(exchange.notes);
    return {
      exchange,
      model: request.requestModel,
      request: facts,
      residency: residencyOf(exchange.consumer, dataClasses, config),
      dataClasses,
      epochMs: ports.clock.epochMs(),
      stickyKey: this.#stickyKey(request, facts, model),
    };
  }

  #stickyKey(
    request: ModelRequest,
    { inputTokens }: RequestFacts,
    { sticky }: ModelConfig,
  ): string | undefined {
    if (sticky === undefined) return undefined;
    const { user, keyId } = this.#exchange.consumer;
    if (sticky === 'user') return user ?? keyId;
    return inputTokens < leastCachedTokens
      ? undefined
      : conversationKey(request, this.#setup.ports.stickySecret ?? '');
  }

  #count(model: string, judged: readonly Judged[]): void {
    const { meter } = this.#setup.ports;
    if (!meter) return;
    for (const { candidate, reason, taken } of judged) {
      meter.count('nexus_routing_total', {
        gen_ai_request_model: model,
        gen_ai_provider_name: candidate.upstream.provider,
        gen_ai_response_model: candidate.upstream.model,
        taken: String(taken),
        reason: reasonCode(reason),
      });
    }
  }
}

/** Shorter prompts are cached by nobody (OpenAI and Anthropic, "Prompt caching"), so keeping them gains nothing. */
const leastCachedTokens = 1024;

const noteOf = (call: Call, { plan, model }: { readonly plan: Plan; readonly model: ModelConfig }): Note => {
  const regions = allowedRegions(call.residency);
  const { request } = call;
  return {
    policy: 'upstream',
    verdict: plan.judged.some(({ taken }) => taken) ? 'passed' : 'refused',
    facts: {
      model: call.model,
      pick: model.pick,
      size: request.size,
      inputTokens: request.inputTokens,
      kinds: kinds.filter((kind) => request[kind]),
      ...(plan.capture === undefined ? {} : { capture: plan.capture }),
      ...(plan.peak ? { peak: true } : {}),
      ...(call.stickyKey === undefined ? {} : { sticky: model.sticky ?? '' }),
      ...(regions ? { regions } : {}),
      ...(call.residency.classes.length > 0 ? { dataClasses: call.residency.classes } : {}),
      ...(plan.mirror ? { mirror: plan.mirror.name } : {}),
      candidates: plan.judged.map((it) => candidateNote(it, request, model)),
    },
  };
};

const kinds = ['stream', 'images', 'audio', 'files', 'tools', 'jsonSchema'] as const;

const candidateNote = (
  { candidate, reason, taken }: Judged,
  request: RequestFacts,
  { pick }: ModelConfig,
): NoteValue => {
  const { region } = candidate.upstream;
  const microUsd = pick === 'cost' ? expectedMicroUsd(request, candidate) : undefined;
  return {
    upstream: candidate.name,
    ...(region === undefined ? {} : { region }),
    reason,
    taken,
    ...(microUsd === undefined ? {} : { expectedMicroUsd: Math.ceil(microUsd) }),
  };
};

/** What a request asks for that no upstream where it may go can do. */
const incapacities: Partial<Record<ReasonCode, string>> = {
  'no-operation': 'can do what this path asks for',
  'no-images': 'takes images',
  'no-audio': 'takes audio',
  'no-files': 'takes files',
  'no-tools': 'calls tools',
  'no-schema': 'answers by a JSON Schema',
  quality: 'has the quality that the model asks for',
};

/** Residency is the reason only where nothing else keeps a candidate out. */
const refusalOf = (judged: readonly Judged[], residency: Residency): Verdict => {
  const codes = judged.map(({ reason }) => reasonCode(reason));
  const missing = codes.flatMap((code) => incapacities[code] ?? [])[0];
  if (missing !== undefined) {
    const message = `No upstream of this model where this request may go ${missing}.`;
    return refuse('unsupported_field', { message });
  }
  if (codes.includes('context-too-small')) return refuse('context_length_exceeded');
  return refuse('region_not_allowed', { message: residencyMessage(residency) });
};

/** Tells the caller which names it may use, and nothing of those that others have. */
const refuseModel = (
  code: 'model_not_found' | 'model_not_allowed',
  consumer: Consumer,
  config: Config,
): Verdict => {
  const names = Object.keys(config.models).filter((name) => mayUse(consumer, name, config));
  const wrong = code === 'model_not_found' ? 'The model does not exist.' : 'This key may not use the model.';
  const right = names.length === 0 ? 'This key may use no model.' : `This key may use: ${names.join(', ')}.`;
  return refuse(code, { param: 'model', message: `${wrong} ${right}` });
};
