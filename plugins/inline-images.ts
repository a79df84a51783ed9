import type { UpstreamDialect } from './dialects/dialect.ts';
import type { ImagePart, ModelRequest, Part, Turn } from './model/request.ts';
import type { FetchImage, ImageLimits, ImageProblem } from './ports/images.ts';
import { RequestError } from './refusals.ts';

/** Most images by URL in one request: who names more asks for an attack on somebody. */
const maxImages = 20;

/** How images by URL are fetched where that is configured. */
export interface ImageFetching {
  readonly fetch: FetchImage;
  readonly limits: ImageLimits;
}

/**
 * `request` with the bytes of its images in place of their URLs, where `to` wants bytes; else the same request. Throws
 * `RequestError('unsupported_field')` for one that cannot be had.
 */
export const inlineImages = async (
  request: ModelRequest,
  to: UpstreamDialect,
  { fetch, limits }: ImageFetching,
): Promise<ModelRequest> => {
  const wanted = urlsIn(request).filter((url) => to.wantsBytesOf?.(url) && request.dialect !== to.name);
  const urls = [...new Set(wanted)];
  if (urls.length === 0) return request;
  if (urls.length > maxImages) throw refused(`more than ${maxImages} images by URL`);
  const parts = await Promise.all(
    urls.map(async (url) => [url, await sourceOf(url, { fetch, limits })] as const),
  );
  const sources = new Map(parts);
  return { ...request, turns: request.turns.map((turn) => withSources(turn, sources)) };
};

const urlsIn = ({ turns }: ModelRequest): string[] => turns.flatMap(({ parts }) => parts.flatMap(urlsOf));

const urlsOf = (part: Part): string[] => {
  if (part.type === 'tool-result') return part.parts.flatMap(urlsOf);
  return part.type === 'image' && part.source.kind === 'url' ? [part.source.url] : [];
};

const sourceOf = async (url: string, { fetch, limits }: ImageFetching): Promise<ImagePart['source']> => {
  const image = await fetch(url, limits);
  if (typeof image === 'string') throw refused(whys[image]);
  return { kind: 'base64', mediaType: image.mediaType, data: image.base64 };
};

const whys: Readonly<Record<ImageProblem, string>> = {
  'not allowed': 'an image at a URL that may not be fetched; send its bytes',
  'not public': 'an image at an address that is not public; send its bytes',
  'not reached': 'an image that could not be fetched; send its bytes',
  'too large': 'an image that is too large',
  'no image': 'what is no PNG, JPEG, GIF or WebP',
};

const refused = (what: string): RequestError =>
  new RequestError('unsupported_field', {
    param: 'image_url',
    message: `image_url: the upstream of this model wants the bytes of images, and cannot be given ${what}.`,
  });

const withSources = (turn: Turn, sources: ReadonlyMap<string, ImagePart['source']>): Turn => {
  const parts = turn.parts.map((part) => withSource(part, sources));
  return parts.every((part, at) => part === turn.parts[at]) ? turn : { ...turn, parts };
};

const withSource = (part: Part, sources: ReadonlyMap<string, ImagePart['source']>): Part => {
  if (part.type === 'tool-result') {
    const parts = part.parts.map((inner) => withSource(inner, sources));
    return parts.every((inner, at) => inner === part.parts[at]) ? part : { ...part, parts };
  }
  if (part.type !== 'image' || part.source.kind !== 'url') return part;
  const source = sources.get(part.source.url);
  return source ? { ...part, source } : part;
};
