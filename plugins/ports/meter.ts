/** A metric that we emit. Labels are bounded: configured names and codes of ours, never a client's own words. */
export interface MetricSpec {
  readonly kind: 'counter' | 'histogram';
  readonly help: string;
  readonly labels: readonly string[];
  readonly buckets?: readonly number[];
}

/** Bucket bounds as the convention advises them. */
const tokenBuckets = [
  1, 4, 16, 64, 256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216, 67_108_864,
];
const secondBuckets = [
  0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92,
];

/** Attributes of the GenAI convention that every `gen_ai_*` metric here carries. */
const genAiLabels = [
  'gen_ai_operation_name',
  'gen_ai_provider_name',
  'gen_ai_request_model',
  'gen_ai_response_model',
];

/**
 * All metrics. `gen_ai_*` follow the OpenTelemetry GenAI semantic conventions (status: development; read
 * 2026-11-24) in Prometheus spelling; the models in their labels are those of the configuration.
 */
export const metrics = {
  gen_ai_client_token_usage: {
    kind: 'histogram',
    help: 'Tokens of one answer, by type: input (whole prompt) or output (reasoning included).',
    labels: [...genAiLabels, 'gen_ai_token_type'],
    buckets: tokenBuckets,
  },
  gen_ai_client_operation_duration_seconds: {
    kind: 'histogram',
    help: 'Time from a request to the end of its answer.',
    labels: [...genAiLabels, 'error_type'],
    buckets: secondBuckets,
  },
  gen_ai_client_operation_time_to_first_chunk_seconds: {
    kind: 'histogram',
    help: 'Time from a request to the first byte of its streamed answer.',
    labels: genAiLabels,
    buckets: secondBuckets,
  },
  nexus_requests_total: {
    kind: 'counter',
    help: 'Client calls, by how they ended.',
    labels: ['team', 'application', 'dialect', 'gen_ai_request_model', 'ending', 'code'],
  },
  nexus_attempts_total: {
    kind: 'counter',
    help: 'Upstreams tried, by whether their answer was taken.',
    labels: ['gen_ai_provider_name', 'gen_ai_response_model', 'result'],
  },
  nexus_routing_total: {
    kind: 'counter',
    help: 'Candidates judged for requests, by whether they were to be tried, and why.',
    labels: ['gen_ai_request_model', 'gen_ai_provider_name', 'gen_ai_response_model', 'taken', 'reason'],
  },
  nexus_mirrors_total: {
    kind: 'counter',
    help: 'Copies of requests for mirrors, by what became of them.',
    labels: ['gen_ai_request_model', 'gen_ai_provider_name', 'gen_ai_response_model', 'result'],
  },
  nexus_circuit_changes_total: {
    kind: 'counter',
    help: 'How often an upstream began to be left alone (cooling), or was taken back (ready).',
    labels: ['gen_ai_provider_name', 'gen_ai_response_model', 'circuit'],
  },
  nexus_tokens_total: {
    kind: 'counter',
    help: 'Tokens as reported by upstreams, by who used them.',
    labels: ['team', 'application', 'gen_ai_provider_name', 'gen_ai_response_model', 'gen_ai_token_type'],
  },
  nexus_usage_unread_total: {
    kind: 'counter',
    help: 'Answers whose upstream reported no usage that could be read.',
    labels: ['gen_ai_provider_name', 'gen_ai_response_model'],
  },
  nexus_policy_faults_total: {
    kind: 'counter',
    help: 'Exceptions inside policies, by what became of the request.',
    labels: ['policy', 'hook', 'result'],
  },
  nexus_dropped_fields_total: {
    kind: 'counter',
    help: 'Requests sent on without a field that the upstream dialect cannot carry.',
    labels: ['gen_ai_provider_name'],
  },
  nexus_budget_refusals_total: {
    kind: 'counter',
    help: 'Calls, and copies for mirrors, that did not fit a budget; under mode shadow they went on.',
    labels: ['budget', 'unit', 'mode'],
  },
  nexus_budget_lowered_total: {
    kind: 'counter',
    help: 'Calls whose output limit was lowered to what their budgets had left.',
    labels: ['gen_ai_request_model'],
  },
  nexus_budget_warnings_total: {
    kind: 'counter',
    help: 'Thresholds of warnAt that a count has passed.',
    labels: ['budget', 'unit', 'threshold'],
  },
  nexus_budget_store_lost_total: {
    kind: 'counter',
    help: 'Calls whose counts could not be asked, by what became of them.',
    labels: ['result'],
  },
  nexus_budget_store_changes_total: {
    kind: 'counter',
    help: 'How often the store of counts was lost, was ready again, or had forgotten what it had counted.',
    labels: ['state', 'reason'],
  },
  nexus_budget_settlements_total: {
    kind: 'counter',
    help: 'Reservations settled: whose count was charged, and what became of the settlement.',
    labels: ['source', 'result'],
  },
  nexus_budget_overrun_total: {
    kind: 'counter',
    help: 'What was used beyond what was held for it, in the unit of the label: the error of our worst case.',
    labels: ['budget', 'unit'],
  },
  nexus_budget_cuts_total: {
    kind: 'counter',
    help: 'Streams ended by us because their upstream went beyond the output limit.',
    labels: ['gen_ai_provider_name', 'gen_ai_response_model'],
  },
  nexus_usage_implausible_total: {
    kind: 'counter',
    help: 'Reports of usage that cannot be true; our own count was charged.',
    labels: ['gen_ai_provider_name', 'gen_ai_response_model'],
  },
  nexus_guard_verdicts_total: {
    kind: 'counter',
    help: 'Requests that the prompt guard looked at, by what it found and what became of them.',
    labels: ['mode', 'verdict', 'result'],
  },
  nexus_guard_skipped_total: {
    kind: 'counter',
    help: 'Requests that the prompt guard did not look at whole, by the limit that kept it.',
    labels: ['reason'],
  },
  nexus_cost_micro_usd_total: {
    kind: 'counter',
    help: 'What calls and their copies for mirrors cost in micro-dollars, by who made them.',
    labels: ['team', 'application', 'gen_ai_provider_name', 'gen_ai_response_model'],
  },
  nexus_pii_entities_total: {
    kind: 'counter',
    help: 'Personal data and secrets found, by type, by what was done with them, and where.',
    labels: ['entity', 'action', 'mode', 'direction'],
  },
} as const satisfies Record<string, MetricSpec>;

export type MetricName = keyof typeof metrics;

export type Labels = Readonly<Record<string, string>>;

/** Where numbers go. Names, labels and buckets stand in `metrics`; nothing else can be emitted. */
export interface Meter {
  /** Adds to a counter. */
  count(name: MetricName, labels: Labels, by?: number): void;
  /** Adds one observation to a histogram, in the unit of its name. */
  observe(name: MetricName, labels: Labels, value: number): void;
}
