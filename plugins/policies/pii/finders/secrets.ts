import { type Finder, type Finding, isAlnum, type KeyRun } from '../finding.ts';

/** What a vendor's key looks like after its prefix. */
interface Vendor {
  readonly prefix: string;
  /** Sticky; matches the whole key, prefix included. Bounded repetitions, no alternation that overlaps. */
  readonly form: RegExp;
}

const vendor = (prefix: string, rest: string): Vendor => ({
  prefix,
  form: new RegExp(prefix.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&') + rest, 'y'),
});

const many = (prefixes: string, rest: string): Vendor[] =>
  prefixes.split(' ').map((prefix) => vendor(prefix, rest));

/** Prefixes and lengths as the vendors document them or their scanners publish them; read 2026-11. */
const vendors: readonly Vendor[] = [
  ...many('AKIA ASIA ABIA ACCA', '[A-Z0-9]{16}'),
  ...many('ghp_ gho_ ghu_ ghs_ ghr_', '[A-Za-z0-9]{36,251}'),
  vendor('github_pat_', '[A-Za-z0-9_]{22,255}'),
  ...many(
    'glpat- glptt- gldt- glrt- glcbt- glft- glsoat- glagent- gloas- glimt- glffct- GR1348941',
    '[\\w.-]{20,300}',
  ),
  ...many('sk-proj- sk-svcacct- sk-admin- sk-None-', '[\\w-]{20,300}'),
  vendor('sk-ant-', '[a-z]{2,8}\\d{2}-[\\w-]{20,200}'),
  vendor('sk-or-v1-', '[0-9a-f]{40,80}'),
  vendor('sk-lf-', '[\\w-]{20,60}'),
  vendor('sk-', '[A-Za-z0-9]{20,100}'),
  vendor('AIza', '[\\w-]{35}'),
  vendor('GOCSPX-', '[\\w-]{24,32}'),
  vendor('ya29.', '[\\w-]{30,500}'),
  vendor('1//0', '[\\w-]{40,200}'),
  ...many(
    'xoxb- xoxp- xoxa- xoxr- xoxs- xoxo- xoxe- xoxe.xoxb- xoxe.xoxp- xoxc- xoxd-',
    '[A-Za-z0-9%-]{10,300}',
  ),
  vendor('xapp-', '\\d-[A-Z0-9]{8,20}-\\d{8,20}-[a-f0-9]{30,80}'),
  vendor('https://hooks.slack.com/', '(?:services|workflows|triggers)/[A-Za-z0-9+/]{20,80}'),
  ...many(
    'https://discord.com/api/webhooks/ https://discordapp.com/api/webhooks/',
    '\\d{15,20}/[\\w-]{50,80}',
  ),
  ...many('sk_live_ rk_live_ sk_test_ rk_test_ sk_prod_ rk_prod_', '[A-Za-z0-9]{10,250}'),
  vendor('whsec_', '[A-Za-z0-9+/=]{24,80}'),
  vendor('SK', '[0-9a-f]{32}'),
  vendor('SG.', '[\\w-]{16,32}\\.[\\w-]{16,64}'),
  vendor('key-', '[0-9a-f]{32}'),
  vendor('npm_', '[A-Za-z0-9]{36}'),
  vendor('pypi-', 'AgE[\\w-]{50,300}'),
  ...many('dckr_pat_ dckr_oat_', '[\\w-]{20,60}'),
  ...many('hf_ api_org_', '[A-Za-z]{30,40}'),
  vendor('hf_', '[A-Za-z0-9]{30,40}'),
  vendor('r8_', '[A-Za-z0-9]{37,40}'),
  ...many('shpat_ shpss_ shpca_ shppa_ shpua_', '[0-9a-fA-F]{32}'),
  ...many('sq0atp- sq0csp- sq0idb-', '[\\w-]{22,60}'),
  vendor('EAAA', '[\\w-]{60}'),
  vendor('EAA', '[A-Za-z0-9]{80,300}'),
  ...many('dop_v1_ doo_v1_ dor_v1_', '[0-9a-f]{64}'),
  vendor('dapi', '[0-9a-f]{32}(?:-\\d)?'),
  vendor('dose', '[0-9a-f]{32}'),
  vendor('lin_api_', '[A-Za-z0-9]{32,48}'),
  vendor('ntn_', '[A-Za-z0-9]{40,60}'),
  vendor('secret_', '[A-Za-z0-9]{43}'),
  vendor('figd_', '[\\w-]{36,60}'),
  vendor('PMAK-', '[0-9a-f]{24}-[0-9a-f]{34}'),
  ...many('glsa_ glc_', '[A-Za-z0-9+/=_]{32,400}'),
  ...many('NRAK- NRJS- NRII- NRRA-', '[A-Za-z0-9_-]{19,42}'),
  ...many('sntrys_ sntryu_', '[A-Za-z0-9+/=_]{40,300}'),
  ...many('dp.pt. dp.st. dp.ct. dp.sa.', '[\\w.-]{30,80}'),
  ...many('hvs. hvb. hvr.', '[\\w-]{20,300}'),
  vendor('s.', '[A-Za-z0-9]{24}'),
  vendor('pscale_tkn_', '[\\w.=-]{30,64}'),
  vendor('pscale_pw_', '[\\w.=-]{30,64}'),
  ...many('sbp_ sb_secret_', '[\\w]{20,64}'),
  vendor('gsk_', '[A-Za-z0-9]{40,60}'),
  vendor('xai-', '[A-Za-z0-9]{60,90}'),
  vendor('pplx-', '[A-Za-z0-9]{40,60}'),
  vendor('fw_', '[A-Za-z0-9]{20,30}'),
  vendor('nvapi-', '[\\w-]{50,80}'),
  vendor('tgp_v1_', '[\\w-]{40,60}'),
  vendor('jina_', '[A-Za-z0-9_-]{50,80}'),
  vendor('tvly-', '[A-Za-z0-9-]{20,50}'),
  vendor('lsv2_', '(?:pt|sk)_[0-9a-f]{32}_[0-9a-f]{10}'),
  vendor('ATATT3', '[\\w=-]{50,300}'),
  ...many('ATCTT3 ATBB', '[\\w=-]{24,300}'),
  vendor('HRKU-', '[\\w-]{36,80}'),
  vendor('AGE-SECRET-KEY-1', '[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58}'),
  ...many('fo1_ fm1_ fm2_ FlyV1', '[A-Za-z0-9+/=_ ,-]{40,600}'),
  vendor('tskey-', '(?:auth|api|client|scim|webhook)-[\\w-]{10,80}'),
  vendor('rubygems_', '[0-9a-f]{48}'),
  vendor('CLOJARS_', '[0-9a-z]{60}'),
  vendor('tfp_', '[\\w.=-]{59}'),
  vendor('CFPAT-', '[\\w-]{43}'),
  vendor('sk.eyJ', '[\\w-]{20,200}\\.[\\w-]{20,40}'),
  vendor('LTAI', '[A-Za-z0-9]{12,24}'),
  vendor('AKID', '[A-Za-z0-9]{32}'),
  vendor('AAAA', '[\\w-]{7}:[\\w-]{140}'),
  vendor('pat', '[A-Za-z0-9]{14}\\.[0-9a-f]{64}'),
  vendor('pul-', '[0-9a-f]{40}'),
  vendor('PRAPI', '[\\w-]{20,60}'),
  vendor('rpa_', '[A-Z0-9]{30,60}'),
  vendor('ops_eyJ', '[\\w=-]{100,900}'),
  vendor('A3-', '[A-Z0-9]{6}-[A-Z0-9]{6,11}-[A-Z0-9]{5}-[A-Z0-9]{5}-[A-Z0-9]{5}'),
  vendor('AP', '[0-9a-zA-Z]{3}-[\\w-]{60}'),
  vendor('ico-', '[A-Za-z0-9]{32}'),
  vendor('sl.', '[\\w-]{130,200}'),
  vendor('EZAK', '[A-Za-z0-9]{54}'),
  vendor('EZTK', '[A-Za-z0-9]{54}'),
  vendor('shippo_live_', '[0-9a-f]{40}'),
  vendor('shippo_test_', '[0-9a-f]{40}'),
  vendor('access_token$production$', '[0-9a-z]{16}\\$[0-9a-f]{32}'),
  vendor('amzn.mws.', '[0-9a-f-]{36}'),
  vendor('amzn1.oa2-cs.', 'v1\\.[0-9a-f]{64}'),
  vendor('cio', '[A-Za-z0-9]{32}'),
  vendor('rk-', '[A-Za-z0-9]{40,60}'),
  vendor('ABSK', '[A-Za-z0-9+/]{100,270}={0,2}'),
  vendor('bkua_', '[0-9a-f]{40}'),
  vendor('phx_', '[A-Za-z0-9]{40,60}'),
  vendor('phs_', '[A-Za-z0-9]{40,60}'),
  vendor('SWMTKN-1-', '[0-9a-z-]{60,90}'),
  vendor('sgp_', '[A-Za-z0-9_]{40,80}'),
  vendor('ATTA', '[0-9a-f]{60,80}'),
  vendor('oy2', '[a-z0-9]{43}'),
  vendor('cmVmdGtu', '[A-Za-z0-9]{56}'),
  vendor('AKCp', '[A-Za-z0-9]{69}'),
  vendor('aio_', '[A-Za-z0-9]{28}'),
  vendor('ey', 'JrIjoi[A-Za-z0-9]{40,300}={0,2}'),
  vendor('v2.local.', '[\\w-]{60,600}'),
];

/** Keys that documentation shows, and signs that nobody's key has. */
const examples =
  /EXAMPLE|example|sample|dummy|placeholder|redacted|REDACTED|[Yy]our[_-]?|YOUR|insert|changeme|xxxx|XXXX|\*{3}|\.{3}|0{12}|4eC39HqLyjWDarjtT1zdp7dc|eyJzdWIiOiIxMjM0NTY3ODkwI/;

/** Rows of digits and letters that people type to fill a form; what is left beside them must still be random. */
const rows =
  /1234567890?|0123456789|abcdef(?:ghijklmnopqrstuvwxyz|gh|1234)?|ABCDEF(?:GHIJKLMNOPQRSTUVWXYZ|GH)?/g;

const isExample = (raw: string): boolean =>
  examples.test(raw) || new Set(raw.slice(4).replace(rows, '')).size < 6;

const isLetterBefore = (text: string, at: number): boolean =>
  isAlnum(text.charCodeAt(at - 1)) || text[at - 1] === '_';

/** Keys of vendors, private keys, credentials in URLs, and values of high entropy under a name that means a key. */
export const findSecrets: Finder = ({ text, keys }) => {
  const runs = keys.filter(({ raw }) => raw.length >= leastRun);
  const found = [...findVendors(text, runs), ...findShapes(text, runs), ...findNamed(text, runs)];
  return [
    ...found.filter(({ start, end }) => !isExample(text.slice(start, end))),
    ...findPem(text),
    ...findUrls(text),
  ];
};

/** Vendors by the first two signs of their prefix; those whose prefix is no part of a run of signs apart. */
const isRunPrefix = ({ prefix }: Vendor): boolean => /^[\w.-]+$/.test(prefix);
const byHead = Map.groupBy(vendors.filter(isRunPrefix), ({ prefix }) => prefix.slice(0, 2));
const others = vendors.filter((it) => !isRunPrefix(it));

/** Shortest run of signs that is looked at. */
const leastRun = 16;

const findVendors = (text: string, runs: readonly KeyRun[]): Finding[] => {
  const found: Finding[] = [];
  for (const { start, raw: run } of runs) {
    const tokens = new WebTokens(run);
    for (let at = 0; at !== -1; at = nextPart(run, at)) {
      for (const raw of run.startsWith(tokenHead, at) ? tokens.at(at) : [])
        addKey(text, start + at, raw, found);
      for (const vendor of byHead.get(run.slice(at, at + 2)) ?? [])
        if (run.startsWith(vendor.prefix, at)) readKey(text, start + at, vendor, found);
    }
  }
  for (const vendor of others)
    for (let at = text.indexOf(vendor.prefix); at !== -1; at = text.indexOf(vendor.prefix, at + 1))
      readKey(text, at, vendor, found);
  return found;
};

/** Behind the next sign between parts: keys stand there too, as in `token-ghp_…`. */
const nextPart = (run: string, from: number): number => {
  for (let at = from; at < run.length - leastRun; at++) if ('-./+~'.includes(run[at] ?? '')) return at + 1;
  return -1;
};

const readKey = (text: string, at: number, { form }: Vendor, found: Finding[]): void => {
  form.lastIndex = at;
  const raw = form.exec(text)?.[0];
  if (raw !== undefined) addKey(text, at, raw, found);
};

const addKey = (text: string, at: number, raw: string, found: Finding[]): void => {
  if (isLetterBefore(text, at) || !endsFree(text, at + raw.length) || isWordy(raw)) return;
  const end = at + raw.replace(/[-.,_]+$/, (signs) => (signs.length > 1 ? '' : signs)).length;
  found.push({ start: at, end, type: 'secret', confidence: 0.98 });
};

/** A JSON object in base64url. */
const tokenHead = 'eyJ';
/** What follows the first part of a JSON web token, signed (RFC 7515) or encrypted (RFC 7516). */
const tokenTails = [
  /\.eyJ[\w-]{4,4000}\.[\w-]{16,1000}/y,
  /\.[\w-]{0,1000}\.[\w-]{16,1000}\.[\w-]{16,4000}\.[\w-]{16,64}/y,
];
const [leastHead, mostHead] = [8, 400];

/** The JSON web tokens of a run. Its parts are long, and many may seem to begin one: what follows a part is read once. */
class WebTokens {
  readonly #run: string;
  /** Where the part that was looked at last ends, and what follows it. */
  #partEnd = -1;
  #tails: readonly string[] = [];

  constructor(run: string) {
    this.#run = run;
  }

  /** What may be a token that begins at `start`, where `tokenHead` stands. */
  at(start: number): readonly string[] {
    if (start > this.#partEnd) this.#read(start);
    const length = this.#partEnd - start - tokenHead.length;
    if (length < leastHead || length > mostHead) return [];
    const head = this.#run.slice(start, this.#partEnd);
    return this.#tails.map((tail) => head + tail);
  }

  #read(start: number): void {
    const outside = this.#run.slice(start).search(/[^\w-]/);
    this.#partEnd = outside === -1 ? this.#run.length : start + outside;
    this.#tails = tokenTails.flatMap((tail) => {
      tail.lastIndex = this.#partEnd;
      return tail.exec(this.#run) ?? [];
    });
  }
}

