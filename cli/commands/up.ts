import { defineCommand } from 'citty';
import { type ExitCode, UsageError } from '../run.ts';
import { demoConfigFile } from '../supervisor/demo.ts';
import { parsePort } from '../supervisor/ports.ts';
import { up } from '../supervisor/up.ts';
import { parseWorkerCount } from '../supervisor/worker-pool.ts';

export default defineCommand({
  meta: {
    description: 'Run everything on this machine: Envoy, the policy service and, without --config, a demo',
  },
  args: {
    config: {
      type: 'string',
      description: 'The nexus.yaml to serve; a demo with fake providers when left out',
    },
    port: { type: 'string', default: '10000', description: 'Where clients connect' },
    'admin-port': { type: 'string', default: '10001', description: 'Where metrics and health are' },
    host: { type: 'string', default: 'envoy', description: 'The proxy to run in: envoy or kong' },
    workers: { type: 'string', description: 'Processes of the policy service; 2 when left out' },
  },
  run: ({ args }): Promise<ExitCode> => {
    refuseKong(args.host);
    return up({
      config: args.config ?? demoConfigFile,
      port: parsePort('port', args.port),
      adminPort: parsePort('admin-port', args['admin-port']),
      workers: parseWorkerCount(args.workers),
    });
  },
});

const refuseKong = (host: string): void => {
  if (host === 'envoy') return;
  if (host !== 'kong') throw new UsageError(`--host ${host}: expected envoy or kong`);
  throw new UsageError(
    'Nexus does not run inside Kong yet, so there is nothing to start. Kong itself comes as a package or image: ' +
      'https://developer.konghq.com/gateway/install/',
  );
};
