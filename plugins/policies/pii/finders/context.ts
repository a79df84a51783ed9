import type { EntityName } from '../config.ts';
import { type Finder, type Finding, isAlnum, type Page, standsFree } from '../finding.ts';
import { tokenKinds } from '../token-kinds.ts';
import type { Token } from '../tokens.ts';
import { aba } from './checksums.ts';
import type { ContextKind } from './context-words.ts';

/** A value that only the word before it tells from any other: `passport number is GA7945176`. */
interface Rule {
  readonly type: EntityName;
  /** Most tokens between the word and the value. */
  readonly reach: number;
  /** Reads the value at a token; undefined when it is none. */
  readonly read: (page: Page, at: number) => Span | undefined;
  readonly confidence: number;
}

interface Span {
  readonly start: number;
  readonly end: number;
}

/** Signs and words that may stand between a name and its value. */
const between = new Set(
  ': = - # . , ( [ " \' ` * | > no nr num number numbers code id is was are the my his her our your of for to from and it are with value nummer numéro número numero numer numarası номер ist est è é es jest är lautet as ’ / de del der do la el date issue issued expires holder s name address'.split(
    ' ',
  ),
);

const spanOf = ({ start, end }: Token): Span => ({ start, end });

/** Digits and capitals in one piece, perhaps with signs between: at least `digits` of its characters are digits. */
const codeOf =
  ({ least, most, digits }: { readonly least: number; readonly most: number; readonly digits: number }) =>
  ({ text, tokens }: Page, at: number): Span | undefined => {
    const first = tokens[at];
    if (
      !first ||
      (first.kind !== tokenKinds.number && first.kind !== tokenKinds.mixed && !isCapitals(text, first))
    )
      return undefined;
    let last = first;
    let compact = text.slice(first.start, first.end);
    for (let next = at + 1; next < tokens.length; next++) {
      const token = tokens[next];
      if (!token) break;
      const gap = text.slice(last.end, token.start);
      const isSign = token.kind === tokenKinds.mark && gap === '' && '-/.'.includes(text[token.start] ?? '');
      const follows = tokens[next + 1];
      if (isSign && follows?.start === token.end && hasDigit(follows)) {
        last = token;
        continue;
      }
      const joins =
        (gap === '' || gap === ' ') && hasDigit(token) && compact.length + token.end - token.start <= most;
      if (!joins || (gap === ' ' && !/\d$/.test(compact) && compact.length > 3)) break;
      last = token;
      compact += text.slice(token.start, token.end);
    }
    const count = compact.replace(/\D/g, '').length;
    if (compact.length < least || compact.length > most || count < digits || /_/.test(compact))
      return undefined;
    return { start: first.start, end: last.end };
  };

const hasDigit = ({ kind }: Token): boolean => kind === tokenKinds.number || kind === tokenKinds.mixed;

const isCapitals = (text: string, { start, end }: Token): boolean =>
  end - start <= 5 && /^[A-Z]+$/.test(text.slice(start, end));

const zipShapes =
  /^(?:\d{3,10}(?:-\d{3,4})?|\d{3} \d{2}|\d{2}-\d{3}|[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}|[A-Z]\d[A-Z] ?\d[A-Z]\d|\d{4} ?[A-Z]{2}|[A-Z]\d{2} ?[A-Z\d]{4}|[A-Z]{1,2}-?\d{4,5})(?![\w-])/i;

const readZip = ({ text, tokens }: Page, at: number): Span | undefined => {
  const token = tokens[at];
  if (!token || (!hasDigit(token) && token.kind !== tokenKinds.word)) return undefined;
  const match = zipShapes.exec(text.slice(token.start, token.start + 16));
  return match && /\d/.test(match[0])
    ? { start: token.start, end: token.start + match[0].length }
    : undefined;
};

const readAge = ({ text, tokens }: Page, at: number): Span | undefined => {
  const token = tokens[at];
  if (!token || token.kind !== tokenKinds.number) return undefined;
  const years = Number(token.lower);
  const next = text[token.end] ?? ' ';
  return years >= 1 && years <= 120 && token.end - token.start <= 3 && !'%/°€$£:-'.includes(next)
    ? spanOf(token)
    : undefined;
};

const notNames = new Set(
  'and or the a an is was who that wants not can has have for in on to of with from this name id input input. agent interface experience profile data account accounts access group role email password guide manual stories story error errors it if will should must needs may sees as at by via here there page settings number list table my your his her their our null none undefined true false string admin root user guest anonymous does do did asked said who’s enters clicks sends opens gets'.split(
    ' ',
  ),
);

const userName = /^@?[A-Za-z0-9][A-Za-z0-9_.-]{1,38}/;

