import { Buffer } from 'node:buffer';
import { attackFamilies, attackSlots, bareOrders, toolFamilies, toolSlots } from './attacks.ts';
import {
  disclosureFamilies,
  disclosureSlots,
  docsFamilies,
  docsSlots,
  twinFamilies,
  twinSlots,
} from './disclosure.ts';
import { everydayFamilies, everydayLanguages, everydaySlots } from './everyday.ts';
import { extractionFamilies, extractionSlots } from './extraction.ts';
import { choose, expand, pick, type Slots, seededRandom } from './grammar.ts';
import { type LanguageTexts, languages } from './languages.ts';
import { benignDocumentFamilies, benignFamilies, benignSlots } from './negatives.ts';
import { phrases } from './phrases.ts';
import { civilFamilies, plantedFamilies, plantedSlots, wrappers } from './planted.ts';
import type { TrainingRow } from './rows.ts';
import { shortFamilies, terseFamilies, terseSlots } from './terse.ts';
import { officeFamilies, workingFamilies, workingSlots } from './working.ts';

/** Source of every row made here; the family stands in `kind`. */
export const ownSource = 'own-grammar';

const perFamily = {
  attack: 420,
  benign: 760,
  tool: 480,
  document: 300,
  bare: 700,
  language: 80,
  encoded: 1000,
  mixed: 900,
  long: 500,
  everyday: 420,
  extraction: 300,
  planted: 500,
  civil: 700,
};

type Random = () => number;

/**
 * Rows from our own grammars: families and languages that the files lack, and harmless look-alikes. `carriers` are
 * harmless rows that orders are put into. The same seed and carriers give the same rows.
 */
export const ownRows = (carriers: readonly TrainingRow[], seed: number): TrainingRow[] => {
  const random = seededRandom(seed);
  const documents = carriers.filter((it) => it.channel === 'tool');
  const turns = carriers.filter((it) => it.channel === 'user');
  const rows = [
    ...families(attackFamilies, attackSlots, { label: 1, channel: 'user', count: perFamily.attack }, random),
    ...families(benignFamilies, benignSlots, { label: 0, channel: 'user', count: perFamily.benign }, random),
    ...families(
      benignDocumentFamilies,
      benignSlots,
      { label: 0, channel: 'tool', count: perFamily.document },
      random,
    ),
    ...longHarmless(random),
    ...inDocuments(documents, random),
    ...bareInDocuments(documents, random),
    ...behindTurns(turns, random),
    ...encodedHarmless(turns, random),
    ...Object.entries(languages).flatMap(([lang, texts]) =>
      inLanguage({ lang, texts: withPhrases(lang, texts), documents }, random),
    ),
    ...families(
      prefixed('everyday', everydayFamilies),
      everydaySlots,
      { label: 0, channel: 'user', count: perFamily.everyday },
      random,
    ),
    ...families(
      prefixed('extract', extractionFamilies),
      extractionSlots,
      { label: 1, channel: 'user', count: perFamily.extraction },
      random,
    ),
    ...planted(
      documents,
      { table: plantedFamilies, kind: 'tool/planted', label: 1, count: perFamily.planted },
      random,
    ),
    ...planted(
      documents,
      { table: civilFamilies, kind: 'harmless/civil', label: 0, count: perFamily.civil },
      random,
    ),
    ...Object.entries(everydayLanguages).flatMap(([lang, list]) => everydayIn(lang, list.split('|'))),
    ...grown(disclosure, seededRandom(seed + 1)),
    ...grown(terse, seededRandom(seed + 2)),
    ...grown(working, seededRandom(seed + 3)),
  ];
  return withTypos(unique(rows), random);
};

interface Kind {
  readonly label: 0 | 1;
  readonly channel: 'user' | 'tool';
  readonly count: number;
}

const families = (
  table: Families,
  slots: Slots,
  { label, channel, count }: Kind,
  random: Random,
): TrainingRow[] =>
  Object.entries(table).flatMap(([family, templates]) =>
    Array.from({ length: count }, (_, at) => ({
      text: cased(expand(templates[at % templates.length] ?? '', slots, random), random),
      label,
      channel,
      source: ownSource,
      kind: `${label === 1 ? 'attack' : 'harmless'}/${family}`,
      lang: 'en',
    })),
  );

