import { brotliCompressSync, brotliDecompressSync, constants } from 'node:zlib';
import { buckets } from './features.ts';
import { labelCount } from './labels.ts';
import type { Weights } from './tagger.ts';

/** Weights as text: scale, transitions, and one plane of bytes for each label, compressed. */
export const packWeights = ({ features, transitions, scale }: Weights): string => {
  const planes = new Int8Array(buckets * labelCount);
  for (let bucket = 0; bucket < buckets; bucket++)
    for (let label = 0; label < labelCount; label++)
      planes[label * buckets + bucket] = features[bucket * labelCount + label] ?? 0;
  const head = Buffer.alloc(4);
  head.writeFloatLE(scale);
  const bytes = Buffer.concat([
    head,
    Buffer.from(Int8Array.from(transitions).buffer),
    Buffer.from(planes.buffer),
  ]);
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 24 };
  return brotliCompressSync(bytes, { params }).toString('base64');
};

export const unpackWeights = (text: string): Weights => {
  const bytes = brotliDecompressSync(Buffer.from(text, 'base64'));
  const transitions = Int8Array.from(
    bytes.subarray(4, 4 + labelCount * labelCount),
    (byte) => (byte << 24) >> 24,
  );
  const planes = bytes.subarray(4 + labelCount * labelCount);
  const features = new Int8Array(buckets * labelCount);
  for (let label = 0; label < labelCount; label++)
    for (let bucket = 0; bucket < buckets; bucket++)
      features[bucket * labelCount + label] = planes[label * buckets + bucket] ?? 0;
  return { features, transitions, scale: bytes.readFloatLE(0) };
};
