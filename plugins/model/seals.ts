import { isJsonObject, parseJson } from '../wire/json.ts';
import { present } from '../wire/present.ts';
import type { ModelRequest, Part, ReasoningPart, Turn, UpstreamDialectName } from './request.ts';

/**
 * What a provider has sealed and wants back byte for byte, together with whose it is: for clients of another dialect,
 * which keep it in the place that theirs has for such things. It is wrapped, not signed: whoever forges one only sends
 * the provider a value that its own clients may send as well.
 */
export interface Seal {
  readonly dialect: UpstreamDialectName;
  readonly kind: SealKind;
  /** Of a `call`: its id. */
  readonly callId?: string;
  readonly value: string;
}

/**
 * `signature` and `redacted` are those members of a reasoning part, which is given back as it was. The others say what
 * was sealed, and are opened by the dialect that wrapped them: the reasoning itself, the call or the text beside it.
 */
export type SealKind = 'signature' | 'redacted' | 'thought' | 'call' | 'text';

/** Six bytes, so that every wrapped seal begins with the same eight letters of base64. */
const mark = 'nexus1';
const wrappedMark = Buffer.from(mark).toString('base64');

/** A seal as base64, which is legal wherever a provider's own seals are. */
export const wrapSeal = ({ dialect, kind, callId, value }: Seal): string =>
  Buffer.from(mark + JSON.stringify({ dialect, kind, ...present({ callId }), value })).toString('base64');

/** Does a text, perhaps a whole request, hold wrapped seals? */
export const holdsSeal = (text: string): boolean => text.includes(wrappedMark);

/** The seal in `text`, which may have come back in either alphabet of base64; undefined for what we did not wrap. */
export const openSeal = (text: string | undefined): Seal | undefined => {
  if (!text?.startsWith(wrappedMark)) return undefined;
  const value = parseJson(Buffer.from(text, 'base64').toString('utf8').slice(mark.length));
  return isSeal(value) ? value : undefined;
};

const kinds: ReadonlySet<unknown> = new Set<SealKind>(['signature', 'redacted', 'thought', 'call', 'text']);

const isSeal = (value: unknown): value is Seal =>
  isJsonObject(value) &&
  typeof value.dialect === 'string' &&
  typeof value.value === 'string' &&
  kinds.has(value.kind);

/** A request with the seals that an upstream may see. */
export interface Unsealed {
  readonly request: ModelRequest;
  /** A seal of another dialect was taken off. */
  readonly lost: boolean;
}

/**
 * The request for an upstream of `dialect`: its own signatures unwrapped, seals of other dialects taken off, and with
 * them reasoning that is nothing without. The same request when there are none.
 */
export const unsealFor = (dialect: UpstreamDialectName, request: ModelRequest): Unsealed => {
  let lost = false;
  const unseal = (part: Part): Part[] => {
    if (part.seal !== undefined && openSeal(part.seal)?.dialect !== dialect) {
      lost = true;
      const { seal: _, ...bare } = part;
      return [bare];
    }
    if (part.type !== 'reasoning') return [part];
    const seal = openSeal(part.signature ?? part.redacted);
    if (!seal) return [part];
    if (seal.dialect === dialect) return [opened(part, seal)];
    lost = true;
    const { signature: _s, redacted: _r, ...bare } = part;
    return bare.text === '' ? [] : [bare];
  };
  const turns = request.turns.flatMap((turn) => unsealTurn(turn, unseal));
  const same = turns.every((turn, at) => turn === request.turns[at]) && turns.length === request.turns.length;
  return same ? { request, lost } : { request: { ...request, turns }, lost };
};

const opened = (part: ReasoningPart, { kind, value }: Seal): Part => {
  if (kind !== 'signature' && kind !== 'redacted') return part;
  const { signature: _s, redacted: _r, ...bare } = part;
  return { ...bare, [kind]: value };
};

/** Nothing where only seals were. */
const unsealTurn = (turn: Turn, unseal: (part: Part) => Part[]): Turn[] => {
  if (!turn.parts.some((part) => part.type === 'reasoning' || part.seal !== undefined)) return [turn];
  const parts = turn.parts.flatMap(unseal);
  if (parts.length === turn.parts.length && parts.every((part, at) => part === turn.parts[at])) return [turn];
  return parts.length === 0 ? [] : [{ ...turn, parts }];
};
