/** Sums over digits that tell a number from its look-alikes. All take digits (and letters where named) without separators. */

const digitsOf = (text: string): number[] => [...text].map(Number);

const weighted = (digits: readonly number[], weights: readonly number[]): number =>
  weights.reduce((sum, weight, at) => sum + weight * (digits[at] ?? 0), 0);

/** Luhn (ISO/IEC 7812-1, annex B): cards, Swedish and French company numbers, IMEI. */
export const luhn = (digits: string): boolean => {
  let sum = 0;
  for (let at = digits.length - 1, double = false; at >= 0; at--, double = !double) {
    const digit = digits.charCodeAt(at) - 48;
    sum += double ? (digit > 4 ? digit * 2 - 9 : digit * 2) : digit;
  }
  return sum % 10 === 0;
};

const dihedral = [
  [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
  [1, 2, 3, 4, 0, 6, 7, 8, 9, 5],
  [2, 3, 4, 0, 1, 7, 8, 9, 5, 6],
  [3, 4, 0, 1, 2, 8, 9, 5, 6, 7],
  [4, 0, 1, 2, 3, 9, 5, 6, 7, 8],
  [5, 9, 8, 7, 6, 0, 4, 3, 2, 1],
  [6, 5, 9, 8, 7, 1, 0, 4, 3, 2],
  [7, 6, 5, 9, 8, 2, 1, 0, 4, 3],
  [8, 7, 6, 5, 9, 3, 2, 1, 0, 4],
  [9, 8, 7, 6, 5, 4, 3, 2, 1, 0],
];
const permutation = [
  [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
  [1, 5, 7, 6, 2, 8, 3, 0, 9, 4],
  [5, 8, 0, 3, 7, 9, 6, 1, 4, 2],
  [8, 9, 1, 6, 0, 4, 3, 5, 2, 7],
  [9, 4, 5, 3, 1, 2, 6, 8, 7, 0],
  [4, 2, 8, 6, 5, 7, 3, 9, 0, 1],
  [2, 7, 9, 3, 8, 0, 6, 4, 1, 5],
  [7, 0, 4, 6, 9, 1, 3, 2, 5, 8],
];

/** Verhoeff (1969): Aadhaar. */
export const verhoeff = (text: string): boolean =>
  digitsOf(text)
    .reverse()
    .reduce((sum, digit, at) => dihedral[sum]?.[permutation[at % 8]?.[digit] ?? 0] ?? 0, 0) === 0;

/** ISO 7064 MOD 11,10: German tax numbers. */
export const mod11and10 = (text: string): boolean => {
  const digits = digitsOf(text);
  let product = 10;
  for (const digit of digits.slice(0, -1)) {
    const sum = (digit + product) % 10 || 10;
    product = (sum * 2) % 11;
  }
  return (11 - product) % 10 === digits.at(-1);
};

/** UK NHS number: modulus 11, ten digits. */
export const nhs = (text: string): boolean => {
  const digits = digitsOf(text);
  const check = 11 - (weighted(digits, [10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11);
  return digits.length === 10 && check !== 10 && check % 11 === digits[9];
};

/** Dutch BSN: the "eleven test". */
export const bsn = (text: string): boolean => {
  const digits = digitsOf(text);
  return (
    digits.length === 9 && weighted(digits, [9, 8, 7, 6, 5, 4, 3, 2, -1]) % 11 === 0 && !/^0+$/.test(text)
  );
};

/** Polish PESEL, with a date inside. */
export const pesel = (text: string): boolean => {
  const digits = digitsOf(text);
  const month = Number(text.slice(2, 4)) % 20;
  return (
    digits.length === 11 &&
    isDayAndMonth(Number(text.slice(4, 6)), month) &&
    (10 - (weighted(digits, [1, 3, 7, 9, 1, 3, 7, 9, 1, 3]) % 10)) % 10 === digits[10]
  );
};

/** Brazilian CPF: two check digits. */
export const cpf = (text: string): boolean => {
  const digits = digitsOf(text);
  const check = (count: number): number => {
    const sum = digits.slice(0, count).reduce((total, digit, at) => total + digit * (count + 1 - at), 0);
    return ((sum * 10) % 11) % 10;
  };
  return (
    digits.length === 11 && !/^(\d)\1+$/.test(text) && check(9) === digits[9] && check(10) === digits[10]
  );
};

/** Spanish DNI and NIE: a letter for the number modulo 23. */
export const dni = (text: string): boolean => {
  const number = Number(
    text.slice(0, -1).replace(/^[XYZ]/i, (letter) => String('XYZ'.indexOf(letter.toUpperCase()))),
  );
  return 'TRWAGMYFPDXBNJZSQVHLCKE'[number % 23] === text.at(-1)?.toUpperCase();
};

/** French INSEE number (sécurité sociale) with its key: 97 minus the number modulo 97. Corsica counts as 19 and 18. */
export const insee = (text: string): boolean => {
  const number = BigInt(text.slice(0, 13).toUpperCase().replace('2A', '19').replace('2B', '18'));
  return 97n - (number % 97n) === BigInt(text.slice(13));
};

const odd = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];

/** Italian codice fiscale: a letter for the sum of 15 signs. */
export const codiceFiscale = (text: string): boolean => {
  const values = [...text.toUpperCase()].map((sign) =>
    /\d/.test(sign) ? Number(sign) : sign.charCodeAt(0) - 65,
  );
  const sum = values
    .slice(0, 15)
    .reduce((total, value, at) => total + (at % 2 === 0 ? (odd[value] ?? 0) : value), 0);
  return sum % 26 === values[15];
};

/** Norwegian fødselsnummer: two check digits modulo 11. */
export const fodselsnummer = (text: string): boolean => {
  const digits = digitsOf(text);
  const first = (11 - (weighted(digits, [3, 7, 6, 1, 8, 9, 4, 5, 2]) % 11)) % 11;
  const second = (11 - (weighted(digits, [5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11)) % 11;
  return (
    digits.length === 11 &&
    isDayAndMonth(Number(text.slice(0, 2)) % 40, Number(text.slice(2, 4)) % 40) &&
    first === digits[9] &&
    second === digits[10]
  );
};

/** Finnish henkilötunnus `DDMMYY-NNNC`, with or without the sign of its century: a check for nine digits modulo 31. */
export const hetu = (text: string): boolean => {
  const number = Number(text.slice(0, 6) + text.slice(-4, -1));
  return (
    isDayAndMonth(Number(text.slice(0, 2)), Number(text.slice(2, 4))) &&
    '0123456789ABCDEFHJKLMNPRSTUVWXY'[number % 31] === text.at(-1)?.toUpperCase()
  );
};

/** Swedish personnummer (ten digits): a date and Luhn. Coordination numbers add 60 to the day. */
export const personnummer = (text: string): boolean =>
  luhn(text) && isDayAndMonth(Number(text.slice(4, 6)) % 60, Number(text.slice(2, 4)));

/** Belgian rijksregisternummer: 97 minus nine digits modulo 97, those born since 2000 with a 2 before. */
export const belgian = (text: string): boolean => {
  const [number, check] = [Number(text.slice(0, 9)), Number(text.slice(9))];
  const fits = (value: number): boolean => 97 - (value % 97) === check;
  return (
    isDayAndMonth(Number(text.slice(4, 6)), Number(text.slice(2, 4))) && (fits(number) || fits(number + 2e9))
  );
};

/** Portuguese NIF, nine digits: modulus 11. */
export const nif = (text: string): boolean => {
  const digits = digitsOf(text);
  const rest = weighted(digits, [9, 8, 7, 6, 5, 4, 3, 2]) % 11;
  return digits[8] === (rest < 2 ? 0 : 11 - rest);
};

/** Turkish kimlik numarası, eleven digits. */
export const turkish = (text: string): boolean => {
  const digits = digitsOf(text);
  const tenth = weighted(digits, [7, -1, 7, -1, 7, -1, 7, -1, 7]) % 10;
  return (
    digits[0] !== 0 &&
    (tenth + 10) % 10 === digits[9] &&
    digits.slice(0, 10).reduce((sum, digit) => sum + digit, 0) % 10 === digits[10]
  );
};

/** Australian TFN: weighted sum modulo 11, nine digits. */
export const tfn = (text: string): boolean =>
  text.length === 9 && weighted(digitsOf(text), [1, 4, 3, 7, 5, 8, 6, 9, 10]) % 11 === 0;

/** Routing number of a US bank (ABA): 3, 7, 1. */
export const aba = (text: string): boolean =>
  text.length === 9 && weighted(digitsOf(text), [3, 7, 1, 3, 7, 1, 3, 7, 1]) % 10 === 0 && !/^0+$/.test(text);

/** Could these be a day and a month? */
export const isDayAndMonth = (day: number, month: number): boolean =>
  day >= 1 &&
  month >= 1 &&
  month <= 12 &&
  day <= (month === 2 ? 29 : [4, 6, 9, 11].includes(month) ? 30 : 31);
