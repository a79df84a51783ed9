/** A string of Lua, on one line. */
export const luaString = (text: string): string =>
  `"${text.replaceAll(/[\\"]/g, '\\$&').replaceAll('\n', '\\n')}"`;

/** Has Kong's log plugins leave out a field of their records: it holds a key. */
export const keepFromLogs = (field: string): string =>
  `kong.log.set_serialize_value(${luaString(field)}, nil)\n`;

/** Has Kong's log plugins leave out headers of a request. */
export const keepHeadersFromLogs = (names: readonly string[]): string =>
  names.map((name) => keepFromLogs(`request.headers.${name}`)).join('');
