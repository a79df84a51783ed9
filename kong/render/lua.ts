/** A string of Lua, on one line. */
export const luaString = (text: string): string =>
  `"${text.replaceAll(/[\\"]/g, '\\$&').replaceAll('\n', '\\n')}"`;

/** Has Kong's log plugins leave out these fields of their records: they hold keys. */
export const keepFromLogs = (...fields: readonly string[]): string =>
  fields.map((field) => `kong.log.set_serialize_value(${luaString(field)}, nil)\n`).join('');
