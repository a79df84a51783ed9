/** FNV-1a over code units: the hash by which words are known before they are cut out of their text. Of no text. */
export const emptyHash = 0x811c9dc5 | 0;

/** Of a text and one more code unit. */
export const nextHash = (hash: number, unit: number): number => Math.imul(hash ^ unit, 0x01000193);

/** Of a text, or of a part of it; 32 bits with a sign. */
export const hashOf = (text: string, from = 0, to = text.length): number => {
  let hash = emptyHash;
  for (let at = Math.max(0, from); at < to; at++) hash = nextHash(hash, text.charCodeAt(at));
  return hash;
};
