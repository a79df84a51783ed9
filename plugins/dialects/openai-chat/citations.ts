import type { Citation } from '../../model/events.ts';
import { isJsonObject, type JsonObject } from '../../wire/json.ts';
import { present } from '../../wire/present.ts';
import { difference, isEmptyObject, merge } from '../openai/wire.ts';

/** One item of `annotations`. Kinds other than `url_citation` stay whole in the vendor bag. */
export const citationOf = (annotation: JsonObject): Citation => {
  const { url_citation: cited } = annotation;
  if (!isJsonObject(cited) || typeof cited.url !== 'string') return { vendor: annotation };
  const citation: Citation = {
    url: cited.url,
    ...present({
      title: typeof cited.title === 'string' ? cited.title : undefined,
      start: typeof cited.start_index === 'number' ? cited.start_index : undefined,
      end: typeof cited.end_index === 'number' ? cited.end_index : undefined,
    }),
  };
  const vendor = difference(annotation, annotationOf(citation));
  return isEmptyObject(vendor) ? citation : { ...citation, vendor };
};

/** The text that a citation stands in. */
export interface CitedText {
  /** Code points before it in the message. */
  readonly offset: number;
  /** Code points in it. */
  readonly length: number;
}

/**
 * `citations` of a text as `annotations`; a citation without a place in its text is one of all of it. Citations of
 * something without a URL cannot be written.
 */
export const encodeCitations = (
  citations: readonly Citation[],
  { own, text: { offset, length } }: { own: boolean; text: CitedText },
): JsonObject[] =>
  citations.flatMap((citation) => {
    if (own)
      return [
        merge(citation.url === undefined ? {} : annotationOf(shift(citation, offset)), citation.vendor ?? {}),
      ];
    if (citation.url === undefined) return [];
    const { start = 0, end = length, title = '' } = citation; // clients count on all three
    return [annotationOf(shift({ ...citation, title, start, end }, offset))];
  });

const shift = (citation: Citation, offset: number): Citation => ({
  ...citation,
  ...present({
    start: citation.start === undefined ? undefined : citation.start + offset,
    end: citation.end === undefined ? undefined : citation.end + offset,
  }),
});

const annotationOf = ({ url, title, start, end }: Citation): JsonObject => ({
  type: 'url_citation',
  url_citation: present({ url, title, start_index: start, end_index: end }),
});
