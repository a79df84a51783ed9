import { createHash } from 'node:crypto';
import { type Finder, type Finding, type KeyRun, standsFree } from '../finding.ts';

const base58 = /[13LDXrt9][1-9A-HJ-NP-Za-km-z]{24,94}/g;
const bech32 = /(?:bc1|tb1|ltc1|addr1)[02-9ac-hj-np-z]{8,100}/gi;
const ethereum = /0x[0-9a-fA-F]{40}/g;

/** Addresses of Bitcoin and its kin (Base58Check, Bech32), Ethereum, and Solana or Monero by their words. */
export const findCrypto: Finder = ({ text, keys }) => {
  const found: Finding[] = [];
  const scan = ({ start, raw: run }: KeyRun, pattern: RegExp, check: (raw: string) => boolean): void => {
    for (const { index, 0: raw } of run.matchAll(pattern)) {
      const [from, end] = [start + index, start + index + raw.length];
      if (standsFree(text, from, end) && check(raw))
        found.push({ start: from, end, type: 'crypto', confidence: 0.97 });
    }
  };
  for (const run of keys) {
    if (run.raw.length >= 25) scan(run, base58, (raw) => raw.length <= 36 && isBase58Check(raw));
    if (run.raw.includes('1')) scan(run, bech32, isBech32);
    if (run.raw.includes('0x')) scan(run, ethereum, (raw) => new Set(raw.slice(2)).size > 4);
  }
  return found;
};

const alphabet58 = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';

/** 21 bytes and the first four of their double SHA-256. */
const isBase58Check = (text: string): boolean => {
  if (!/\d/.test(text) || !/[a-z]/.test(text)) return false;
  let value = 0n;
  for (const sign of text) value = value * 58n + BigInt(alphabet58.indexOf(sign));
  const hex = value.toString(16).padStart(50, '0');
  if (hex.length !== 50) return false;
  const bytes = Buffer.from(hex, 'hex');
  return sha256(sha256(bytes.subarray(0, 21)))
    .subarray(0, 4)
    .equals(bytes.subarray(21));
};

const sha256 = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();

const alphabet32 = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l';
const generator = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];

/** BIP 173 and BIP 350. */
const isBech32 = (text: string): boolean => {
  const lower = text.toLowerCase();
  if (lower !== text && text.toUpperCase() !== text) return false;
  const cut = lower.lastIndexOf('1');
  const name = lower.slice(0, cut);
  const data = [...lower.slice(cut + 1)].map((sign) => alphabet32.indexOf(sign));
  if (data.includes(-1)) return false;
  const high = [...name].map((sign) => sign.charCodeAt(0) >> 5);
  const low = [...name].map((sign) => sign.charCodeAt(0) & 31);
  const sum = [...high, 0, ...low, ...data].reduce((check, value) => {
    const top = check >>> 25;
    const shifted = (((check & 0x1ffffff) << 5) ^ value) >>> 0;
    return generator.reduce(
      (mixed, factor, bit) => ((top >>> bit) & 1 ? (mixed ^ factor) >>> 0 : mixed),
      shifted,
    );
  }, 1);
  return sum === 1 || sum === 0x2bc830a3;
};