/** A name to log in with. Without a sign or digit in it, it must end its clause. */
const readUserName = ({ text, tokens }: Page, at: number): Span | undefined => {
  const token = tokens[at];
  if (!token || token.kind === tokenKinds.line) return undefined;
  const raw = userName.exec(text.slice(token.start, token.start + 40))?.[0].replace(/[.-]+$/, '');
  if (raw === undefined || raw.length < 3 || notNames.has(raw.toLowerCase()) || /^\d{1,3}$/.test(raw))
    return undefined;
  const end = token.start + raw.length;
  if (text[end] === '@') return undefined;
  const isPlain = /^[a-z]+$/i.test(raw);
  const before = text.slice(Math.max(0, token.start - 3), token.start);
  const isNamed = /[:=]\s?["'`]?$|["'`]$/.test(before);
  const closes = /^(?:$|[,.;:"'`)\]]|\s*\n|\s+(?:and|but|from|with|on|at|with)\b)/.test(
    text.slice(end, end + 8),
  );
  return !isPlain || (closes && (isNamed || !token.capital)) ? { start: token.start, end } : undefined;
};

const signs = /[^\s"'`<>]{4,64}/y;
const placeholders =
  /^(?:[$%{<[]|pk_(?:live|test)_|iVBORw0KGgo|process\.env|os\.|env[.[]|your|my_?|xxx|\*+$|•+$|null|none|undefined|true|false|string|changeme|password|secret|example|redacted|hunter2$)|\$\{|<[a-z_]+>|EXAMPLE/i;
const digests = /^(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{56}|[0-9a-f]{64}|[0-9a-f]{96}|[0-9a-f]{128})$/i;
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** A run of signs that no word is: digits or signs among its letters. */
const readPassword = ({ text, tokens }: Page, at: number): Span | undefined => {
  const token = tokens[at];
  if (!token) return undefined;
  signs.lastIndex = token.start;
  const raw = signs.exec(text)?.[0].replace(/[.,;:!?]+$/, '');
  if (raw === undefined || raw.length < 4 || placeholders.test(raw) || digests.test(raw) || uuid.test(raw))
    return undefined;
  const kindsOfSigns = [/[a-z]/, /[A-Z]/, /\d/, /[^A-Za-z0-9]/].filter((it) => it.test(raw)).length;
  const isWord =
    /^[\p{L}]+(?:[-'’/.][\p{L}]+)*$/u.test(raw) ||
    /^[\w.]+\([\w ,.'"]*\);?$|^https?:|^\d{1,3}$|[=(){};]{2}|^[-=]/.test(raw);
  const isAssigned = /[:=]\s?["'`]?$/.test(text.slice(Math.max(0, token.start - 3), token.start));
  if (isWord || kindsOfSigns < (isAssigned && raw.length >= 6 && /\d/.test(raw) ? 2 : 3)) {
    if (!(kindsOfSigns === 2 && /\d/.test(raw) && /[A-Za-z]/.test(raw) && raw.length >= 7 && !isWord))
      return undefined;
  }
  return { start: token.start, end: token.start + raw.length };
};

const passport: Rule = {
  type: 'passport',
  reach: 8,
  read: codeOf({ least: 6, most: 12, digits: 4 }),
  confidence: 0.92,
};
const license: Rule = {
  type: 'license',
  reach: 6,
  read: codeOf({ least: 6, most: 18, digits: 4 }),
  confidence: 0.9,
};
const account: Rule = {
  type: 'account',
  reach: 6,
  read: codeOf({ least: 6, most: 20, digits: 6 }),
  confidence: 0.88,
};
const zip: Rule = { type: 'zip', reach: 4, read: readZip, confidence: 0.88 };
const age: Rule = { type: 'age', reach: 2, read: readAge, confidence: 0.88 };
const user: Rule = { type: 'username', reach: 3, read: readUserName, confidence: 0.8 };
const password: Rule = { type: 'password', reach: 5, read: readPassword, confidence: 0.9 };

const rules: Readonly<Record<ContextKind, Rule>> = {
  passport,
  license,
  account,
  zip,
  age,
  username: user,
  password,
};

/** Values that a word before them gives away: passports, licences, accounts, postcodes, ages, user names, passwords. */
export const findInContext: Finder = (page) => {
  const found: Finding[] = [];
  for (let at = 0; at < page.tokens.length; at++) {
    const announced = page.tokens[at]?.announces;
    if (announced === undefined) continue;
    const rule = rules[announced];
    if (!fits(page, at, rule)) continue;
    const span = valueAfter(page, at, rule);
    if (span && standsFree(page.text, span.start, span.end))
      found.push({ ...span, type: rule.type, confidence: rule.confidence });
  }
  return page.groups.length === 0 ? found : [...found, ...findAges(page), ...findRouting(page)];
};

/** Words of many meanings need a second one beside them. */
const fits = ({ text, tokens }: Page, at: number, { type }: Rule): boolean => {
  const word = tokens[at]?.lower;
  const before = tokens[at - 1]?.lower;
  const next = tokens[at + 1];
  if (word === 'as') return before === 'in' && /^log(?:ged|ging|in)?$/.test(tokens[at - 2]?.lower ?? '');
  if (word === 'in') return false;
  if (word === 'license' || word === 'licence')
    return (
      /driv|license|licence|dl/.test(before ?? '') || isNumberWord(next) || tokens[at - 1]?.lower === 's'
    );
  if (word === 'user' && before !== 'for' && before !== 'as')
    return /^\s?(?:[:=]|["'`@]|id\b|name\b)/i.test(
      text.slice(next?.start ?? text.length, (next?.start ?? 0) + 5),
    );
  if (word === 'login')
    return next?.lower === ':' || next?.lower === '=' || next?.lower === 'is' || next?.lower === 'name';
  if (word === 'handle' || word === 'nick')
    return next?.lower === ':' || next?.lower === 'is' || next?.lower === '@';
  if (word === 'routing') return false;
  if (word === 'kod') return /^poczt/.test(next?.lower ?? '');
  if (word === 'posta') return /^kod/.test(next?.lower ?? '');
  if (word === 'cap') return next?.lower === ':' || next?.kind === tokenKinds.number;
  if (word === 'pass') return next?.lower === ':' || next?.lower === '=';
  if (word === 'passe') return tokens[at - 2]?.lower === 'mot';
  if (word === 'turned') return next?.kind === tokenKinds.number;
  if (type === 'age' && word !== 'aged') return true;
  return true;
};

const isNumberWord = (token: Token | undefined): boolean =>
  token !== undefined && /^(?:no|nr|num|number|#|:)$/.test(token.lower);

const valueAfter = (page: Page, at: number, { reach, read }: Rule): Span | undefined => {
  const { tokens } = page;
  for (let next = at + 1; next <= at + 1 + reach && next < tokens.length; next++) {
    const token = tokens[next];
    if (!token) return undefined;
    const span = between.has(token.lower) ? undefined : read(page, next);
    if (span) return span;
    if (!between.has(token.lower) && readerOf(token) !== read && !fillers.has(token.lower)) {
      return read === readPassword ? read(page, next) : undefined;
    }
    if (read === readPassword && between.has(token.lower) && token.kind === tokenKinds.mark) {
      const odd = oddOpening(page, next);
      if (odd) return odd;
    }
  }
  return undefined;
};

const readerOf = ({ announces }: Token): Rule['read'] | undefined =>
  announces === undefined ? undefined : rules[announces].read;

/** Passwords may begin with a sign: `@_8HQDPa5a`, `(aB3!x`. */
const oddOpening = (page: Page, at: number): Span | undefined => {
  const token = page.tokens[at];
  const follows = page.text[token?.end ?? 0] ?? ' ';
  return token && /[#.*(['-]/.test(token.lower) && /\S/.test(follows) && page.text[token.start - 1] === ' '
    ? readPassword(page, at)
    : undefined;
};

const fillers = new Set(
  'license licence driver driving card passport account bank checking savings old new current temporary default login user kodu pocztowy postal zip plate permit certificate conduire conducir guida jazdy'.split(
    ' ',
  ),
);

const ageAfter =
  /(?:[ -]years?[ -]old|[ -]yrs?\b|[ -]y\/o|[ -]?yo\b|-year-old| ans\b| años| anni\b| anos\b| Jahre alt| jaar oud| år gammal| lat\b| yaşında| yaşındadır)/iy;
const ageGuess = /\b(?:how old|what age)\b.{0,80}?[?.]\s.{0,20}?(\d{1,3})\b/gis;

/** Does "how old" or "what age" stand there? Looked for at words that begin as the second one does: few do. */
const asksAge = ({ text, tokens }: Page): boolean =>
  tokens.some(({ start, lower }) => {
    const first = text.charCodeAt(start) | 32;
    if (first !== 111 && first !== 97) return false;
    const before = lower.startsWith('old') ? 'how ' : lower.startsWith('age') ? 'what ' : undefined;
    return (
      before !== undefined &&
      text
        .slice(Math.max(0, start - 5), start)
        .toLowerCase()
        .endsWith(before)
    );
  });

/** Ages by the words after them, and as answers. */
const findAges = (page: Page): Finding[] => {
  const { text, groups } = page;
  const found: Finding[] = [];
  for (const { start, end } of groups) {
    if (end - start > 3 || (text[end] !== ' ' && text[end] !== '-')) continue;
    ageAfter.lastIndex = end;
    const years = Number(text.slice(start, end));
    if (years < 1 || years > 120 || isAlnum(text.charCodeAt(start - 1)) || !ageAfter.test(text)) continue;
    found.push({ start, end, type: 'age', confidence: 0.88 });
  }
  if (!asksAge(page)) return found;
  for (const match of text.matchAll(ageGuess)) {
    const end = match.index + match[0].length;
    found.push({ start: end - (match[1]?.length ?? 0), end, type: 'age', confidence: 0.7 });
  }
  return found;
};

/** Routing numbers of US banks, by their checksum. */
const findRouting = ({ tokens }: Page): Finding[] => {
  const found: Finding[] = [];
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at];
    if (token?.kind !== tokenKinds.number || token.lower.length !== 9 || !aba(token.lower)) continue;
    const near = tokens
      .slice(Math.max(0, at - 4), at)
      .some((it) => it.lower === 'routing' || it.lower === 'aba');
    if (near) found.push({ ...spanOf(token), type: 'account', confidence: 0.9 });
  }
  return found;
};
