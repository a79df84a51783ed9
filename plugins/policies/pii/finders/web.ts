import { type Finder, type Finding, type Group, isAlnum, isDigit, type Page } from '../finding.ts';
import { matchesIn } from '../runs.ts';

/** Letters of scripts other than ASCII; signs of theirs left out. */
const isWideLetter = (code: number): boolean =>
  (code >= 0xc0 && code < 0x2000) || (code >= 0x3040 && code < 0xd800);

/** What a local part may hold without quotes (RFC 5322 §3.2.3), but for signs that far more often surround an address. */
const isLocal = (code: number): boolean =>
  isAlnum(code) || isWideLetter(code) || ".!#$%'*+^_~-".includes(String.fromCharCode(code));

const isHost = (code: number): boolean => isAlnum(code) || isWideLetter(code) || code === 45 || code === 46;

const topLevel = /^(?:[a-z]{2,24}|xn--[a-z0-9-]{2,24}|[^\0-\u00bf]{2,24})$/i;

/** Longest local part and host (RFC 5321 §4.5.3.1). */
const maxLocal = 64;
const maxHost = 253;

/** E-mail addresses, from each `@` outwards. */
export const findEmails: Finder = ({ text }) => {
  const found: Finding[] = [];
  for (let at = text.indexOf('@'); at !== -1; at = text.indexOf('@', at + 1)) {
    const start = localStart(text, at);
    const end = hostEnd(text, at + 1);
    if (start < at && end > at + 1) found.push({ start, end, type: 'email', confidence: 0.99 });
  }
  return found;
};

const localStart = (text: string, at: number): number => {
  let start = at;
  while (start > 0 && at - start < maxLocal && isLocal(text.charCodeAt(start - 1))) start--;
  // What opens a quote, a path, a query or a sentence is no part of it.
  while (
    start < at &&
    !isAlnum(text.charCodeAt(start)) &&
    text.charCodeAt(start) < 0xc0 &&
    text[start] !== '_'
  )
    start++;
  return start;
};

const hostEnd = (text: string, from: number): number => {
  let end = from;
  while (end < text.length && end - from < maxHost && isHost(text.charCodeAt(end))) end++;
  while (end > from && (text[end - 1] === '.' || text[end - 1] === '-')) end--;
  const host = text.slice(from, end); // never search the text itself backwards: it may be long
  const dot = host.lastIndexOf('.');
  if (dot <= 0 || host.startsWith('.') || host.includes('..')) return from;
  return topLevel.test(host.slice(dot + 1)) ? end : from;
};

/** IPv4 in dotted form and IPv6; not versions, not loopback or unspecified addresses. */
export const findAddressesOfHosts: Finder = (page) => [...findIpv4(page), ...findIpv6(page.text)];

const ipv4 = /\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}/g;

const findIpv4 = ({ text, spans }: Page): Finding[] => {
  const found: Finding[] = [];
  for (const { start, match } of matchesIn(text, spans, ipv4, 7)) {
    const end = start + match[0].length;
    const before = text.charCodeAt(start - 1);
    const after = text.charCodeAt(end);
    const goesOn =
      isAlnum(before) ||
      isAlnum(after) ||
      before === 46 ||
      (after === 46 && isDigit(text.charCodeAt(end + 1)));
    if (goesOn || !isIpv4(match[0]) || isVersion(text, start)) continue;
    found.push({ start, end, type: 'ip', confidence: 0.97 });
  }
  return found;
};

const isIpv4 = (text: string): boolean => {
  const parts = text.split('.');
  return (
    parts.every((part) => Number(part) <= 255 && (part.length === 1 || part[0] !== '0')) &&
    parts[0] !== '0' &&
    parts[0] !== '127' &&
    text !== '255.255.255.255'
  );
};

/** `version 1.2.3.4` and `v1.2.3.4` are no addresses. */
const isVersion = (text: string, start: number): boolean =>
  /(?:\bv(?:ersion|er)?\.?|\brelease|\bbuild|[=~^<>]=)\s{0,2}$/i.test(
    text.slice(Math.max(0, start - 10), start),
  );

/** Shortest and longest run of hexadecimal digits and colons that is read as one address. */
const [leastIpv6, mostIpv6] = [6, 45];
const isHexOrColon = (code: number): boolean => code === 58 || isHex(code);
const isHex = (code: number): boolean =>
  isDigit(code) || (code >= 65 && code <= 70) || (code >= 97 && code <= 102);

const findIpv6 = (text: string): Finding[] => {
  if (!text.includes(':') || (!text.includes('::') && !/:[0-9A-Fa-f]{1,4}:/.test(text))) return [];
  const found: Finding[] = [];
  let end = 0;
  for (let colon = text.indexOf(':'); colon !== -1; colon = text.indexOf(':', end)) {
    let start = colon;
    while (start > end && isHexOrColon(text.charCodeAt(start - 1))) start--;
    end = colon;
    while (isHexOrColon(text.charCodeAt(end))) end++;
    for (let at = start; at + leastIpv6 <= end; at += mostIpv6)
      readIpv6(text, at, text.slice(at, Math.min(end, at + mostIpv6)), found);
  }
  return found;
};

