import { parseArgs } from 'node:util';
import { standInsFor } from './provider/from-config.ts';
import { type ProviderSettings, startDemoProvider } from './provider/server.ts';

/**
 * The demo's providers, all in one process: `node providers.ts [--config nexus.yaml]`. They listen where the file says,
 * need its keys in the environment, and end with the process that started them.
 */
const { values } = parseArgs({
  options: { config: { type: 'string', default: `${import.meta.dirname}/nexus.yaml` } },
});

/** Words come one by one, as from a model. */
const eventGapMs = 15;

const special: Readonly<Record<string, Partial<ProviderSettings>>> = {
  'openai-demo': { eventGapMs },
  'anthropic-demo': { eventGapMs },
  'selfhosted-demo': { eventGapMs },
  'flaky-openai': { always: 503 },
  'flaky-anthropic': { always: 429 },
};

process.once('disconnect', () => process.exit(0));
for (const { name, port, settings } of standInsFor(values.config, special)) {
  const { url } = await startDemoProvider(settings, port);
  console.log(`${name} (${settings.dialect}): ${url}`);
}
process.send?.('ready');
