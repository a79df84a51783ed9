/** What may be fetched, and how much of it. */
export interface ImageLimits {
  /** Host names: `images.example.com`, or `*.example.com` for those below it. */
  readonly allow: readonly string[];
  readonly maxBytes: number;
  /** For one image, from the look-up of its host to its last byte. */
  readonly timeoutMs: number;
}

export interface FetchedImage {
  /** By its first bytes: what a server says of them is not believed. */
  readonly mediaType: string;
  readonly base64: string;
}

/** Why there is no image, for the caller's eyes: nothing of what the server answered. */
export type ImageProblem = 'not allowed' | 'not public' | 'not reached' | 'too large' | 'no image';

/** Gets an image from the web for an upstream that does not do so itself. */
export type FetchImage = (url: string, limits: ImageLimits) => Promise<FetchedImage | ImageProblem>;