const endsFree = (text: string, end: number): boolean => !isAlnum(text.charCodeAt(end));

/** `sk-learn-documentation-overview`: words with hyphens are no key. */
const isWordy = (raw: string): boolean => !/\d/.test(raw) && /^[a-z_.-]+$/.test(raw);

const telegram = /\d{8,10}:A[A-Za-z0-9_-]{34}/g;
const discord = /[MNO][A-Za-z\d_-]{23,27}\.[\w-]{6,7}\.[\w-]{27,40}/g;
const mailchimp = /[0-9a-f]{32}-us\d{1,2}/g;

/** Keys that are known by their shape alone. */
const findShapes = (text: string, runs: readonly KeyRun[]): Finding[] => {
  if (runs.length === 0) return [];
  const found: Finding[] = [];
  const add = (shape: RegExp, part: string, from: number): void => {
    for (const { index, 0: raw } of part.matchAll(shape)) {
      const [start, end] = [from + index, from + index + raw.length];
      if (!isLetterBefore(text, start) && endsFree(text, end))
        found.push({ start, end, type: 'secret', confidence: 0.96 });
    }
  };
  if (text.includes(':A')) add(telegram, text, 0);
  for (const { start, raw } of runs) {
    if (raw.includes('.')) add(discord, raw, start);
    if (raw.includes('-us')) add(mailchimp, raw, start);
  }
  return found;
};

