import { defineCommand } from 'citty';
import { stringify } from 'yaml';
import { createKey, type KeyOwner, type ListedKey, listKeys } from '../../plugins/config/keys.ts';
import { openConfig } from '../config.ts';
import { type ExitCode, UsageError } from '../run.ts';
import { textTable } from '../table.ts';

const create = defineCommand({
  meta: { description: 'Make a key for a client; it is shown once and stored nowhere' },
  args: {
    user: { type: 'string', description: 'The person behind the key' },
    team: { type: 'string', description: 'A name from `teams`' },
    application: { type: 'string', description: 'The program that uses the key' },
    expires: { type: 'string', description: 'First day (UTC) on which it no longer works: 2027-01-01' },
    id: { type: 'string', description: 'Name of the key in records' },
    json: { type: 'boolean', description: 'Print key and entry as JSON' },
  },
  run: ({ args }) => {
    const { id, user, team, application, expires } = args;
    if (user === undefined && team === undefined && application === undefined) {
      throw new UsageError('expected --user, --team or --application');
    }
    const created = createFor({ id, user, team, application, expires });
    console.log(args.json ? JSON.stringify(created) : `${created.key}\n${listItem(created.entry)}`);
  },
});

const createFor = (owner: KeyOwner) => {
  const created = createKey(owner);
  if ('problem' in created) throw new UsageError(created.problem);
  return created;
};

/** The entry as one line to paste below `keys:`. */
const listItem = (entry: object): string =>
  `  - ${stringify(entry, { collectionStyle: 'flow', lineWidth: 0 }).trimEnd()}`;

const list = defineCommand({
  meta: { description: 'List the keys of a nexus.yaml: whose they are and until when' },
  args: {
    file: { type: 'positional', required: true, description: 'The nexus.yaml' },
    json: { type: 'boolean', description: 'Print them as a JSON list' },
  },
  run: ({ args }): ExitCode => {
    const loaded = openConfig(args.file);
    if (!loaded) return 1;
    const keys = listKeys(loaded.config, Date.now());
    console.log(args.json ? JSON.stringify(keys, null, 2) : table(keys));
    return 0;
  },
});

const table = (keys: readonly ListedKey[]): string =>
  textTable([
    ['ID', 'USER', 'TEAM', 'APPLICATION', 'EXPIRES'],
    ...keys.map(({ id, user, team, application, expires, expired }) => [
      id,
      user ?? '-',
      team ?? '-',
      application ?? '-',
      `${expires ?? 'never'}${expired ? ' (expired)' : ''}`,
    ]),
  ]);

export default defineCommand({
  meta: { description: 'Make and list keys of clients' },
  subCommands: { create, list },
});
