/** What a token is made of. */
export const tokenKinds = { word: 0, number: 1, mixed: 2, mark: 3, line: 4 } as const;
export type TokenKind = (typeof tokenKinds)[keyof typeof tokenKinds];
