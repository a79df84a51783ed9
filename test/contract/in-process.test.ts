import { loadConfig } from '../../plugins/config/load.ts';
import { resolveSecrets } from '../../plugins/config/secrets.ts';
import { Gateway } from '../../plugins/gateway.ts';
import { httpCopies } from '../../plugins/io/copies.ts';
import { machinePorts } from '../../plugins/io/ports.ts';
import { prometheusMeter } from '../../plugins/io/telemetry.ts';
import { inProcessHost } from './in-process.ts';
import { runContract } from './run.ts';

runContract(
  'in process',
  async ({ configText, env }) => {
    const sources = { env, readFile: () => '' };
    const loaded = loadConfig(configText, { file: 'contract.json', ...sources });
    if ('problems' in loaded) throw new Error(loaded.problems.map(({ message }) => message).join('\n'));
    const secrets = resolveSecrets(loaded.config, sources);
    const { meter } = prometheusMeter();
    const sendCopy = httpCopies(({ authority }) => {
      const { hostname, port } = new URL(`http://${authority}`);
      return { hostname, port };
    });
    return inProcessHost(new Gateway({ ...loaded, secrets }, { ...machinePorts({ meter }), sendCopy }));
  },
  { streamIdleTimeoutMs: 300 },
);
