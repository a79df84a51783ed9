import type { Citation } from '../../model/events.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../wire/json.ts';
import { present } from '../../wire/present.ts';
import { textOf } from './wire.ts';

/**
 * The citations of a candidate: what it quotes (`citationMetadata`) and what it found (`groundingMetadata`; API
 * reference, read 2026-11-28). Places are told in bytes of `text` here.
 */
export const decodeCitations = (candidate: JsonObject, text: string): Citation[] => {
  const places = new BytePlaces(text);
  return [...quoted(candidate.citationMetadata, places), ...found(candidate.groundingMetadata, places)];
};

const quoted = (metadata: JsonValue | undefined, places: BytePlaces): Citation[] => {
  const { citationSources, citations } = isJsonObject(metadata) ? metadata : {};
  return objectsIn(citationSources ?? citations).flatMap(({ uri, title, startIndex, endIndex }) => {
    const url = textOf(uri);
    return url === '' ? [] : [{ url, ...titled(title), ...places.span(startIndex, endIndex) }];
  });
};

const found = (metadata: JsonValue | undefined, places: BytePlaces): Citation[] => {
  if (!isJsonObject(metadata)) return [];
  const chunks = Array.isArray(metadata.groundingChunks) ? metadata.groundingChunks : [];
  const supports = objectsIn(metadata.groundingSupports);
  if (supports.length === 0) return chunks.flatMap((chunk) => pageOf(chunk));
  return supports.flatMap(({ segment, groundingChunkIndices }) => {
    const { text, startIndex, endIndex } = isJsonObject(segment) ? segment : {};
    const words = textOf(text);
    const indices = Array.isArray(groundingChunkIndices) ? groundingChunkIndices : [];
    return indices.flatMap((index) =>
      pageOf(typeof index === 'number' ? chunks[index] : undefined).map((page) => ({
        ...page,
        ...(words === '' ? {} : { citedText: words }),
        ...places.span(startIndex, endIndex),
      })),
    );
  });
};

const pageOf = (chunk: JsonValue | undefined): Citation[] => {
  const page = isJsonObject(chunk) ? (chunk.web ?? chunk.retrievedContext ?? chunk.maps) : undefined;
  const url = isJsonObject(page) ? textOf(page.uri) : '';
  return isJsonObject(page) && url !== '' ? [{ url, ...titled(page.title) }] : [];
};

const titled = (title: JsonValue | undefined) => {
  const text = textOf(title);
  return text === '' ? {} : { title: text };
};

/** Places in bytes of a text as places in its code points. */
class BytePlaces {
  readonly #bytes: Buffer;

  constructor(text: string) {
    this.#bytes = Buffer.from(text);
  }

  /** A start of 0 is left out by the wire. */
  span(start: JsonValue | undefined, end: JsonValue | undefined): { start?: number; end?: number } {
    if (typeof end !== 'number') return {};
    return { start: this.#points(typeof start === 'number' ? start : 0), end: this.#points(end) };
  }

  #points(bytes: number): number {
    return countPoints(this.#bytes.toString('utf8', 0, bytes));
  }
}

const countPoints = (text: string): number => {
  let count = 0;
  for (const _ of text) count++;
  return count;
};

/** A citation and the text of the candidate that stands before its part, and that of its part. */
export interface PlacedCitation {
  readonly citation: Citation;
  readonly before: string;
  readonly text: string;
}

/** Citations of another dialect as `groundingMetadata`; undefined when none of them names a page. */
export const encodeCitations = (placed: readonly PlacedCitation[]): JsonObject | undefined => {
  const pages: JsonObject[] = [];
  const urls: string[] = [];
  const supports = placed.flatMap(({ citation, before, text }) => {
    const { url, title, start, end } = citation;
    if (url === undefined) return [];
    let index = urls.indexOf(url);
    if (index === -1) {
      index = urls.push(url) - 1;
      pages.push({ web: present({ uri: url, title }) });
    }
    const points = [...text];
    const words = points.slice(start ?? 0, end ?? points.length).join('');
    const from = Buffer.byteLength(before + points.slice(0, start ?? 0).join(''));
    const segment = { startIndex: from, endIndex: from + Buffer.byteLength(words), text: words };
    return [{ segment, groundingChunkIndices: [index] }];
  });
  return pages.length === 0 ? undefined : { groundingChunks: pages, groundingSupports: supports };
};

const objectsIn = (value: JsonValue | undefined): JsonObject[] =>
  Array.isArray(value) ? value.filter(isJsonObject) : [];
