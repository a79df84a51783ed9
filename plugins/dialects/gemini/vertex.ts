import type { ModelRequest, Part, Turn } from '../../model/request.ts';
import type { JsonObject, JsonValue } from '../../wire/json.ts';
import type { Codec, EncodedRequest, UpstreamTarget } from '../dialect.ts';
import { cannotCarry, Losses } from '../losses.ts';
import { askedHere, embeddings, writePart } from './embeddings.ts';
import { verbPath } from './path.ts';
import { compact, isEmptyObject, member } from './wire.ts';

// Embeddings of Vertex AI, which has no batches: `predict` with instances for its older models, one content a call for the
// newer ones ("Text embeddings API", "EmbedContentRequest", and the converters of `@google/genai` 3.3.0; read 2026-11-28).

/** Models that are asked by `embedContent`, as `@google/genai` 3.3.0 tells them. */
const takesContent = (model: string): boolean =>
  (model.includes('gemini') && model !== 'gemini-embedding-001') || model.includes('maas');

const encodeRequest = (request: ModelRequest, target: UpstreamTarget): EncodedRequest => {
  const losses = new Losses();
  const asked = askedHere(request, losses);
  if (request.essential) throw cannotCarry('requests', 'vectors of several lengths in one call');
  const settings = request.turns.map((_, at) => asked?.requests[at] ?? {});
  const body = takesContent(target.model) ? asContent(request, settings) : asInstances(request, settings);
  return {
    path: verbPath(target.model, takesContent(target.model) ? 'embedContent' : 'predict'),
    headers: [['content-type', 'application/json']],
    body: JSON.stringify(body),
    dropped: losses.dropped,
  };
};

const asContent = (
  { turns, embedding }: ModelRequest,
  [settings = {}]: readonly JsonObject[],
): JsonObject => {
  const [turn, ...more] = turns;
  if (!turn || more.length > 0) throw cannotCarry('input', 'more than one text or content a call');
  const embedContentConfig = compact({
    taskType: member(settings, 'taskType'),
    title: member(settings, 'title'),
    outputDimensionality: embedding?.dimensions,
    autoTruncate: member(settings, 'autoTruncate'),
  });
  return {
    content: { parts: turn.parts.map(writePart) },
    ...(isEmptyObject(embedContentConfig) ? {} : { embedContentConfig }),
  };
};

const asInstances = ({ turns, embedding }: ModelRequest, settings: readonly JsonObject[]): JsonObject => {
  const parameters = compact({
    outputDimensionality: embedding?.dimensions,
    autoTruncate: settings.map((it) => member(it, 'autoTruncate')).find((it) => it !== undefined),
  });
  const instances = turns.map((turn, at) => instanceOf(turn, settings[at] ?? {}));
  return { instances, ...(isEmptyObject(parameters) ? {} : { parameters }) };
};

const instanceOf = ({ parts }: Turn, settings: JsonObject): JsonValue =>
  compact({
    content: parts.map(textOf).join(''),
    task_type: member(settings, 'taskType'),
    title: member(settings, 'title'),
  });

const textOf = (part: Part): string => {
  if (part.type === 'text') return part.text;
  throw cannotCarry('input', 'anything but texts');
};

/** `:predict` and `:embedContent`; the answers of both are read by the codec of the Gemini API. */
export const vertexEmbeddings: Codec = { ...embeddings, encodeRequest };