const readIpv6 = (text: string, from: number, raw: string, found: Finding[]): void => {
  const lead = raw.startsWith(':') && !raw.startsWith('::') ? 1 : 0;
  const tail = raw.endsWith(':') && !raw.endsWith('::') ? 1 : 0;
  const [start, end] = [from + lead, from + raw.length - tail];
  if (isWordAt(text, start - 1) || isWordAt(text, end)) return;
  if (isIpv6(text.slice(start, end))) found.push({ start, end, type: 'ip', confidence: 0.97 });
};

const isWordAt = (text: string, at: number): boolean => isAlnum(text.charCodeAt(at)) || text[at] === '_';

const isIpv6 = (text: string): boolean => {
  const halves = text.split('::');
  if (halves.length > 2 || text.length < 6) return false;
  const groups = text.split(':').filter((group) => group !== '');
  if (groups.some((group) => group.length > 4)) return false;
  if (halves.length === 1) return groups.length === 8 && text.split(':').length === 8;
  return groups.length >= 2 && groups.length <= 7 && /[a-f]{1,4}|\d{3,4}/i.test(text);
};

const mac = /[0-9A-Fa-f]{2}([:-])(?:[0-9A-Fa-f]{2}[:-]){4}[0-9A-Fa-f]{2}/g;
const ciscoMac = /[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}/g;

/** Do exactly `digits` hexadecimal digits stand between `sign` and one of the signs of addresses somewhere? */
const hasPair = (text: string, sign: string, digits: number): boolean => {
  for (let at = text.indexOf(sign); at !== -1; at = text.indexOf(sign, at + 1)) {
    if (!':-.'.includes(text[at + digits + 1] || ' ')) continue;
    let inside = at + 1;
    while (inside <= at + digits && isHex(text.charCodeAt(inside))) inside++;
    if (inside > at + digits) return true;
  }
  return false;
};

/** Hardware addresses: six pairs, or three groups of four. */
export const findMacs: Finder = ({ text }) => {
  const found: Finding[] = [];
  const add = (start: number, raw: string): void => {
    const end = start + raw.length;
    const signs = new Set(raw.replace(/[0-9A-Fa-f]/g, ''));
    const goesOn = [text[start - 1], text[end]].some((it) => it === ':' || it === '-' || it === '.');
    const before = isWordAt(text, start - 1) || isWordAt(text, end);
    const sentence = text[end] === '.' && !isWordAt(text, end + 1);
    if (signs.size !== 1 || before || (goesOn && !sentence) || /^(?:00.?)+$/.test(raw)) return;
    found.push({ start, end, type: 'mac', confidence: 0.97 });
  };
  if (hasPair(text, ':', 2) || hasPair(text, '-', 2))
    for (const match of text.matchAll(mac)) add(match.index, match[0]);
  if (!hasPair(text, '.', 4)) return found;
  for (const match of text.matchAll(ciscoMac)) if (/[a-f]/i.test(match[0])) add(match.index, match[0]);
  return found;
};

const coordinate = /-?\d{1,3}\.\d{3,10}°?\s{0,2}[,;/ ]\s{0,2}-?\d{1,3}\.\d{3,10}/g;
const degrees =
  /\d{1,3}°\s?\d{1,2}['′]\s?(?:\d{1,2}(?:\.\d+)?["″]\s?)?[NS][,;\s]{1,3}\d{1,3}°\s?\d{1,2}['′]\s?(?:\d{1,2}(?:\.\d+)?["″]\s?)?[EWO]/g;

/** How many groups of at least three digits stand behind a decimal point. */
const countDecimals = (text: string, groups: readonly Group[]): number =>
  groups.reduce((sum, { start, end }) => sum + (end - start >= 3 && text[start - 1] === '.' ? 1 : 0), 0);

/** A latitude and a longitude with at least three decimals, or in degrees, minutes and seconds. */
export const findCoordinates: Finder = ({ text, groups }) => {
  const found: Finding[] = [];
  for (const match of countDecimals(text, groups) < 2 ? [] : text.matchAll(coordinate)) {
    const start = match.index;
    const end = start + match[0].length;
    const [latitude = 91, longitude = 181] = match[0].split(/°?\s{0,2}[,;/ ]\s{0,2}/).map(Number);
    if (isAlnum(text.charCodeAt(start - 1)) || isAlnum(text.charCodeAt(end))) continue;
    if (Math.abs(latitude) <= 90 && Math.abs(longitude) <= 180)
      found.push({ start, end, type: 'coord', confidence: 0.9 });
  }
  if (!text.includes('°')) return found;
  for (const match of text.matchAll(degrees))
    found.push({ start: match.index, end: match.index + match[0].length, type: 'coord', confidence: 0.95 });
  return found;
};
