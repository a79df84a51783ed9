import { logKeys, logPathKey, namespaces } from '../extproc/names.ts';
import { coalesce, extension, type Message } from './proto.ts';

/** Where access records go: one JSON object a line. */
export type AccessLogTarget = 'stdout' | 'off' | { readonly filePath: string };

/** The client's path: as the service saw it, else as it still is; never with its query, which may hold a key. */
const path = coalesce(['DYNAMIC_METADATA', `${namespaces.log}:${logPathKey}`], ['PATH', 'NQ:PATH']);

/** One access record. Holds no body, no header that carries a key, no address of a client. */
const record: Message = {
  time: '%START_TIME%',
  method: '%REQ(:METHOD)%',
  path,
  status: '%RESPONSE_CODE%',
  flags: '%RESPONSE_FLAGS%',
  details: '%RESPONSE_CODE_DETAILS%',
  cluster: '%UPSTREAM_CLUSTER_RAW%',
  attempts: '%UPSTREAM_REQUEST_ATTEMPT_COUNT%',
  duration_ms: '%DURATION%',
  first_byte_ms: '%RESPONSE_DURATION%',
  request_bytes: '%BYTES_RECEIVED%',
  response_bytes: '%BYTES_SENT%',
  request_id: '%STREAM_ID%',
  ...Object.fromEntries(logKeys.map((key) => [key, `%DYNAMIC_METADATA(${namespaces.log}:${key})%`])),
};

/** The `access_log` of the HTTP connection manager. */
export const accessLog = (target: AccessLogTarget): readonly Message[] => {
  if (target === 'off') return [];
  const log_format = { json_format: record };
  const type = 'envoy.extensions.access_loggers';
  return target === 'stdout'
    ? [extension('envoy.access_loggers.stdout', `${type}.stream.v3.StdoutAccessLog`, { log_format })]
    : [
        extension('envoy.access_loggers.file', `${type}.file.v3.FileAccessLog`, {
          path: target.filePath,
          log_format,
        }),
      ];
};
