/** A string of Lua, on one line. */
export const luaString = (text: string): string =>
  `"${text.replaceAll(/[\\"]/g, '\\$&').replaceAll('\n', '\\n')}"`;

/** Whoever comes over TCP finds nothing here, whatever the headers say. */
export const onlyFromSocket = [
  'if kong.client.get_ip() ~= "unix:" then',
  '  return kong.response.exit(404, { message = "no Route matched with those values" })',
  'end',
].join('\n');

/** Has Kong's log plugins leave out a field of their records: it holds a key. */
export const keepFromLogs = (field: string): string =>
  `kong.log.set_serialize_value(${luaString(field)}, nil)\n`;

/** Has Kong's log plugins leave out headers of a request. */
export const keepHeadersFromLogs = (names: readonly string[]): string =>
  names.map((name) => keepFromLogs(`request.headers.${name}`)).join('');
