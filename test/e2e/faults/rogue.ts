import { Server, ServerCredentials, type ServerDuplexStream, status } from '@grpc/grpc-js';
import type { ProcessingRequest } from '../../../extproc/codec.ts';
import { type Role, roleHeader } from '../../../extproc/names.ts';
import { healthService, processorService } from '../../../extproc/service.ts';

export type Call = ServerDuplexStream<ProcessingRequest, Buffer>;

/** What a service does with one stream; called once for each of Envoy's messages. */
export type Conduct = (call: Call, message: ProcessingRequest, role: Role) => void;

/** Serves ext_proc on a socket in the place of a worker, and misbehaves. `open` is called before any message. */
export const startRogue = async (
  socketPath: string,
  { open = () => {}, take = () => {} }: { open?: (call: Call) => void; take?: Conduct },
): Promise<{ stop(): void }> => {
  const server = new Server();
  server.addService(processorService, {
    Process: (call: Call) => {
      const role = call.metadata.get(roleHeader)[0] === 'upstream' ? 'upstream' : 'router';
      call.on('error', () => {});
      call.on('data', (message: ProcessingRequest) => take(call, message, role));
      call.on('end', () => call.end());
      open(call);
    },
  });
  server.addService(healthService, {
    Check: (_call: unknown, done: (error: null, answer: object) => void) => done(null, { status: 'SERVING' }),
  });
  await new Promise<void>((resolve, reject) => {
    server.bindAsync(`unix:${socketPath}`, ServerCredentials.createInsecure(), (error) =>
      error ? reject(error) : resolve(),
    );
  });
  return { stop: () => server.forceShutdown() };
};

/** Breaks a stream off with an error. */
export const breakOff = (call: Call): void => {
  call.emit('error', { code: status.INTERNAL, details: 'rogue' });
};
