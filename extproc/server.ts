import {
  type Metadata,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerUnaryCall,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js';
import type { ProcessingRequest } from './codec.ts';
import { type Role, roleHeader } from './names.ts';
import { RouterStream, type WorkerContext } from './router-stream.ts';
import { healthService, processorService } from './service.ts';
import { UpstreamStream } from './upstream-stream.ts';

type Call = ServerDuplexStream<ProcessingRequest, Buffer>;

/** Told of an exception while a message was handled: a fault of ours. */
export type ServerFault = (fault: { role: string; cause: unknown }) => void;

/** A worker's gRPC server on one unix socket. */
export interface ProcessorServer {
  /** Takes no new streams, lets those under way finish, at most `graceMs`; then settles and breaks off the rest. */
  drain(graceMs: number): Promise<void>;
}

const serverOptions = {
  'grpc.max_receive_message_length': -1,
  'grpc.max_send_message_length': -1,
  'grpc.enable_channelz': 0,
  // Node counts a session's buffered frames against this many megabytes; the default of 10 resets streams under load.
  'grpc-node.max_session_memory': 1024,
  'grpc-node.flow_control_window': 1_048_576,
};

/** Starts listening; resolves when Envoy can connect. */
export const startServer = async (
  context: WorkerContext,
  { socketPath, onFault }: { socketPath: string; onFault: ServerFault },
): Promise<ProcessorServer> => {
  const server = new Server(serverOptions);
  let draining = false;
  server.addService(processorService, { Process: (call: Call) => serve(call, context, onFault) });
  server.addService(healthService, {
    Check: (_call: ServerUnaryCall<unknown, unknown>, done: sendUnaryData<unknown>) =>
      done(null, { status: draining ? 'NOT_SERVING' : 'SERVING' }),
  });
  await new Promise<void>((resolve, reject) => {
    server.bindAsync(`unix:${socketPath}`, ServerCredentials.createInsecure(), (error) =>
      error ? reject(error) : resolve(),
    );
  });
  return {
    drain: (graceMs) => {
      draining = true;
      return shutDown(server, context, graceMs);
    },
  };
};

const shutDown = (server: Server, { gateway }: WorkerContext, graceMs: number): Promise<void> =>
  new Promise((resolve) => {
    const force = setTimeout(() => {
      gateway.sessions.abortAll();
      server.forceShutdown();
      resolve();
    }, graceMs);
    server.tryShutdown(() => {
      clearTimeout(force);
      resolve();
    });
  });

/**
 * Serves one ext_proc stream. It is never ended while work is outstanding: to Envoy a clean end means "go on
 * without us". A fault ends it with an error status, which Envoy answers with a refusal.
 */
const serve = (call: Call, context: WorkerContext, onFault: ServerFault): void => {
  const role = roleOf(call.metadata);
  const send = (message: Buffer) => {
    // Envoy takes no more for now: read no more either, so that neither side piles up.
    if (!call.write(message)) call.pause();
  };
  // Let go at the end: Node keeps what an HTTP/2 stream leads to until the next full collection.
  let stream: RouterStream | UpstreamStream | undefined =
    role === 'upstream' ? new UpstreamStream(context, send) : new RouterStream(context, send);
  const close = () => {
    stream?.close();
    stream = undefined;
  };
  let failed = false;
  const fail = (cause: unknown) => {
    if (failed) return;
    failed = true;
    onFault({ role, cause });
    close();
    call.emit('error', { code: status.INTERNAL, details: 'policy fault' });
  };
  let work: Promise<void> | undefined;
  const take = (message: ProcessingRequest) => {
    if (failed) return;
    try {
      const taken = stream?.take(message);
      if (taken instanceof Promise) {
        work = taken.catch(fail).then(() => {
          work = undefined;
        });
      }
    } catch (cause) {
      fail(cause);
    }
  };
  call.on('data', (message: ProcessingRequest) => {
    if (work) work = work.then(() => take(message));
    else take(message);
  });
  call.on('drain', () => call.resume());
  call.on('cancelled', close);
  call.on('error', close);
  call.on('end', () => {
    close();
    if (!failed) call.end();
  });
};

const roleOf = (metadata: Metadata): Role =>
  metadata.get(roleHeader)[0] === 'upstream' ? 'upstream' : 'router';
