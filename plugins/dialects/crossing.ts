import type { ModelRequest } from '../model/request.ts';
import { unsealFor } from '../model/seals.ts';
import { RequestError } from '../refusals.ts';
import type { UpstreamDialect } from './dialect.ts';
import { cannotCarry } from './losses.ts';

/** A request as an upstream may see it, before its dialect writes it. */
export interface Crossing {
  readonly request: ModelRequest;
  /** Names of what had to be left behind. */
  readonly dropped: readonly string[];
}

/** Members of a dialect's own that ask for another kind of answer, or for what only its providers run or hold. */
const meaningful = ['audio', 'web_search_options', 'thread', 'mcp_servers', 'container'] as const;

/** The first such member that a request has. */
export const meaningfulMember = ({ vendor }: ModelRequest): string | undefined =>
  meaningful.find((member) => (vendor[member] ?? null) !== null);

/**
 * What holds for every way from one dialect into another: an upstream gets its own seals alone, and no request without a
 * member that it cannot do without (throws `RequestError('unsupported_field')`). The same request where nothing has to
 * change.
 */
export const crossInto = (to: UpstreamDialect, request: ModelRequest): Crossing => {
  const family = to.sealsOf ?? to.name;
  const [needed] = request.essential ?? [];
  if (needed !== undefined && request.dialect !== family)
    throw new RequestError('unsupported_field', {
      param: needed,
      message: `${needed}: the upstream of this model does not know what it names; send the conversation itself (SDKs do, with store: false).`,
    });
  const asked = meaningfulMember(request);
  if (asked !== undefined && request.dialect !== family) throw cannotCarry(asked, `what ${asked} asks for`);
  const { request: unsealed, lost } = unsealFor(family, request);
  return { request: unsealed, dropped: lost ? ['reasoning_signature'] : [] };
};
