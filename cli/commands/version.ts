import { defineCommand } from 'citty';
import manifest from '../../package.json' with { type: 'json' };

export default defineCommand({
  meta: { description: 'Print the version of Nexus and of its Node' },
  args: {
    json: { type: 'boolean', description: 'Print it as JSON' },
  },
  run: ({ args }) => {
    const versions = { nexus: manifest.version, node: process.versions.node };
    console.log(args.json ? JSON.stringify(versions) : `nexus ${versions.nexus} (node ${versions.node})`);
  },
});
