import { type Server, servers } from '../plugins/dialects/openai-chat/servers.ts';

/** The table of servers for people, from the table that the gateway goes by. */
export const serverTable = (): string =>
  [
    '| server | limit is | `developer` is | refuses | ignores | other words |',
    '|---|---|---|---|---|---|',
    ...Object.entries(servers).map(([name, server]) => `| \`${name}\` | ${row(server).join(' | ')} |`),
  ].join('\n');

const row = (server: Server): string[] => [
  `\`${server.limit}\``,
  server.knowsDeveloper ? 'known' : '`system`',
  list([...server.refuses, ...server.refusesInMessages.map((member) => `messages.${member}`)]),
  list(server.ignores),
  otherWords(server).join('; ') || '–',
];

const list = (members: readonly string[]): string =>
  members.length === 0 ? '–' : members.map((member) => `\`${member}\``).join(' ');

const otherWords = (server: Server): string[] => [
  ...server.overridesLimit.map((member) => `no \`${member}\` beside a limit`),
  ...Object.entries(server.renames).map(([member, name]) => `\`${member}\` is \`${name}\``),
  ...(server.requiredChoice === 'any' ? ['`tool_choice: any`'] : []),
  ...(server.callIds === 'nine' ? ['ids of calls: nine letters and digits'] : []),
  ...(server.mostStops === undefined ? [] : [`at most ${server.mostStops} stop sequences`]),
  ...(server.streamUsage === 'always' ? ['counts every stream unasked'] : []),
  ...(server.thinksUnlessTold ? ['no thinking where a call is forced'] : []),
  ...(server.formats.includes('json_schema') ? [] : ['no JSON schema']),
  ...(server.formats.includes('json_object') ? [] : ['no plain JSON mode']),
  ...(server.effort.as === 'reasoning_effort' ? [] : [`effort in \`${server.effort.as}\``]),
  ...(server.effort.known ? [`efforts: ${server.effort.known.join(', ')}`] : []),
];
