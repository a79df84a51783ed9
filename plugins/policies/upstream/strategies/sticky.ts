import { hash } from 'node:crypto';
import type { Candidate } from '../candidate.ts';

/**
 * The candidate that keeps `key`, by weighted rendezvous hashing (Thaler and Ravishankar, 1998): each candidate draws a
 * lot from the key and its own name, and the best lot for its weight wins. Over many keys each has its share by weight;
 * one that fails gives its keys to the others by weight and gets the same ones back, and a changed weight moves no more
 * keys than it must. The same in every process.
 */
export const keeperOf = (key: string, candidates: readonly Candidate[]): Candidate | undefined => {
  const keyLot = lotOf(key);
  let keeper: Candidate | undefined;
  let best = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) {
    const unit = (mix(keyLot ^ lotOf(candidate.name)) + 1) / 4_294_967_297; // above 0, so that its logarithm is finite
    const score = -Math.log(unit) / candidate.weight;
    if (score >= best) continue;
    best = score;
    keeper = candidate;
  }
  return keeper;
};

const lots = new Map<string, number>();
/** Names of candidates come again and again, keys of conversations do not; so many are worth keeping. */
const mostLots = 10_000;

const lotOf = (text: string): number => {
  const known = lots.get(text);
  if (known !== undefined) return known;
  if (lots.size >= mostLots) lots.clear();
  const lot = Number.parseInt(hash('sha256', text).slice(0, 8), 16);
  lots.set(text, lot);
  return lot;
};

/** Spreads the bits of a 32-bit number (MurmurHash3's finaliser). */
const mix = (bits: number): number => {
  let it = bits ^ (bits >>> 16);
  it = Math.imul(it, 0x85ebca6b);
  it ^= it >>> 13;
  it = Math.imul(it, 0xc2b2ae35);
  return (it ^ (it >>> 16)) >>> 0;
};
