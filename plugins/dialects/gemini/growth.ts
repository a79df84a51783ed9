import { isJsonObject, type JsonObject } from '../../wire/json.ts';
import type { Differing } from '../../wire/likeness.ts';
import { isText } from './wire.ts';

/** What a chunk says that brings more of one text, of one candidate, besides the counts so far. */
export const growthOf = ({ candidates, usageMetadata: counts }: JsonObject): Differing | undefined => {
  const [candidate] = Array.isArray(candidates) && candidates.length === 1 ? candidates : [];
  const content = isJsonObject(candidate) && isJsonObject(candidate.content) ? candidate.content : {};
  const [part] = Array.isArray(content.parts) && content.parts.length === 1 ? content.parts : [];
  if (!isJsonObject(part) || !isText(part.text) || !Object.keys(part).every((key) => ofText.has(key)))
    return undefined;
  const inner = counts === undefined ? {} : { inner: ['usageMetadata', counts] as const };
  return { told: ['text', part.text], padding: [], ...inner };
};

/** Members of a part that say no more than its text and what kind of text it is. */
const ofText: ReadonlySet<string> = new Set(['text', 'thought']);
