import { defineCommand } from 'citty';
import { configJsonSchema } from '../../plugins/config/json-schema.ts';
import { configReference } from '../../plugins/config/reference.ts';

export default defineCommand({
  meta: { description: 'Print the JSON Schema of nexus.yaml' },
  args: {
    markdown: { type: 'boolean', description: 'Print docs/config.md instead: every key, as tables' },
  },
  run: ({ args }) => {
    process.stdout.write(
      args.markdown ? configReference() : `${JSON.stringify(configJsonSchema(), null, 2)}\n`,
    );
  },
});
