import { fileURLToPath } from 'node:url';
import type { MethodDefinition, ServiceDefinition } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { decodeProcessingRequest } from './codec.ts';

const packages = loadSync(
  ['envoy/service/ext_proc/v3/external_processor.proto', 'grpc/health/v1/health.proto'],
  {
    includeDirs: [fileURLToPath(new URL('../proto', import.meta.url))],
    keepCase: true,
    oneofs: true,
    defaults: false,
    enums: String,
  },
);

const serviceOf = (name: string): ServiceDefinition => {
  const found = packages[name];
  if (found === undefined || 'format' in found) throw new Error(`../proto holds no service ${name}`);
  return found as ServiceDefinition;
};

const { Process } = serviceOf('envoy.service.ext_proc.v3.ExternalProcessor') as {
  Process: MethodDefinition<object, object>;
};

/**
 * Envoy's external processor. A server takes the codec's `ProcessingRequest` and writes what the codec's encoders
 * return; a client speaks plain objects in the shape of the .proto files.
 */
export const processorService = {
  Process: {
    ...Process,
    requestDeserialize: decodeProcessingRequest,
    responseSerialize: (encoded: Buffer): Buffer => encoded,
  },
} satisfies ServiceDefinition;

/** gRPC's health checks. A status goes by its name: `{ status: 'SERVING' }`. */
export const healthService = serviceOf('grpc.health.v1.Health');
