import { lists } from '../../plugins/policies/pii/names/gazetteer.ts';
import { plainLines, templates } from './templates.ts';

/** A text and the names in it, at UTF-16 offsets. `isPartial`: what is not named is unknown, not nothing. */
export interface Row {
  readonly text: string;
  readonly spans: readonly { readonly start: number; readonly end: number; readonly type: string }[];
}

/** Values of each kind, taken from the training rows. */
export type Pools = ReadonlyMap<string, readonly string[]>;

type Chance = () => number;

const pickOf = <T>(chance: Chance, items: readonly T[]): T => {
  const item = items[Math.floor(chance() * items.length)];
  if (item === undefined) throw new Error('nothing to pick from');
  return item;
};

const capital = (word: string): string =>
  word.replace(/(^|[-'’ ])(\p{L})/gu, (_, before: string, letter: string) => before + letter.toUpperCase());

const firsts = [...lists.first.words];
const lasts = [...lists.last.words].filter((word) => word.length > 1);
const places = [...lists.place.words].filter(
  (word) => !'hong kong san new york buenos aires kuala lumpur saudi usa uk addis janeiro'.includes(word),
);
const famous =
  'Siemens|Bosch|Volkswagen|Deutsche Bank|Allianz|SAP|Nestlé|Novartis|Roche|UBS|Airbus|Renault|Total|Carrefour|Danone|Orange|Santander|Telefónica|Iberdrola|Zara|Ferrari|Fiat|Eni|Philips|ING|Heineken|Shell|Ikea|Volvo|Ericsson|Spotify|Nokia|Maersk|Lego|Vodafone|Barclays|HSBC|Tesco|Unilever|Boeing|Ford|General Motors|Tesla|Intel|IBM|Oracle|Cisco|Pfizer|Walmart|Target|Costco|Starbucks|Nike|Disney|Goldman Sachs|Morgan Stanley|JPMorgan Chase|Bank of America|Wells Fargo|Citigroup|FedEx|UPS|Toyota|Honda|Sony|Nintendo|Samsung|Hyundai|Huawei|Alibaba|Tencent|Tata Motors|Infosys|Reliance|Petrobras|Embraer|Turkcell|Orlen|Red Cross|World Bank|Harvard University|University of Oxford|Stanford University|Mayo Clinic|Greenpeace|Unicef|European Commission|Federal Reserve|Supreme Court|Ministry of Finance|Department of Justice|St. Mary Hospital|Trinity College'.split(
    '|',
  );
const firmWords =
  'Blue|North|Alpha|Prime|Global|Summit|River|Stone|Bright|Nova|Atlas|Vertex|Quantum|Delta|Omni|Pioneer|Harbor|Cedar|Falcon|Orion|Green|Silver|Urban|Inter|Euro|Trans|Med|Data|Cloud|Net|Agro|Bio|Solar|Terra'.split(
    '|',
  );
const firmKinds =
  'Technologies|Systems|Solutions|Partners|Logistics|Foods|Energy|Media|Consulting|Industries|Holdings|Labs|Software|Capital|Pharma|Motors|Airlines|Insurance|Bank|Hotels|Studios|Group|Services|Engineering|Health'.split(
    '|',
  );
const firmForms =
  'Inc|Inc.|Ltd|Ltd.|LLC|LLP|PLC|Corp.|GmbH|AG|KG|GmbH & Co. KG|SA|SARL|S.A.|S.L.|S.r.l.|S.p.A.|Lda|Ltda.|B.V.|N.V.|AB|A/S|ApS|AS|Oy|Sp. z o.o.|S.A.|s.r.o.|Kft.|A.Ş.|Ltd. Şti.|Pty Ltd|Pvt. Ltd.|and Sons|& Co.|Group'.split(
    '|',
  );

/** Makes up words that look like those it was made from: three letters say what the next may be. */
export const inventorOf = (words: readonly string[]): ((chance: Chance) => string) => {
  const next = new Map<string, string[]>();
  for (const word of words) {
    const padded = `^^^${word.toLowerCase()}$`;
    for (let at = 3; at < padded.length; at++) {
      const before = padded.slice(at - 3, at);
      const after = next.get(before) ?? [];
      after.push(padded[at] ?? '$');
      next.set(before, after);
    }
  }
  const once = (chance: Chance): string => {
    let word = '^^^';
    while (word.length < 17) {
      const sign = pickOf(chance, next.get(word.slice(-3)) ?? ['$']);
      if (sign === '$') break;
      word += sign;
    }
    return word.slice(3);
  };
  return (chance) => {
    for (let tries = 0; tries < 8; tries++) {
      const word = once(chance);
      if (word.length >= 3 && word.length <= 13) return capital(word);
    }
    return 'Marlon';
  };
};

const inventFirst = inventorOf(firsts);
const inventLast = inventorOf(lasts);
const inventPlace = inventorOf([...lists.place.words]);

const firstName = (chance: Chance): string =>
  chance() < 0.5 ? capital(pickOf(chance, firsts)) : inventFirst(chance);
const lastName = (chance: Chance): string =>
  chance() < 0.4 ? capital(pickOf(chance, lasts)) : inventLast(chance);
const placeName = (chance: Chance): string => {
  const roll = chance();
  if (roll < 0.55) return capital(pickOf(chance, places));
  if (roll < 0.8) return inventPlace(chance);
  const name = inventLast(chance);
  if (roll < 0.9)
    return (
      name +
      pickOf(chance, [
        'ville',
        'burgh',
        'town',
        'ton',
        'ford',
        'field',
        'mouth',
        'shire',
        'bury',
        'dorf',
        'stadt',
        'heim',
        'by',
        'haven',
      ])
    );
  return `${pickOf(chance, ['New', 'Port', 'San', 'Santa', 'Saint', 'St.', 'East', 'West', 'North', 'South', 'Lake', 'Bad', 'Nueva', 'São', 'Le', 'La'])} ${name}`;
};

const person = (chance: Chance): string => {
  const first = firstName(chance);
  const last = lastName(chance);
  const roll = chance();
  if (roll < 0.55) return `${first} ${last}`;
  if (roll < 0.62) return `${first} ${String.fromCharCode(65 + Math.floor(chance() * 26))}. ${last}`;
  if (roll < 0.67) return `${first[0]}. ${last}`;
  if (roll < 0.72) return `${last}, ${first}`;
  if (roll < 0.78) return `${first} ${firstName(chance)} ${last}`;
  if (roll < 0.84) return `${first} ${last}-${lastName(chance)}`;
  if (roll < 0.9)
    return `${first} ${pickOf(chance, ['van der', 'de', 'von', 'da', 'di', 'del', 'van', 'al', 'bin', 'dos', 'de la', "O'", 'Mc'])} ${last}`
      .replace("O' ", "O'")
      .replace('Mc ', 'Mc');
  if (roll < 0.95) return first;
  return `${first} ${last} ${lastName(chance)}`;
};

const firm = (chance: Chance): string => {
  const last = () => lastName(chance);
  const roll = chance();
  if (roll < 0.3) return pickOf(chance, famous);
  if (roll < 0.45) return `${pickOf(chance, firmWords)} ${pickOf(chance, firmKinds)}`;
  if (roll < 0.6)
    return `${pickOf(chance, firmWords)}${pickOf(chance, firmWords).toLowerCase()} ${pickOf(chance, firmForms)}`;
  if (roll < 0.7) return `${last()} ${pickOf(chance, firmForms)}`;
  if (roll < 0.74) {
    const house = pickOf(
      chance,
      'Hospital|University|School|College|Clinic|Institute|Museum|Council|Bakery|Restaurant|Primary School|Medical Center|Trust|Church|Library|Marine Services|Trading|Freight|Motors|Design|Analytics|Robotics'.split(
        '|',
      ),
    );
    return chance() < 0.3 ? `St ${firstName(chance)} ${house}` : `${last()} ${house}`;
  }
  if (roll < 0.78)
    return `${pickOf(chance, 'Bakkerij|Restaurant|Café|Autohaus|Apotheke|Klinikum|Universität|Banco|Banca|Banque|Grupo|Gruppo|Suministros|Transportes|Hotel|Clínica|Ospedale|Hôpital|Stichting|Fundación|Przychodnia|Kancelaria|Zakład'.split('|'))} ${pickOf(chance, ['', 'De ', 'del ', 'di ', 'de ', 'zum '])}${last()}${pickOf(chance, ['', ' S.L.', ' GmbH', ' S.p.A.', ' B.V.', ' Sp. z o.o.'])}`;
  if (roll < 0.8) return `${last()} & ${last()}`;
  if (roll < 0.84) return `${last()}, ${last()} and ${last()}`;
  if (roll < 0.92) return `${last()} ${pickOf(chance, firmKinds)} ${pickOf(chance, firmForms)}`;
  return `${last()}-${last()}`;
};

const number = (chance: Chance, digits: number): string =>
  String(Math.floor((1 + chance() * 8.99) * 10 ** (digits - 1)));

const postcode = (chance: Chance): string => {
  const letter = () => pickOf(chance, [...'ABCDEFGHJKLMNPRSTUVWY']);
  const roll = chance();
  if (roll < 0.45) return number(chance, 5);
  if (roll < 0.55)
    return `${letter()}${letter()}${number(chance, 1)} ${number(chance, 1)}${letter()}${letter()}`;
  if (roll < 0.62)
    return `${letter()}${number(chance, 1)}${letter()} ${number(chance, 1)}${letter()}${number(chance, 1)}`;
  if (roll < 0.7) return `${number(chance, 2)}-${number(chance, 3)}`;
  if (roll < 0.78) return number(chance, 4);
  if (roll < 0.85) return `${number(chance, 4)} ${letter()}${letter()}`;
  if (roll < 0.92) return `${number(chance, 3)} ${number(chance, 2)}`;
  return number(chance, 6);
};

const address = (chance: Chance): string => {
  const name = () => (chance() < 0.6 ? lastName(chance) : firstName(chance));
  const street = streetOf(chance, name);
  const city = placeName(chance);
  const roll = chance();
  if (roll < 0.4) return street;
  if (roll < 0.6) return `${street}, ${city}`;
  if (roll < 0.75) return `${street}, ${postcode(chance)} ${city}`;
  if (roll < 0.85) return `${street}\n${postcode(chance)} ${city}`;
  if (roll < 0.93)
    return `${street}, ${city}, ${pickOf(chance, ['CA', 'NY', 'TX', 'FL', 'WA', 'OH', 'MA', 'NSW', 'ON'])} ${number(chance, 5)}`;
  return `${street}, ${city} ${postcode(chance)}`;
};

const streetOf = (chance: Chance, name: () => string): string => {
  const house = () =>
    number(chance, chance() < 0.3 ? 1 : chance() < 0.6 ? 2 : chance() < 0.7 ? 3 : 4) +
    (chance() < 0.1 ? pickOf(chance, ['a', 'b', 'A', 'B', '/4', '-12']) : '');
  const english =
    'Street|Road|Avenue|Lane|Drive|Court|Place|Square|Close|Way|Crescent|Boulevard|Terrace|Parkway|St|Rd|Ave|Ln|Dr|Blvd|St.|Ave.|Rd.|Hill|Gardens|Park|Mews|Highway|Circle|Trail'.split(
      '|',
    );
  const flat = () =>
    chance() < 0.2
      ? `${chance() < 0.5 ? ',' : ''} ${pickOf(chance, ['Apt', 'Apt.', 'Suite', 'Unit', 'Flat', '#', 'Floor'])} ${house()}`
      : '';
  const roll = chance();
  if (roll < 0.38)
    return `${house()} ${chance() < 0.15 ? pickOf(chance, ['North ', 'East ', 'W. ', 'S ']) : ''}${name()} ${pickOf(chance, english)}${flat()}`;
  if (roll < 0.42) return `Flat ${house()}, ${house()} ${name()} ${pickOf(chance, english)}`;
  if (roll < 0.45) return `P.O. Box ${number(chance, 3)}`;
  if (roll < 0.6)
    return `${name()}${pickOf(chance, ['straße', 'str.', 'weg', 'gasse', 'platz', 'allee', 'straat', 'laan', 'gatan', 'vägen', 'gade', 'vej', 'veien', 'gata', 'katu', 'tie', '-Straße', 'plein'])} ${house()}`;
  if (roll < 0.7)
    return `${house()}${pickOf(chance, [', ', ' ', ' bis, '])}${pickOf(chance, ['rue', 'avenue', 'boulevard', 'place', 'chemin', 'impasse', 'quai'])} ${pickOf(chance, ['', 'de ', 'du ', 'de la ', 'des '])}${name()}`;
  if (roll < 0.8)
    return `${pickOf(chance, ['Calle', 'Avenida', 'Plaza', 'Paseo', 'C/', 'Av.', 'Carrera', 'Camino'])} ${pickOf(chance, ['', 'de ', 'del ', 'de la '])}${name()}${pickOf(chance, [' ', ', ', ' nº '])}${house()}${chance() < 0.2 ? `, ${number(chance, 1)}º ${pickOf(chance, ['A', 'B', 'izq.', 'dcha.'])}` : ''}`;
  if (roll < 0.87)
    return `${pickOf(chance, ['Via', 'Viale', 'Piazza', 'Corso', 'Largo', 'Vicolo'])} ${name()}${pickOf(chance, [' ', ', ', ' n. '])}${house()}`;
  if (roll < 0.92)
    return `${pickOf(chance, ['Rua', 'Avenida', 'Travessa', 'Praça', 'R.', 'Av.', 'Alameda'])} ${pickOf(chance, ['', 'de ', 'da ', 'do '])}${name()}${pickOf(chance, [' ', ', ', ', nº '])}${house()}`;
  if (roll < 0.96)
    return `${pickOf(chance, ['ul.', 'ulica', 'al.', 'os.', 'pl.'])} ${name()} ${house()}${chance() < 0.4 ? `/${number(chance, 2)}` : ''}`;
  return `${name()} ${pickOf(chance, ['Sokak', 'Caddesi', 'Cad.', 'Sok.', 'Mahallesi', 'utca', 'út', 'tér', 'ulice', 'strada'])} ${pickOf(chance, ['', 'No: ', 'No:'])}${house()}`;
};

const fillers: Readonly<Record<string, (chance: Chance) => string>> = {
  E: (chance) =>
    `${pickOf(chance, firsts).replace(/[^a-z]/g, 'x')}.${pickOf(chance, lasts).replace(/[^a-z]/g, 'x')}@example.${pickOf(chance, ['com', 'org', 'net', 'de'])}`,
  T: (chance) =>
    pickOf(chance, [
      `+${number(chance, 2)} ${number(chance, 3)} ${number(chance, 4)}${number(chance, 3)}`,
      `0${number(chance, 3)} ${number(chance, 6)}`,
      `(${number(chance, 3)}) ${number(chance, 3)}-${number(chance, 4)}`,
    ]),
  D: (chance) =>
    pickOf(chance, [
      `${number(chance, 1)} May 2021`,
      `2023-0${number(chance, 1)}-1${number(chance, 1)}`,
      `1${number(chance, 1)}.0${number(chance, 1)}.1988`,
      `March ${number(chance, 1)}, 2020`,
      `${number(chance, 1)}/1${Math.floor(chance() * 3)}/1999`,
    ]),
  N: (chance) => number(chance, 1 + Math.floor(chance() * 6)),
};

const slots: Readonly<
  Record<string, readonly [type: string, own: (chance: Chance) => string, pool: string]>
> = {
  P: ['PERSON', person, 'PERSON'],
  F: ['PERSON', firstName, ''],
  S: ['PERSON', lastName, ''],
  O: ['ORGANIZATION', firm, 'ORGANIZATION'],
  L: ['LOCATION', placeName, 'LOCATION'],
  A: ['ADDRESS', address, 'ADDRESS'],
  Z: ['ZIP', postcode, 'ZIP'],
};

/** `count` rows: templates filled with names from the training rows or made up, in several letter cases, alone or after one another. */
export const synthesise = (
  pools: Pools,
  { count, chance }: { readonly count: number; readonly chance: Chance },
): Row[] =>
  Array.from({ length: count }, () => {
    let row = fill(anyTemplate(chance), pools, chance);
    while (chance() < 0.35)
      row = join(
        row,
        fill(chance() < 0.5 ? pickOf(chance, plainLines) : anyTemplate(chance), pools, chance),
        chance,
      );
    if (chance() < 0.3) row = join(fill(pickOf(chance, plainLines), pools, chance), row, chance);
    return recase(row, chance);
  });

const keys: Readonly<Record<string, string>> = {
  P: 'name full_name fullName customer customer_name client patient contact author owner recipient sender employee manager assignee guest tenant landlord holder account_holder beneficiary applicant candidate student teacher driver passenger signatory nominee Name Customer Contact Tenant Buyer Seller Kunde Ansprechpartner Nom Client Nombre Cliente Nome Naam Namn Nazwisko Ad Imię',
  F: 'first_name firstName given_name nickname forename Vorname Prénom Nombre Voornaam Förnamn Imię',
  S: 'last_name lastName surname family_name Nachname Apellido Cognome Achternaam Efternamn Nazwisko Soyad',
  O: 'company employer organization organisation vendor supplier firm school hospital bank insurer clinic Company Employer Firma Arbeitgeber Entreprise Société Empresa Azienda Bedrijf Företag Şirket',
  L: 'city town country location birthplace state region hometown destination origin City Country Ort Stadt Ville Ciudad Città Cidade Plaats Ort Miasto Şehir',
  A: 'address street ship_to shipping_address billing_address delivery_address home_address residence Address Property Premises Adresse Anschrift Dirección Indirizzo Endereço Adres Adress',
  Z: 'zip postcode postal_code zip_code Postcode ZIP PLZ CAP CEP',
  E: 'email mail',
  T: 'phone mobile tel',
  D: 'date dob start due',
  N: 'id order_id amount total qty room ticket ref age count',
};

/** One to five fields in one of the notations that programs and people use. */
const fieldsOf = (chance: Chance): string => {
  const style = pickOf(chance, [
    'json',
    'json',
    'colon',
    'colon',
    'equals',
    'yaml',
    'bold',
    'cells',
    'tags',
    'inline',
    'semicolons',
  ]);
  const kinds = Array.from({ length: 1 + Math.floor(chance() * 5) }, () =>
    pickOf(chance, [...'PPPPFSOOLLAAAZETDNNN']),
  );
  const fields = kinds.map((kind) => [pickOf(chance, (keys[kind] ?? 'x').split(' ')), `{${kind}}`] as const);
  const write: Readonly<Record<string, () => string>> = {
    json: () => `{${fields.map(([key, slot]) => `"${key}": "${slot}"`).join(', ')}}`,
    colon: () => fields.map(([key, slot]) => `${key}: ${slot}`).join('\n'),
    equals: () => fields.map(([key, slot]) => `${key}=${slot}`).join(pickOf(chance, ['\n', '&', ' '])),
    yaml: () => fields.map(([key, slot]) => `  ${key}: ${slot}`).join('\n'),
    bold: () => fields.map(([key, slot]) => `- **${key}**: ${slot}`).join('\n'),
    cells: () =>
      `| ${fields.map(([key]) => key).join(' | ')} |\n|${fields.map(() => '---|').join('')}\n| ${fields.map(([, slot]) => slot).join(' | ')} |`,
    tags: () => fields.map(([key, slot]) => `<${key}>${slot}</${key}>`).join(''),
    inline: () => fields.map(([key, slot]) => `${key}: ${slot}`).join(pickOf(chance, [', ', ' | ', '. '])),
    semicolons: () => `${fields.map(([key]) => key).join(';')}\n${fields.map(([, slot]) => slot).join(';')}`,
  };
  return write[style]?.() ?? '';
};

/** Words before a name that say whose it is. */
const roles = 'my|our|the|his|her|your|a'.split('|');
const people =
  'driver|nurse|neighbour|neighbor|colleague|brother|sister|aunt|uncle|cousin|manager|teacher|landlord|tenant|plaintiff|defendant|witness|client|customer|patient|doctor|lawyer|accountant|friend|boss|wife|husband|son|daughter|mother|father|grandmother|grandfather|roommate|supervisor|recruiter|candidate|student|professor|author|editor|chairman|director|secretary|agent|inspector|plumber|coach|partner|assistant|engineer|developer|intern|consultant|officer|judge|witness|beneficiary|employee|owner|guest|passenger|pilot|chef|singer|actor|painter'.split(
    '|',
  );
const verbs =
  'said|told me|asked|reported|opened the meeting|left|arrived late|signed the form|paid|called|wrote|agreed|disagreed|resigned|was hired|was seen|has moved|will join|needs help|wants a refund|lives nearby|works here|complained|apologised|confirmed|cancelled|replied|lost the keys|is on leave|was born in 1980|died last year|won the prize|teaches history|owes us money|has diabetes|was arrested|testified'.split(
    '|',
  );
/** The same in other languages. */
const fragments =
  'y trabajo con {P} en {O}|cerca de {L}|con {P} a {L}|avec {P} à {L}|chez {O}|près de {L}|mit {P} in {L}|bei {O} in {L}|von {P} und {P}|nach {L}|met {P} van {O}|bij {O} in {L}|med {P} i {L}|hos {O}|z {P} w {L}|przez {P}|com {P} em {L}|na {O}|con {P} de {O}|da {P} e {P}|lavoro con {P}|{P} ile {L}|et {P}|und {P}|e {P}|y {P}|och {P}|i {P}|en {P}|ve {P}|señora {P}|signor {P}|Frau {P}|Herr {P}|mevrouw {P}|pan {P}|pani {P}|madame {P}|monsieur {P}|dona {P}|herra {P}|sayın {P}|mein Bruder {F}|ma sœur {F}|mi hermano {F}|mia sorella {F}|mijn broer {F}|min bror {F}|moja siostra {F}'.split(
    '|',
  );
const links = 'with|from|to|by|for|about|under|of|and|against|behind|via|per|c/o|re|cc'.split('|');

/** A clause around a person, from parts that go with one another in many ways. */
const clauseOf = (chance: Chance): string => {
  const slot = pickOf(chance, ['{P}', '{P}', '{F}', '{S}', '{T0} {S}', '{T0} {P}']).replace(
    '{T0}',
    pickOf(chance, ['Mr', 'Mrs', 'Ms', 'Dr', 'Dr.', 'Prof.', 'Miss', 'Mr.', 'Mrs.']),
  );
  if (chance() < 0.12) return pickOf(chance, fragments) + pickOf(chance, ['.', ',', '', ' ?']);
  const roll = chance();
  if (roll < 0.25)
    return `${pickOf(chance, roles)} ${pickOf(chance, people)} ${slot} ${pickOf(chance, verbs)}${pickOf(chance, ['.', ',', ' and', ''])}`;
  if (roll < 0.45)
    return `${slot} ${pickOf(chance, verbs)}${pickOf(chance, ['.', ',', ' because', ' but', ''])}`;
  if (roll < 0.6)
    return `${pickOf(chance, people)} ${slot}${pickOf(chance, ['.', ',', ';', ' and {P}', ''])}`;
  if (roll < 0.75)
    return `${pickOf(chance, ['spoke', 'met', 'ordered', 'an email', 'the letter', 'documents', 'lunch', 'the call', 'a parcel', 'notes'])} ${pickOf(chance, links)} ${slot}${pickOf(chance, ['.', ',', ' today', ' ({O})', ''])}`;
  if (roll < 0.85)
    return `${pickOf(chance, ['Present', 'Apologies', 'Absent', 'Team', 'Speakers', 'cc', 'Attention', 'Signed', 'Prepared by', 'Witness', 'Ref. by', 'Recruiter', 'Seen by', 'With'])}: {P}${pickOf(chance, [', {P}, {P}', ' (chair), {P}', ', {O}', '', '.', ' and {P}'])}`;
  if (roll < 0.93)
    return `${pickOf(chance, ['worked at', 'employed by', 'previous employer', 'a supplier,', 'interned at', 'an order from', 'treated at', 'insured with', 'sued', 'studied at'])} {O}${pickOf(chance, ['.', ',', ' in {L}', ''])}`;
  return `${pickOf(chance, ['near', 'outside', 'lives in', 'moved to', 'flew to', 'back from', 'born in', 'our branch in', 'shop in', 'stolen in', 'grew up in'])} {L}${pickOf(chance, ['.', ',', ' and {L}', ''])}`;
};

/** An unmarked text with a name put in at a random gap: names also stand where nothing around them says so. */
export const withName = (text: string, pools: Pools, chance: Chance): Row => {
  const gaps = [...text.matchAll(/ /g)].map(({ index }) => index);
  if (gaps.length < 3) return { text, spans: [] };
  const gap = pickOf(chance, gaps);
  const name = fill(pickOf(chance, ['{P}', '{P}', '{P}', '{F}', '{L}', '{O}', '{A}']), pools, chance);
  const shift = gap + 1;
  return recase(
    {
      text: `${text.slice(0, shift)}${name.text} ${text.slice(shift)}`,
      spans: name.spans.map((it) => ({ ...it, start: it.start + shift, end: it.end + shift })),
    },
    chance,
  );
};

/** The lines that hold no name, in several letter cases. */
export const plainRows = (chance: Chance): Row[] =>
  plainLines.map((line) => recase({ text: withBreaks(line), spans: [] }, chance));

const anyTemplate = (chance: Chance): string => {
  const roll = chance();
  if (roll < 0.18) return fieldsOf(chance);
  return roll < 0.48 ? clauseOf(chance) : pickOf(chance, templates);
};

const withBreaks = (line: string): string => line.replaceAll('\\n', '\n');

const fill = (template: string, pools: Pools, chance: Chance): Row => {
  let text = '';
  const spans: Row['spans'][number][] = [];
  for (const piece of withBreaks(template).split(/(\{[A-Z]\})/)) {
    const key = /^\{([A-Z])\}$/.exec(piece)?.[1];
    const slot = key === undefined ? undefined : slots[key];
    const value = slot
      ? nameFor(slot, pools, chance)
      : key === undefined
        ? piece
        : (fillers[key]?.(chance) ?? piece);
    if (slot) spans.push({ start: text.length, end: text.length + value.length, type: slot[0] });
    text += value;
  }
  return { text, spans };
};

const nameFor = (
  [, own, pool]: readonly [string, (chance: Chance) => string, string],
  pools: Pools,
  chance: Chance,
): string => {
  const known = pools.get(pool);
  return known && chance() < 0.3 ? pickOf(chance, known) : own(chance);
};

const join = (one: Row, two: Row, chance: Chance): Row => {
  const glue = pickOf(chance, [' ', '\n', ' ', '\n\n']);
  const shift = one.text.length + glue.length;
  return {
    text: one.text + glue + two.text,
    spans: [
      ...one.spans,
      ...two.spans.map((it) => ({ ...it, start: it.start + shift, end: it.end + shift })),
    ],
  };
};

/** Chat is written small, forms in capitals. Only where the length stays the same. */
export const recase = (row: Row, chance: Chance): Row => {
  const roll = chance();
  const text = roll < 0.12 ? row.text.toLowerCase() : roll < 0.16 ? row.text.toUpperCase() : row.text;
  return text.length === row.text.length ? { ...row, text } : row;
};
