import { parseArgs } from 'node:util';
import { standInsFor } from '../../examples/demo/provider/from-config.ts';
import { startProvider } from './provider.ts';

/**
 * Fault providers for all providers of a nexus.yaml, in one process: `node main.ts --config nexus.yaml`. Prints where
 * each one listens; ends with the process that started it.
 */
const { values } = parseArgs({ options: { config: { type: 'string' } } });
if (values.config === undefined) {
  console.error('usage: test/fakes/main.ts --config FILE');
  process.exit(2);
}
process.once('disconnect', () => process.exit(0));
for (const { name, port, settings } of standInsFor(values.config, {})) {
  const { url } = await startProvider({ ...settings, port });
  console.log(`${name} (${settings.dialect}): ${url}`);
}
process.send?.('ready');