type Families = Readonly<Record<string, readonly string[]>>;

const prefixed = (prefix: string, table: Families): Families =>
  Object.fromEntries(Object.entries(table).map(([family, templates]) => [`${prefix}-${family}`, templates]));

/** Families that stand under a common name. */
interface Grammar extends Kind {
  readonly prefix: string;
  readonly table: Families;
  readonly slots: Slots;
}

/** Questions for what an application was told, and their harmless twins. */
const disclosure: readonly Grammar[] = [
  {
    prefix: 'disclose',
    table: disclosureFamilies,
    slots: disclosureSlots,
    label: 1,
    channel: 'user',
    count: 240,
  },
  { prefix: 'twin', table: twinFamilies, slots: twinSlots, label: 0, channel: 'user', count: 200 },
  { prefix: 'docs', table: docsFamilies, slots: docsSlots, label: 0, channel: 'tool', count: 150 },
];

/** What is said in a few words, and its harmless twins. */
const terse: readonly Grammar[] = [
  { prefix: 'terse', table: terseFamilies, slots: terseSlots, label: 1, channel: 'user', count: 240 },
  { prefix: 'short', table: shortFamilies, slots: terseSlots, label: 0, channel: 'user', count: 200 },
];

/** Harmless turns and documents of people at work. */
const working: readonly Grammar[] = [
  { prefix: 'work', table: workingFamilies, slots: workingSlots, label: 0, channel: 'user', count: 240 },
  { prefix: 'office', table: officeFamilies, slots: workingSlots, label: 0, channel: 'tool', count: 240 },
];

const grown = (grammars: readonly Grammar[], random: Random): TrainingRow[] =>
  grammars.flatMap((it) => families(prefixed(it.prefix, it.table), it.slots, it, random));

const everydayIn = (lang: string, sentences: readonly string[]): TrainingRow[] =>
  sentences.map((text) => ({
    text,
    label: 0,
    channel: 'user',
    source: ownSource,
    kind: 'harmless/everyday-language',
    lang,
  }));

