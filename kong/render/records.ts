import { egressHeader, recordPath, recordsDict } from '../relay/names.ts';
import { numberMark, recordHeader } from '../relay/record.ts';
import { type Entity, ours, unbuffered } from './entities.ts';
import { luaString, onlyFromSocket } from './lua.ts';

/** How long Kong waits with a record for the end of its call. */
const keptSeconds = 30;

/**
 * Puts the relay's record of a call into what Kong's log plugins write, as `nexus`. It comes with the head of the
 * answer. A stream has none of its counts then: those come by themselves (`recordRoute`) before its end, and Kong keeps
 * them in shared memory, since another of its workers may have taken them.
 */
export const recordFunctions = {
  header_filter: [
    `local record = kong.response.get_header(${luaString(recordHeader)})`,
    'if record then',
    '  ngx.ctx.nexus_record = record',
    `  kong.response.clear_header(${luaString(recordHeader)})`,
    'end',
    '',
  ].join('\n'),
  log: [
    'if ngx.ctx.nexus_record then',
    '  local sent = ngx.decode_args(ngx.ctx.nexus_record, 0)',
    `  local records = ngx.shared.${recordsDict}`,
    '  local last = records and records:get(sent.id)',
    '  if last then',
    '    records:delete(sent.id)',
    '    sent = ngx.decode_args(last, 0)',
    '  end',
    '  local record = {}',
    '  for name, value in pairs(sent) do',
    `    local number = name:match("^(.*)${numberMark}$")`,
    '    if number then record[number] = tonumber(value) else record[name] = value end',
    '  end',
    '  kong.log.set_serialize_value("nexus", record)',
    'end',
    '',
  ].join('\n'),
};

const name = 'nexus-record';

/** Where the relay leaves the last word on a stream. Locked like the ways to providers; leads nowhere. */
export const recordRoute = (secret: string): { readonly route: Entity; readonly taker: Entity } => ({
  route: {
    name,
    protocols: ['http'],
    paths: [recordPath],
    headers: { [egressHeader]: [secret] },
    ...unbuffered,
    ...ours,
  },
  taker: {
    name: 'pre-function',
    route: name,
    config: {
      access: [
        [
          onlyFromSocket,
          `local records = ngx.shared.${recordsDict}`,
          `local record = kong.request.get_header(${luaString(recordHeader)})`,
          'if records and record then',
          `  records:set(ngx.decode_args(record, 0).id, record, ${keptSeconds})`,
          'end',
          'return kong.response.exit(204)',
          '',
        ].join('\n'),
      ],
    },
    ...ours,
  },
});
