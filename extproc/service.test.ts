import { expect, test } from 'vitest';
import { encodeImmediate } from './codec.ts';
import { healthService, processorService } from './service.ts';

const { Process } = processorService;

test('the processor is served where Envoy calls it, as a stream both ways', () => {
  expect(Process.path).toBe('/envoy.service.ext_proc.v3.ExternalProcessor/Process');
  expect([Process.requestStream, Process.responseStream]).toEqual([true, true]);
});

test('what a client sends is read by the codec', () => {
  const headers = [{ key: ':method', raw_value: Buffer.from('POST') }];
  const sent = Process.requestSerialize({ request_headers: { headers: { headers }, end_of_stream: true } });
  const read = Process.requestDeserialize(sent);
  expect(read).toMatchObject({ kind: 'request_headers', headers: [[':method', 'POST']], endOfStream: true });
});

test('what the codec wrote is sent as it is, and a client understands it', () => {
  const encoded = encodeImmediate({ status: 429, details: 'nexus_rate_limited' });
  expect(Process.responseSerialize(encoded)).toBe(encoded);
  expect(Process.responseDeserialize(encoded)).toMatchObject({
    response: 'immediate_response',
    immediate_response: { status: { code: 'TooManyRequests' }, details: 'nexus_rate_limited' },
  });
});

test('health has both of its methods, and statuses go by their name', () => {
  const { Check, Watch } = healthService;
  expect(Check?.path).toBe('/grpc.health.v1.Health/Check');
  expect(Watch?.path).toBe('/grpc.health.v1.Health/Watch');
  expect(Watch?.responseStream).toBe(true);
  const sent = Check?.responseSerialize({ status: 'NOT_SERVING' });
  expect(sent).toEqual(Buffer.of(0x08, 2));
  expect(Check?.responseDeserialize(Buffer.of(0x08, 1))).toEqual({ status: 'SERVING' });
});
