import type { Authorize } from '../../ports/credentials.ts';

const scope = 'https://www.googleapis.com/auth/cloud-platform';

/**
 * Tokens of Google Cloud for a service account (`document` is its JSON), else for the machine's default credentials. The
 * library keeps a token and fetches the next one before it ends.
 */
export const googleTokens = (document: string | undefined): Authorize => {
  const auth = load(document);
  return async () => {
    const token = await (await auth()).getAccessToken();
    if (!token) throw new Error('Google gave no token');
    return [['authorization', `Bearer ${token}`]];
  };
};

interface TokenSource {
  getAccessToken(): Promise<string | null | undefined>;
}

/** Made at the first call: the library takes a while to load. A document that is no JSON fails there, without its text. */
const load = (document: string | undefined): (() => Promise<TokenSource>) => {
  let made: Promise<TokenSource> | undefined;
  return () => {
    made ??= make(document);
    made.catch(() => {
      made = undefined;
    });
    return made;
  };
};

const make = async (document: string | undefined): Promise<TokenSource> => {
  const { GoogleAuth } = await import('google-auth-library');
  return new GoogleAuth({
    scopes: scope,
    ...(document === undefined ? {} : { credentials: parsed(document) }),
  });
};

const parsed = (document: string): object => {
  try {
    return JSON.parse(document) as object;
  } catch {
    throw new Error('the key of a Google provider is not the JSON of a service account');
  }
};
