import { Server, ServerCredentials, type ServerDuplexStream, status } from '@grpc/grpc-js';
import { encodeStreamedBody, type ProcessingRequest } from '../../../extproc/codec.ts';
import { type Role, roleHeader } from '../../../extproc/names.ts';
import { RouterStream, type WorkerContext } from '../../../extproc/router-stream.ts';
import { healthService, processorService } from '../../../extproc/service.ts';
import { UpstreamStream } from '../../../extproc/upstream-stream.ts';

export type Call = ServerDuplexStream<ProcessingRequest, Buffer>;

/** Where a service stops doing its work and what it does instead; everything else is done properly. */
export interface Mischief {
  readonly role: Role;
  /** `open`: before the first message. */
  readonly at: 'open' | ProcessingRequest['kind'];
  readonly does: (call: Call) => void;
}

/** Ways to fail a stream. */
export const ways = {
  'ends it': (call) => call.end(),
  'ends it with an error': (call) => {
    call.emit('error', { code: status.INTERNAL, details: 'rogue' });
  },
  'sends what is no message': (call) => call.write(Buffer.from('this is no protobuf')),
  'sends an empty message': (call) => call.write(Buffer.alloc(0)),
  'answers another question': (call) =>
    call.write(encodeStreamedBody({ body: 'unasked', endOfStream: true })),
  'says nothing': () => {},
} as const satisfies Record<string, (call: Call) => void>;

/** A service on the socket of a worker that is as good as one, but for its mischief. */
export interface Rogue {
  mischief: Mischief | undefined;
  stop(): void;
}

export const startRogue = async (context: WorkerContext): Promise<Rogue> => {
  const server = new Server();
  const rogue: Rogue = { mischief: undefined, stop: () => server.forceShutdown() };
  server.addService(processorService, { Process: (call: Call) => serve(call, context, rogue.mischief) });
  server.addService(healthService, {
    Check: (_call: unknown, done: (error: null, answer: object) => void) => done(null, { status: 'SERVING' }),
  });
  await new Promise<void>((resolve, reject) => {
    server.bindAsync(`unix:${context.address}`, ServerCredentials.createInsecure(), (error) =>
      error ? reject(error) : resolve(),
    );
  });
  return rogue;
};

const serve = (call: Call, context: WorkerContext, mischief: Mischief | undefined): void => {
  const role = call.metadata.get(roleHeader)[0];
  const planned = mischief?.role === role ? mischief : undefined;
  const send = (message: Buffer) => call.write(message);
  const stream = role === 'upstream' ? new UpstreamStream(context, send) : new RouterStream(context, send);
  let gone = false;
  const misbehave = () => {
    gone = true;
    planned?.does(call);
  };
  call.on('error', () => stream.close());
  call.on('end', () => {
    stream.close();
    if (!gone) call.end();
  });
  call.on('data', (message: ProcessingRequest) => {
    if (gone) return;
    if (message.kind === planned?.at) misbehave();
    else void stream.take(message);
  });
  if (planned?.at === 'open') misbehave();
};