/** Longest block that is read as one private key. */
const maxPem = 8192;

const findPem = (text: string): Finding[] => {
  const found: Finding[] = [];
  for (let at = text.indexOf('-----BEGIN '); at !== -1; at = text.indexOf('-----BEGIN ', at + 11)) {
    const head = /^-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/.exec(text.slice(at, at + 80))?.[0];
    if (head === undefined) continue;
    const block = text.slice(at, at + maxPem);
    const foot = /-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/.exec(block);
    const next = block.indexOf('\n\n\n', head.length);
    const end = foot ? foot.index + foot[0].length : next === -1 ? Math.min(block.length, 4096) : next;
    if (end - head.length > 24) found.push({ start: at, end: at + end, type: 'secret', confidence: 0.99 });
  }
  return found;
};

/** `scheme://user:password@host…`: the password may hold anything but blanks and quotes. */
const credentials = /:\/\/[^\s:/@"'`<>]{0,64}:([^\s/@"'`<>]{1,128})@[^\s"'`<>)\]}]{1,300}/g;
const wellKnown =
  /^(?:password|pass|passwd|pwd|user|username|secret|token|\*+|x+|\$\{?[A-Za-z_][\w.]*\}?|\{\{?[\w. ]+\}?\}|<[^>]+>|%s|\[[\w-]+\]|\.{3}|PASSWORD)$/i;

const findUrls = (text: string): Finding[] => {
  if (!text.includes('://')) return [];
  return [...text.matchAll(credentials)].flatMap((match): Finding[] => {
    const [raw, password = ''] = match;
    const scheme = /[A-Za-z][A-Za-z0-9+.-]{1,30}$/.exec(
      text.slice(Math.max(0, match.index - 32), match.index),
    )?.[0];
    if (scheme === undefined || wellKnown.test(password)) return [];
    const end = match.index + raw.replace(/[.,;:!?]+$/, '').length;
    return [{ start: match.index - scheme.length, end, type: 'secret', confidence: 0.995 }];
  });
};

/** Keys that are there to be seen. */
const open =
  /ssh-(?:rsa|dss|ed25519) |ecdsa-[\w-]+ |BEGIN (?:CERTIFICATE|[A-Z ]{0,20}PUBLIC KEY)|pub(?:lic)?[ _-]?(?:key)?["'`]?\s?[:=]\s?["'`]?$/i;

/** Names under which keys stand, right before the value. */
const assigned =
  /(?:key|token|secret|passwd|password|pwd|credential|auth|api|signature|sig|webhook|bearer|basic|client[_-]?id|private|salt|seed|session|cookie)[A-Za-z_-]{0,16}["'`\]]{0,2}\s{0,3}(?:=|:|=>|:=|\bis\b|\bas\b|,)?\s{0,3}["'`]?(?:Bearer |Basic |Token |token |is |: )?["'`]?$/i;
const weak = /(?:\bpasted|\bleaked|\bcommitted|\bexposed|\bk\b|\bcreds?)\s{0,2}[=:]?\s{0,2}["'`]?$/i;
const digest =
  /(?:sha\d{0,3}|md5|digest|checksum|integrity|hash|commit|etag|fingerprint|nonce|sha512-|sha256-|rev)["'`]?\s?[:=-]?\s?["'`]?$/i;

/** Random signs under a name that means a key; random signs alone in their text or quotes when they can be nothing else. */
const findNamed = (text: string, runs: readonly KeyRun[]): Finding[] =>
  runs.flatMap(({ start: index, raw: run }): Finding[] => {
    const lead = run.search(/[A-Za-z0-9]/);
    const start = index + Math.max(0, lead);
    const padding = /^={1,2}/.exec(text.slice(index + run.length, index + run.length + 2))?.[0] ?? '';
    const raw = (run.slice(Math.max(0, lead)) + padding).slice(0, 300).replace(/[.~]+$/, '');
    if (raw.length < 16) return [];
    const before = text.slice(Math.max(0, start - 56), start);
    const isUuidKey = uuid.test(raw) && /heroku[\w -]{0,12}(?:key|token)/i.test(before);
    if (!(isUuidKey || looksRandom(raw)) || open.test(before)) return [];
    if (/[A-Za-z0-9_/+@\\]$|data:[a-z/+;,\d]{0,40}$/i.test(before) || digest.test(before)) return [];
    const end = start + raw.length;
    if (assigned.test(before))
      return [{ start, end, type: 'secret', confidence: raw.length >= 20 ? 0.92 : 0.85 }];
    const isAlone =
      (start === 0 || /[\s"'`]$/.test(before)) && /^(?:$|[\s"'`,;.])/.test(text.slice(end, end + 1));
    if (!isAlone || raw.length < 28 || !isCertain(raw)) return [];
    return [{ start, end, type: 'secret', confidence: weak.test(before) ? 0.8 : 0.6 }];
  });

const digests = /^(?:0x)?(?:[0-9a-f]+|[0-9A-F]+)$/;
const uuid = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;
/** First signs of PNG, JPEG, GIF, PDF, ZIP, WebP and of XML or JSON in base64. */
const files = /^(?:iVBOR|\/9j\/|R0lGOD|JVBERi|UEsDB|UklGR|PD94|PHN2|H4sI|AAAAI)/;

/** Letters and digits mixed as no word or name is, and no digest, UUID, path or picture. */
const looksRandom = (raw: string): boolean => {
  if (digests.test(raw) && raw.length % 8 === 0 && raw.length !== 32) return false;
  if (
    /^\d+$|^pk_(?:live|test)_/.test(raw) ||
    uuid.test(raw) ||
    files.test(raw) ||
    !/\d/.test(raw) ||
    !/[A-Za-z]/.test(raw)
  )
    return false;
  if (/process\.env|os\.environ|\.(?:js|ts|py|com|org|net|io|html|json|md)\b|^v?\d+\.\d+/.test(raw))
    return false;
  if (
    raw.split(/[-_./+=]/).some((part) => /^[A-Za-z]{7,}$/.test(part) && /^[A-Z]?[a-z]+$|^[A-Z]+$/.test(part))
  )
    return false;
  return entropy(raw) >= 3.2 && changes(raw) >= 0.25;
};

/** Nothing but letters and digits of all three kinds, changing often. */
const isCertain = (raw: string): boolean =>
  /^[A-Za-z0-9_-]{28,128}$/.test(raw) &&
  [/[a-z]/g, /[A-Z]/g].every((kind) => (raw.match(kind)?.length ?? 0) >= 4) &&
  /\d/.test(raw) &&
  changes(raw) >= 0.42;

/** Bits a sign. */
const entropy = (raw: string): number => {
  const counts = new Map<string, number>();
  for (const sign of raw) counts.set(sign, (counts.get(sign) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / raw.length) * Math.log2(count / raw.length);
  return bits;
};

const kindOf = (code: number): number => (code >= 97 ? 0 : code >= 65 ? 1 : code >= 48 && code <= 57 ? 2 : 3);

/** Share of neighbours that are of different kinds: capital, small, digit, sign. */
const changes = (raw: string): number => {
  let count = 0;
  for (let at = 1; at < raw.length; at++)
    if (kindOf(raw.charCodeAt(at)) !== kindOf(raw.charCodeAt(at - 1))) count++;
  return count / (raw.length - 1);
};
