import type { Config } from '../../config/schema.ts';
import type { Attempt, Exchange, Outcome } from '../../exchange.ts';
import type { Policy } from '../../policy.ts';
import type { Meter } from '../../ports/meter.ts';

/** Counts every exchange once, when it is over. Changes and refuses nothing. */
export const metricsPolicy = (config: Config, meter: Meter): Policy => ({
  name: 'metrics',
  failOpen: true,
  begin: (exchange) => ({
    settle: (outcome) => {
      countRequest(meter, exchange, outcome, config);
      for (const attempt of outcome.attempts) countAttempt(meter, attempt, outcome);
      if (outcome.served) measureAnswer(meter, { exchange, outcome, served: outcome.served });
    },
  }),
});

const countRequest = (
  meter: Meter,
  { consumer, dialect }: Exchange,
  outcome: Outcome,
  config: Config,
): void => {
  meter.count('nexus_requests_total', {
    team: consumer.team ?? '',
    application: consumer.application ?? '',
    dialect,
    gen_ai_request_model: knownModel(outcome.requestModel, config),
    ending: outcome.ending,
    code: outcome.error ?? '',
  });
};

/** A client can invent model names without end; only configured ones become labels. */
const knownModel = (model: string | undefined, config: Config): string =>
  model !== undefined && Object.hasOwn(config.models, model) ? model : '';

const countAttempt = (meter: Meter, attempt: Attempt, { served }: Outcome): void => {
  meter.count('nexus_attempts_total', {
    gen_ai_provider_name: attempt.upstream.provider,
    gen_ai_response_model: attempt.upstream.model,
    result: attempt.number === served?.number ? 'served' : 'failed',
  });
};

interface Answer {
  readonly exchange: Exchange;
  readonly outcome: Outcome;
  readonly served: Attempt;
}

const measureAnswer = (meter: Meter, { exchange, outcome, served }: Answer): void => {
  const provider = {
    gen_ai_provider_name: served.upstream.provider,
    gen_ai_response_model: served.upstream.model,
  };
  const labels = {
    gen_ai_operation_name: exchange.operation,
    gen_ai_request_model: outcome.requestModel ?? '',
    ...provider,
  };
  meter.observe(
    'gen_ai_client_operation_duration_seconds',
    { ...labels, error_type: outcome.error ?? '' },
    outcome.durationMs / 1000,
  );
  if (outcome.stream && outcome.firstChunkMs !== undefined) {
    meter.observe('gen_ai_client_operation_time_to_first_chunk_seconds', labels, outcome.firstChunkMs / 1000);
  }
  if (!outcome.usage) {
    meter.count('nexus_usage_unread_total', provider);
    return;
  }
  const who = {
    team: exchange.consumer.team ?? '',
    application: exchange.consumer.application ?? '',
    ...provider,
  };
  for (const [type, tokens] of [
    ['input', outcome.usage.inputTokens],
    ['output', outcome.usage.outputTokens],
  ] as const) {
    meter.observe('gen_ai_client_token_usage', { ...labels, gen_ai_token_type: type }, tokens);
    meter.count('nexus_tokens_total', { ...who, gen_ai_token_type: type }, tokens);
  }
};
