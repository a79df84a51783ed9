import { defineCommand } from 'citty';
import type { ExitCode } from '../run.ts';
import { parsePort } from '../supervisor/ports.ts';
import { serve } from '../supervisor/serve.ts';
import { parseWorkerCount } from '../supervisor/worker-pool.ts';

export default defineCommand({
  meta: { description: 'Run the policy service alone, for an Envoy that exists already' },
  args: {
    config: { type: 'string', required: true, description: 'The nexus.yaml' },
    workers: { type: 'string', description: 'Its processes; 2 when left out' },
    'workers-dir': {
      type: 'string',
      alias: 'sockets',
      default: '/run/nexus',
      description: 'Directory of their sockets',
    },
    'admin-port': { type: 'string', default: '10001', description: 'Where metrics and health are' },
  },
  run: ({ args }): Promise<ExitCode> =>
    serve({
      config: args.config,
      workers: parseWorkerCount(args.workers),
      workersDirectory: args['workers-dir'],
      adminPort: parsePort('admin-port', args['admin-port']),
    }),
});
