import { defineCommand } from 'citty';
import { findKong, howToGetKong } from '../kong-binary.ts';
import { type ExitCode, UsageError } from '../run.ts';
import { demoConfigFile } from '../supervisor/demo.ts';
import { parsePort } from '../supervisor/ports.ts';
import { up } from '../supervisor/up.ts';
import { upKong } from '../supervisor/up-kong.ts';
import { parseWorkerCount } from '../supervisor/worker-pool.ts';

export default defineCommand({
  meta: {
    description:
      'Run everything on this machine: Envoy or Kong, the policy service and, without --config, a demo',
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
    const options = {
      config: args.config ?? demoConfigFile,
      port: parsePort('port', args.port),
      adminPort: parsePort('admin-port', args['admin-port']),
      workers: parseWorkerCount(args.workers),
    };
    if (args.host === 'envoy') return up(options);
    if (args.host !== 'kong') throw new UsageError(`--host ${args.host}: expected envoy or kong`);
    const kong = findKong(process.env);
    if (kong === undefined) throw new UsageError(`--host kong: ${howToGetKong}`);
    return upKong(options, kong);
  },
});
