/** A string of Lua, on one line. */
export const luaString = (text: string): string =>
  `"${text.replaceAll(/[\\"]/g, '\\$&').replaceAll('\n', '\\n')}"`;

/** Has Kong's log plugins leave these request headers out: they hold keys. */
export const keepFromLogs = (headers: readonly string[]): string =>
  headers
    .map((name) => `kong.log.set_serialize_value(${luaString(`request.headers.${name}`)}, nil)\n`)
    .join('');
