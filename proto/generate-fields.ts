/** Writes fields.json: `node proto/generate-fields.ts ENVOY_BIN`. */
import { writeFileSync } from 'node:fs';
import { readEnvoyFields } from './embedded.ts';

const [binaryPath] = process.argv.slice(2);
if (binaryPath === undefined) {
  console.error('usage: node proto/generate-fields.ts ENVOY_BIN');
  process.exit(2);
}
const fields = readEnvoyFields(binaryPath);
writeFileSync(new URL('fields.json', import.meta.url), `${JSON.stringify(fields, null, 2)}\n`);
