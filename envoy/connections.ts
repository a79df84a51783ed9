import type { Message } from './proto.ts';

const large = 1_000_000;

/** Circuit breakers that never speak first: limits are the service's, and Envoy's own default of 1024 answers 503. */
export const openCircuit = (maxRequests = large): Message => ({
  thresholds: [
    { max_connections: large, max_pending_requests: large, max_requests: maxRequests, max_retries: large },
  ],
});

/** What Envoy holds of one connection before it stops reading: with its 1 MiB, 8 slow readers took 25 MB, with this 11. */
export const connectionBuffer: Message = { per_connection_buffer_limit_bytes: 262_144 };

/** HTTP/2 windows, smaller than Envoy's own for the same reason. */
export const http2Windows = {
  initial_stream_window_size: 262_144,
  initial_connection_window_size: 4_194_304,
};
