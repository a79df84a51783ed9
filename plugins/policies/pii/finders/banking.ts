import { getCountrySpecifications } from 'ibantools';
import { type Finder, type Finding, isAlnum } from '../finding.ts';

/** Longest IBAN (Russia, 33; SWIFT registry), with room for its separators. */
const maxIban = 34;

/** IBANs with their checksum and the length of their country, in one piece or in groups. */
export const findIbans: Finder = ({ text, groups }) => {
  const found: Finding[] = [];
  for (const group of groups) {
    const start = group.start - 2;
    if (group.end - group.start < 2 || !isCountry(text, start)) continue;
    const end = ibanEnd(text, start);
    if (end !== undefined) found.push({ start, end, type: 'iban', confidence: 0.995 });
  }
  return found;
};

/** Two letters, and no letter or digit before them. */
const isCountry = (text: string, at: number): boolean =>
  at >= 0 &&
  isLetter(text.charCodeAt(at)) &&
  isLetter(text.charCodeAt(at + 1)) &&
  !isAlnum(text.charCodeAt(at - 1));

const isLetter = (code: number): boolean => isAlnum(code) && code > 57;

const countries = getCountrySpecifications();

/** Length of the country and ISO 7064 MOD 97-10; account numbers inside have sums of their own, which people mistype. */
const isIban = (iban: string): boolean => {
  if (countries[iban.slice(0, 2)]?.chars !== iban.length) return false;
  let rest = 0;
  for (const sign of iban.slice(4) + iban.slice(0, 4)) {
    const value = Number.parseInt(sign, 36);
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
  }
  return rest === 1;
};

/** The longest end at which a whole group closes and the checksum holds. */
const ibanEnd = (text: string, start: number): number | undefined => {
  let compact = '';
  let best: number | undefined;
  for (let at = start; at < text.length && compact.length < maxIban; at++) {
    const code = text.charCodeAt(at);
    if (isAlnum(code)) compact += text[at];
    else if (code !== 32 && code !== 45) break;
    else if (!isAlnum(text.charCodeAt(at + 1))) break;
    if (
      isAlnum(code) &&
      compact.length >= 15 &&
      !isAlnum(text.charCodeAt(at + 1)) &&
      isIban(compact.toUpperCase())
    )
      best = at + 1;
  }
  return best;
};
