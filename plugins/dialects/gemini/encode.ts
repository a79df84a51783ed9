import type { ModelRequest } from '../../model/request.ts';
import { isJsonObject, type JsonDocument, type JsonObject, patchMembers } from '../../wire/json.ts';
import type { EncodedRequest, UpstreamTarget } from '../dialect.ts';
import { Losses } from '../losses.ts';
import { adaptRequest } from './adapt.ts';
import { spelled } from './contents.ts';
import { traitsOf } from './models.ts';
import { upstreamPath } from './path.ts';
import { configMembers, needsSeals, type Rendering, renderBody, topMembers, written } from './render.ts';
import { type Origin, originOf } from './request.ts';
import { isEmptyObject, name, snakeOf } from './wire.ts';

/**
 * Model → wire. What came in this dialect and was not changed goes out as it came; the members that a policy changed are
 * written anew. Throws `RequestError('unsupported_field')` for what the API cannot be asked.
 */
export const encodeRequest = (request: ModelRequest, target: UpstreamTarget): EncodedRequest => {
  const own = request.dialect === name;
  const losses = new Losses();
  const taken = own ? request : adaptRequest(request, target.model, losses);
  const { takesJsonSchema, isThird } = traitsOf(target.model);
  const rendering: Rendering = {
    asJsonSchema: takesJsonSchema,
    losses,
    withIds: own || isThird,
    checksSeals: isThird,
  };
  const origin = originOf(taken);
  const body = origin ? patchOrigin(origin, taken, rendering) : JSON.stringify(renderBody(taken, rendering));
  return { ...headOf(request, target), body, dropped: losses.dropped };
};

/** The client's own text: the model stands in the path. */
export const patchRequest = (
  document: JsonDocument,
  request: ModelRequest,
  target: UpstreamTarget,
): EncodedRequest =>
  traitsOf(target.model).isThird && needsSeals(request)
    ? encodeRequest(request, target)
    : { ...headOf(request, target), body: document.text, dropped: [] };

const headOf = (
  { stream }: ModelRequest,
  { model }: UpstreamTarget,
): Pick<EncodedRequest, 'path' | 'headers'> => ({
  path: upstreamPath(model, stream),
  headers: [
    ['content-type', 'application/json'],
    ['accept', stream ? 'text/event-stream' : 'application/json'],
  ],
});

const patchOrigin = (
  { document, wire, request: read }: Origin,
  request: ModelRequest,
  rendering: Rendering,
): string => {
  const isChanged = ({ from }: { readonly from: readonly (keyof ModelRequest)[] }) =>
    from.some((key) => request[key] !== read[key]);
  const changed = topMembers.filter(
    (it) => isChanged(it) || (it.key === 'contents' && rendering.checksSeals && needsSeals(request)),
  );
  const configured = configMembers.filter(isChanged);
  const values = written(changed, request, rendering);
  if (configured.length > 0) {
    const config = patchConfig(wire, configured, written(configured, request, rendering));
    if (!isEmptyObject(config)) values.generationConfig = config;
  }
  const gone = [
    ...changed.map(({ key }) => key),
    ...(configured.length > 0 ? ['generationConfig'] : []),
  ].flatMap((key) => (key in values ? [] : (spelled(wire, key) ?? [])));
  const patches = Object.entries(values).map(([key, value]) => [spelled(wire, key) ?? key, value] as const);
  if (gone.length === 0)
    return patchMembers(
      document,
      Object.fromEntries(patches.map(([key, value]) => [key, JSON.stringify(value)])),
    );
  const kept = Object.entries(wire).filter(([key]) => !gone.includes(key));
  return JSON.stringify({ ...Object.fromEntries(kept), ...Object.fromEntries(patches) });
};

/** The client's `generationConfig` with some members written anew. */
const patchConfig = (
  wire: JsonObject,
  members: readonly { readonly key: string }[],
  values: JsonObject,
): JsonObject => {
  const key = spelled(wire, 'generationConfig');
  const config = key === undefined ? {} : wire[key];
  const kept: JsonObject = isJsonObject(config) ? { ...config } : {};
  for (const member of members) {
    delete kept[member.key];
    delete kept[snakeOf(member.key)];
  }
  return { ...kept, ...values };
};
