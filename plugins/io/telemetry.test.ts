import { AggregatorRegistry, Counter, Histogram, Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { metrics } from '../ports/meter.ts';
import { prometheusMeter } from './telemetry.ts';

const requestLabels = {
  team: 'support',
  application: 'helpdesk',
  dialect: 'openai-chat',
  gen_ai_request_model: 'm',
  ending: 'complete',
  code: '',
};
const tokenLabels = {
  gen_ai_operation_name: 'chat',
  gen_ai_provider_name: 'p',
  gen_ai_request_model: 'm',
  gen_ai_response_model: 'm1',
  gen_ai_token_type: 'input',
};

describe('prometheusMeter', () => {
  it('shows what prom-client itself would show', async () => {
    const { meter, registry } = prometheusMeter();
    const theirs = new Registry();
    const counter = new Counter({
      name: 'nexus_requests_total',
      help: metrics.nexus_requests_total.help,
      labelNames: [...metrics.nexus_requests_total.labels],
      registers: [theirs],
    });
    const spec = metrics.gen_ai_client_token_usage;
    const histogram = new Histogram({
      name: 'gen_ai_client_token_usage',
      help: spec.help,
      labelNames: [...spec.labels],
      buckets: [...spec.buckets],
      registers: [theirs],
    });
    for (const value of [0, 1, 5, 64, 65, 1e9]) {
      meter.observe('gen_ai_client_token_usage', tokenLabels, value);
      histogram.observe(tokenLabels, value);
    }
    for (const team of ['support', 'a "b"\\\n', 'support']) {
      meter.count('nexus_requests_total', { ...requestLabels, team }, 2);
      counter.inc({ ...requestLabels, team }, 2);
    }
    const lines = (text: string) =>
      text
        .split('\n')
        .filter((line) => !line.startsWith('#') && line !== '')
        .sort();
    const shown = await registry.metrics();
    expect(lines(shown)).toEqual(lines(await theirs.metrics()));
    expect(shown).toContain('# TYPE gen_ai_client_token_usage histogram');
  });

  it('adds up over processes', async () => {
    const [a, b] = [prometheusMeter(), prometheusMeter()];
    a.meter.count('nexus_requests_total', requestLabels);
    b.meter.count('nexus_requests_total', requestLabels, 4);
    b.meter.observe('gen_ai_client_token_usage', tokenLabels, 3);
    const sum = AggregatorRegistry.aggregate([
      await a.registry.getMetricsAsJSON(),
      await b.registry.getMetricsAsJSON(),
    ]);
    const text = await sum.metrics();
    expect(text).toMatch(/nexus_requests_total\{.*team="support".*\} 5/);
    expect(text).toMatch(/gen_ai_client_token_usage_count\{.*\} 1/);
  });
});
