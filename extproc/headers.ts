import type { HeaderList } from '../plugins/dialects/dialect.ts';
import type { RequestHead } from '../plugins/session.ts';

/** The head of a client's call from Envoy's header list. A name that comes twice has its values joined (RFC 9110 §5.3). */
export const requestHead = (headers: HeaderList): RequestHead => {
  const all = new Map<string, string>();
  for (const [name, value] of headers) {
    const before = all.get(name);
    all.set(name, before === undefined ? value : `${before}, ${value}`);
  }
  return { method: all.get(':method') ?? '', path: all.get(':path') ?? '', headers: all };
};

/** Names of all headers that may be removed, each once. */
export const withoutPseudo = (headers: HeaderList): string[] => {
  const names = new Set<string>();
  for (const [name] of headers) if (!name.startsWith(':')) names.add(name);
  return [...names];
};
