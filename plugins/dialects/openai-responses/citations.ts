import type { Citation } from '../../model/events.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../wire/json.ts';
import { present } from '../../wire/present.ts';
import { difference, isEmptyObject, merge } from '../openai/wire.ts';

/** One item of `annotations`. Kinds other than `url_citation` stay whole in the vendor bag. */
export const citationOf = (annotation: JsonValue | undefined): Citation | undefined => {
  if (!isJsonObject(annotation)) return undefined;
  const { type, url, title, start_index: start, end_index: end } = annotation;
  if (type !== 'url_citation' || typeof url !== 'string') return { vendor: annotation };
  const citation: Citation = {
    url,
    ...present({
      title: typeof title === 'string' ? title : undefined,
      start: typeof start === 'number' ? start : undefined,
      end: typeof end === 'number' ? end : undefined,
    }),
  };
  const vendor = difference(annotation, annotationOf(citation));
  return isEmptyObject(vendor) ? citation : { ...citation, vendor };
};

const annotationOf = ({ url = '', title, start, end }: Citation): JsonObject => ({
  type: 'url_citation',
  ...present({ url, title, start_index: start, end_index: end }),
});

/** A citation of this dialect as it came. */
export const encodeOwnCitation = (citation: Citation): JsonObject =>
  merge(citation.url === undefined ? {} : annotationOf(citation), citation.vendor ?? {});

/**
 * A citation of another dialect; one without a place in its text, of `textLength` code points, is of all of it. A
 * citation of something without a URL cannot be written.
 */
export const encodeCitation = (citation: Citation, textLength: number): JsonObject | undefined => {
  const { url, title = url ?? '', start = 0, end = textLength } = citation;
  return url === undefined ? undefined : annotationOf({ url, title, start, end });
};