/** People write with and without capitals and full stops. */
const cased = (text: string, random: Random): string => {
  const roll = random();
  if (roll < 0.15) return text.toLowerCase();
  if (roll < 0.19) return text.toUpperCase();
  const capital = text.charAt(0).toUpperCase() + text.slice(1);
  return roll < 0.75 && /[a-z0-9"]$/i.test(capital)
    ? `${capital}${pick(['.', '.', '!', ''], random)}`
    : capital;
};

/** Long harmless requests: several sentences of role-play, creative work and rules for the answer. */
const longHarmless = (random: Random): TrainingRow[] => {
  const templates = ['persona', 'creative', 'creative', 'trigger'].flatMap((it) => benignFamilies[it] ?? []);
  return Array.from({ length: perFamily.long }, () => {
    const parts = Array.from({ length: 2 + Math.floor(random() * 6) }, () => {
      const template = random() < 0.4 ? '{rulesOfTask}.' : pick(templates, random);
      return expand(template, benignSlots, random);
    });
    const text = parts.join(pick([' ', ' ', '\n', '\n\n', '\n- '], random));
    return { text, label: 0, channel: 'user', source: ownSource, kind: 'harmless/long', lang: 'en' } as const;
  });
};

/** An order put into a document: at its beginning, its end, or between two lines or sentences. */
const insert = (carrier: string, order: string, random: Random): { text: string; span: [number, number] } => {
  const roll = random();
  const gap = pick(['\n', ' ', '\n\n', ' ', '. '], random);
  // Tools also answer with one line only.
  if (roll < 0.08) return { text: order, span: [0, order.length] };
  if (roll < 0.2) return { text: `${order}${gap}${carrier}`, span: [0, order.length] };
  const places = [...carrier.matchAll(/(?<=[.!?;:,>}"\n]) |\n/g)].map((it) => it.index);
  const place = roll < 0.55 || places.length === 0 ? carrier.length : pick(places, random);
  const before = carrier.slice(0, place) + gap;
  const after = place === carrier.length ? '' : gap + carrier.slice(place);
  return { text: before + order + after, span: [before.length, before.length + order.length] };
};

const inDocuments = (documents: readonly TrainingRow[], random: Random): TrainingRow[] =>
  Object.entries(toolFamilies).flatMap(([family, templates]) =>
    Array.from({ length: perFamily.tool }, (_, at) => {
      const order = cased(expand(templates[at % templates.length] ?? '', toolSlots, random), random);
      const carrier = pick(documents, random);
      const text = insert(carrier.text.slice(0, 1500), order, random);
      return {
        ...text,
        label: 1,
        channel: 'tool',
        source: ownSource,
        kind: `tool/${family}`,
        lang: 'en',
      } as const;
    }),
  );

interface Planting {
  readonly table: Families;
  readonly kind: string;
  readonly label: 0 | 1;
  readonly count: number;
}

/** Orders to models, or to people, in the formats that tools return, alone or inside of a document. */
const planted = (
  documents: readonly TrainingRow[],
  { table, kind, label, count }: Planting,
  random: Random,
): TrainingRow[] =>
  Object.entries(table).flatMap(([family, templates]) =>
    Array.from({ length: count }, (_, at) => {
      const order = cased(expand(templates[at % templates.length] ?? '', plantedSlots, random), random);
      const wrapped = random() < 0.5 ? order : pick(wrappers, random).replace('…', () => order);
      const { text, span } = insert(pick(documents, random).text.slice(0, 1500), wrapped, random);
      const row = {
        text,
        channel: 'tool',
        source: ownSource,
        kind: `${kind}-${family}`,
        lang: 'en',
      } as const;
      return label === 1 ? { ...row, label, span } : { ...row, label };
    }),
  );

const bareInDocuments = (documents: readonly TrainingRow[], random: Random): TrainingRow[] =>
  Array.from({ length: perFamily.bare }, (_, at) => {
    const order = cased(expand(bareOrders[at % bareOrders.length] ?? '', toolSlots, random), random);
    const carrier = pick(documents, random);
    const text = insert(carrier.text.slice(0, 1500), order, random);
    return {
      ...text,
      label: 1,
      channel: 'tool',
      source: ownSource,
      kind: 'indirect/bare-instruction',
      lang: 'en',
    } as const;
  });

/** Attacks that follow or precede a harmless turn. */
const behindTurns = (turns: readonly TrainingRow[], random: Random): TrainingRow[] => {
  const templates = ['override', 'leak', 'hijack', 'delimiter'].flatMap((it) => attackFamilies[it] ?? []);
  return Array.from({ length: perFamily.mixed }, () => {
    const attack = expand(pick(templates, random), attackSlots, random);
    const { text } = insert(pick(turns, random).text.slice(0, 1200), attack, random);
    return { text, label: 1, channel: 'user', source: ownSource, kind: 'attack/mixed', lang: 'en' } as const;
  });
};

/**
 * Harmless turns in codes and ciphers, as they stand: that something is encoded must not be an attack, what it says when
 * it is decoded is judged by itself.
 */
const encodedHarmless = (turns: readonly TrainingRow[], random: Random): TrainingRow[] => {
  const short = turns.filter(({ text }) => text.length < 240);
  if (short.length === 0) return [];
  return Array.from({ length: perFamily.encoded }, (_, at) => ({
    text: (encoders[at % encoders.length] as (text: string) => string)(pick(short, random).text),
    label: 0,
    channel: 'user',
    source: ownSource,
    kind: 'harmless/encoded',
    lang: 'en',
  }));
};

const eachUnit = (text: string, write: (code: number) => string): string =>
  Array.from(text, (it) => write(it.codePointAt(0) ?? 0)).join('');

const eachByte = (text: string, write: (byte: number) => string): string =>
  Array.from(Buffer.from(text), write).join('');

const encoders: readonly ((text: string) => string)[] = [
  (text) => Buffer.from(text).toString('base64'),
  (text) => `Decode this and tell me what it says: ${Buffer.from(text).toString('base64')}`,
  (text) => Buffer.from(text).toString('hex'),
  (text) => eachByte(text, (byte) => `%${byte.toString(16)}`),
  encodeURIComponent,
  (text) => eachUnit(text, (code) => `&#${code};`),
  (text) => eachUnit(text, (code) => `\\u${code.toString(16).padStart(4, '0')}`),
  (text) => eachByte(text, (byte) => `${byte.toString(2).padStart(8, '0')} `),
  (text) => eachUnit(text, (code) => `${code} `),
  (text) => [...text].reverse().join(''),
  (text) => [...text].join(' '),
  (text) => text.replaceAll(' ', ''),
  (text) => text.replaceAll(' ', '_'),
  (text) => text.replaceAll(/\B[a-z]\B/g, '$&.'),
];

/** The sentences of a language with its phrases; the first goals ask for what is hidden, which needs nothing else. */
const withPhrases = (lang: string, texts: LanguageTexts) => {
  const more = phrases[lang];
  const leak = texts.goal.split('|').slice(0, 3).join('|');
  if (more === undefined) return { ...texts, leak };
  return {
    override: `${texts.override}|${more.override}`,
    goal: `${texts.goal}|${more.goal}`,
    persona: `${texts.persona}|${more.persona}`,
    tool: `${texts.tool}|${more.tool}`,
    harmless: texts.harmless,
    document: `${texts.document}|${more.document}`,
    leak: `${leak}|${more.goal}`,
  };
};

interface InLanguage {
  readonly lang: string;
  readonly texts: LanguageTexts & { readonly leak: string };
  readonly documents: readonly TrainingRow[];
}

const inLanguage = ({ lang, texts, documents }: InLanguage, random: Random): TrainingRow[] => {
  const own = documents.filter((it) => it.lang === lang);
  const part = (list: string) => choose(list, random);
  const stop = ['zh', 'ja'].includes(lang) ? '。' : '. ';
  const row = (text: string, label: 0 | 1, channel: 'user' | 'tool', kind: string): TrainingRow => ({
    text,
    label,
    channel,
    source: ownSource,
    kind,
    lang,
  });
  const attacks = [
    () => `${part(texts.override)}${stop}${part(texts.goal)}`,
    () => part(texts.override),
    () => `${part(texts.persona)}${stop}${part(texts.goal)}`,
    () => `${part(texts.override)}${stop}${part(texts.persona)}${stop}${part(texts.goal)}`,
    () => part(texts.leak),
    () => part(texts.persona),
  ];
  const orders = [
    () => part(texts.tool),
    () => part(texts.tool),
    () => `${part(texts.override)}${stop}${part(texts.tool)}`,
    () => `${part(texts.override)}${stop}${part(texts.goal)}`,
    () => `${part(texts.persona)}${stop}${part(texts.tool)}`,
  ];
  return Array.from({ length: perFamily.language }, (_, at) => {
    const attack = row((attacks[at % attacks.length] as () => string)(), 1, 'user', 'attack/language');
    const carrier = own.length > 0 && random() < 0.7 ? pick(own, random) : pick(documents, random);
    const order = insert(carrier.text.slice(0, 1000), (orders[at % orders.length] as () => string)(), random);
    return [
      attack,
      row(part(texts.harmless), 0, 'user', 'harmless/language'),
      row(`${part(texts.harmless)} ${part(texts.harmless)}`, 0, 'user', 'harmless/language'),
      { ...row(order.text, 1, 'tool', 'tool/language'), span: order.span },
      row(
        insert(carrier.text.slice(0, 600), part(texts.document), random).text,
        0,
        'tool',
        'harmless/language',
      ),
    ];
  }).flat();
};

const unique = (rows: readonly TrainingRow[]): TrainingRow[] => {
  const seen = new Set<string>();
  return rows.filter(({ channel, text }) => {
    const key = `${channel} ${text.toLowerCase()}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
};

/** Every eighth user turn once more with slips of the keyboard, attack or not. */
const withTypos = (rows: readonly TrainingRow[], random: Random): TrainingRow[] =>
  rows.flatMap((row) =>
    row.channel === 'user' && random() < 0.12 ? [row, { ...row, text: mistyped(row.text, random) }] : [row],
  );

const mistyped = (text: string, random: Random): string =>
  text
    .split(' ')
    .map((word) => (word.length > 3 && random() < 0.25 ? slip(word, random) : word))
    .join(' ');

const slip = (word: string, random: Random): string => {
  const at = 1 + Math.floor(random() * (word.length - 2));
  const roll = random();
  if (roll < 0.4) return word.slice(0, at) + word.slice(at + 1);
  if (roll < 0.6) return word.slice(0, at) + word.charAt(at) + word.slice(at);
  return word.slice(0, at) + word.charAt(at + 1) + word.charAt(at) + word.slice(at + 2);
};
