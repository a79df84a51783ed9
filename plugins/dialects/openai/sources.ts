import type { Source } from '../../model/request.ts';

/** A data URI becomes its bytes; every other URL stays one. */
export const sourceOfUrl = (url: string): Source => {
  const comma = url.startsWith('data:') ? url.indexOf(',') : -1;
  const head = url.slice('data:'.length, comma);
  if (comma === -1 || !head.endsWith(';base64')) return { kind: 'url', url };
  return { kind: 'base64', mediaType: head.slice(0, -';base64'.length), data: url.slice(comma + 1) };
};

/** `file_data` should be a data URI; some clients send bare base64. */
export const sourceOfFile = (content: string): Source =>
  content.startsWith('data:') || content.startsWith('http')
    ? sourceOfUrl(content)
    : { kind: 'base64', mediaType: 'application/octet-stream', data: content };

/** The URL that stands for a source: its own, or a data URI of its bytes. */
export const urlOf = (source: Exclude<Source, { kind: 'file' }>): string =>
  source.kind === 'url' ? source.url : `data:${source.mediaType};base64,${source.data}`;
