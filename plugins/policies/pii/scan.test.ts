import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cpuMs } from '../../../test/fakes/cpu.ts';
import type { Finding } from './finding.ts';
import { findPii, labelOf, scanPii, scanSteps } from './scan.ts';

/** What is found, as `TYPE text`. */
const found = (text: string): string[] =>
  findPii(text).map((it) => `${labelOf(it)} ${text.slice(it.start, it.end)}`);

/** Structured findings only: what the tagger makes of a sentence is measured on corpora. */
const guessed = /^(?:PERSON|LOCATION|ORGANIZATION|ADDRESS|ZIP|TITLE) /;
const structured = (text: string): string[] => found(text).filter((it) => !guessed.test(it));

describe('findPii', () => {
  it.each([
    ['write to ann.lee+x@mail.example.org, please', ['EMAIL ann.lee+x@mail.example.org']],
    ['<zoë@exämple.org>', ['EMAIL zoë@exämple.org']],
    ['mailto:a_b@c.io?subject=x', ['EMAIL a_b@c.io']],
    ['card 4111-1111-1111-1111!', ['CARD 4111-1111-1111-1111']],
    ['3782 822463 10005', ['CARD 3782 822463 10005']],
    ['IBAN GB82 WEST 1234 5698 7654 32.', ['IBAN GB82 WEST 1234 5698 7654 32']],
    ['de89370400440532013000', ['IBAN de89370400440532013000']],
    ['ssn 219-09-9998', ['SSN 219-09-9998']],
    ['my social security number is 219099998', ['SSN 219099998']],
    ['call +49 (0)30 901820 now', ['PHONE +49 (0)30 901820']],
    ['call me: (212) 555-0187 ext. 12', ['PHONE (212) 555-0187 ext. 12']],
    ['Tel. 089 5529 4410', ['PHONE 089 5529 4410']],
    ['from 10.1.2.30 and fe80::1ff:fe23:4567:890a', ['IP 10.1.2.30', 'IP fe80::1ff:fe23:4567:890a']],
    ['device 18:5d:fc:e3:ea:0f', ['MAC 18:5d:fc:e3:ea:0f']],
    ['at 52.520008, 13.404954', ['COORD 52.520008, 13.404954']],
    ['born on 4 May 1980', ['DATE 4 May 1980']],
    ['due 2024-05-06', ['DATE 2024-05-06']],
    ['she is 34 years old', ['AGE 34']],
    ['my passport number is GA7945176', ['PASSPORT GA7945176']],
    ["driver's license F0087335", ['LICENSE F0087335']],
    ['account number 460862598', ['ACCOUNT 460862598']],
    ['password: Tr0ub4dor&3', ['PASSWORD Tr0ub4dor&3']],
    ['username: jdoe42', ['USERNAME jdoe42']],
    ['NINO AB 12 34 56 C', ['NATIONAL_ID AB 12 34 56 C']],
    ['DNI 12345678Z', ['NATIONAL_ID 12345678Z']],
    ['RSSMRA85T10A562S', ['NATIONAL_ID RSSMRA85T10A562S']],
    ['CPF 529.982.247-25', ['NATIONAL_ID 529.982.247-25']],
    ['PESEL 44051401359', ['NATIONAL_ID 44051401359']],
    ['hetu 131052-308T', ['NATIONAL_ID 131052-308T']],
    ['personnummer 811218-9876', ['NATIONAL_ID 811218-9876']],
    ['NHS number 943 476 5919', ['NATIONAL_ID 943 476 5919']],
    ['BSN 111222333', ['NATIONAL_ID 111222333']],
    ['Steuer-ID 86 095 742 719', ['NATIONAL_ID 86 095 742 719']],
    ['NIR 2 55 08 14 168 025 38', ['NATIONAL_ID 2 55 08 14 168 025 38']],
    ['pay 1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2', ['CRYPTO 1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2']],
    ['bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4', ['CRYPTO bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4']],
    [
      'postgres://app:S2tbnO6pgehu@db.internal:5432/main',
      ['SECRET postgres://app:S2tbnO6pgehu@db.internal:5432/main'],
    ],
    ['token ghp_7TWTOvHrT62TJnJA2D44TvfnJTSyVhwH18AF', ['SECRET ghp_7TWTOvHrT62TJnJA2D44TvfnJTSyVhwH18AF']],
    ['API_KEY=3q2vzS1rkajkjBuVsVsIPPHtdIpLqWgI', ['SECRET 3q2vzS1rkajkjBuVsVsIPPHtdIpLqWgI']],
    ['redis://:k3Jd82hs@cache.example.com:6379', ['SECRET redis://:k3Jd82hs@cache.example.com:6379']],
  ])('%s', (text, expected) => expect(structured(text)).toEqual(expected));

  it.each([
    'version 1.2.3.4 of 127.0.0.1',
    'ISBN 978-3-16-148410-0',
    'order 2024-118822-7 at line 12, column 5',
    'card 4111-1111-1111-1112',
    'AKIAIOSFODNN7EXAMPLE',
    'sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0bb822cd15d6c15b0f00a08',
    'api_key: "1d28c120568c10e19b9d8abe8b66d0983fa3d2e11ee7751aca50f83c6f4a43aa"',
    'id 123e4567-e89b-12d3-a456-426614174000',
    'export TOKEN=${API_KEY} # process.env.API_KEY',
    'pk_live_ETTKMAMADEZWBMVXPPPUHXYU',
    'password: <your password>',
    'https://user:${PASSWORD}@example.com',
    'postgres://user:password@localhost/db',
    'x@y and @decorator',
    'the year 1984, 3.14159 and 1,234,567.89 EUR',
    'sk-learn-contrib-documentation-pages',
    'ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQC7vbqajDhA9x me@host',
    'public key: 9BHDPuaSG6lJXLx1G0Uzn3ose2QnT9gWss0e0wiC',
  ])('sees nothing in: %s', (text) => expect(structured(text)).toEqual([]));

  it('looks through invisible and full-width signs, and tells where they stood', () => {
    expect(found('an\u200bn@exa\u00admple.org')).toEqual(['EMAIL an\u200bn@exa\u00admple.org']);
    expect(structured('４１１１ １１１１ １１１１ １１１１')).toEqual([
      'CARD ４１１１ １１１１ １１１１ １１１１',
    ]);
  });

  it('reads bold digits whole, pairs of units that they are', () => {
    const bold = '𝟒𝟏𝟏𝟏 𝟏𝟏𝟏𝟏 𝟏𝟏𝟏𝟏 𝟏𝟏𝟏𝟏';
    expect(structured(`x ${bold} y`)).toEqual([`CARD ${bold}`]);
  });

  it('gives no overlaps where one page ends and the next begins', () => {
    for (let shift = 0; shift < 40; shift++) {
      const text = `${'x '.repeat(20_460)}${' '.repeat(shift)}12 Main Street, 10115 Berlin, 4111 1111 1111 1111, a@b.co ${'x '.repeat(9000)}`;
      let last = 0;
      for (const { start, end } of findPii(text)) {
        expect(start).toBeGreaterThanOrEqual(last);
        last = end;
      }
      expect(structured(text)).toEqual(['CARD 4111 1111 1111 1111', 'EMAIL a@b.co']);
    }
  });

  it('sees nothing in placeholders, whosever they are', () => {
    expect(found('write to [EMAIL_1_k7q] and [SECRET_2_x9z], [CARD_#0123456789]')).toEqual([]);
  });

  it('gives spans in order, without overlaps, inside of the text', () => {
    const piece = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(
        '4111 1111 1111 1111',
        'a@b.co',
        '+49 30 901820',
        'Ann Lee',
        '12 Main Street, 10115 Berlin',
        '😀',
        '\u200b',
      ),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
        const text = pieces.join(' ');
        let last = 0;
        for (const { start, end, confidence } of findPii(text)) {
          expect(start).toBeGreaterThanOrEqual(last);
          expect(end).toBeGreaterThan(start);
          expect(confidence).toBeGreaterThan(0);
          expect(confidence).toBeLessThanOrEqual(1);
          last = end;
        }
        expect(last).toBeLessThanOrEqual(text.length);
      }),
    );
  });

  it('finds the same in a long text as in a short one', () => {
    const filler = 'nothing to see here. '.repeat(4000);
    expect(structured(`${filler}a@b.co ${filler}c@d.co`)).toEqual(['EMAIL a@b.co', 'EMAIL c@d.co']);
  });
});

describe('scanSteps', () => {
  const long = `${'Torvald Nyquist, 4111 1111 1111 1111, a@b.co, '.repeat(3000)}c@d.co`;
  const finish = (steps: ReturnType<typeof scanSteps>): Finding[] => {
    for (;;) {
      const step = steps.next();
      if (step.done) return step.value;
    }
  };

  it('finds the same as a scan in one go', () => {
    const found = finish(scanSteps(long));
    expect(found).toEqual(findPii(long));
    expect(found).toHaveLength(9001);
  });

  it('finds the same when other scans go on between its steps', () => {
    const expected = findPii(long);
    const one = scanSteps(long);
    const other = scanSteps(`Ann Lee, ${long}`);
    for (let round = 0; round < 40; round++) [one.next(), other.next()];
    expect(finish(one)).toEqual(expected);
    expect(finish(other)).toHaveLength(9002);
  });
});

describe('scanPii', () => {
  it('counts in code points', () => {
    expect(scanPii('😀 a@b.co 😀 c@d.co')).toEqual([
      { start: 2, end: 8, type: 'EMAIL', confidence: 0.99 },
      { start: 11, end: 17, type: 'EMAIL', confidence: 0.99 },
    ]);
  });
});

/** Beginnings of everything that is looked for, over and over. */
const hostile = [
  '@',
  'a@',
  'a.',
  '1',
  '1 ',
  '1-',
  '(',
  '+1(',
  '1.',
  ':',
  '::',
  'a:',
  '0x',
  '-----BEGIN ',
  '://',
  '://a:b',
  'eyJ',
  '-eyJ',
  'sk-',
  'GB82',
  'password ',
  'passport ',
  'account 1',
  'key=',
  'A',
  'Ab ',
  'Ab, ',
  'Ab 1 ',
  'john ',
  'how old ',
  '[',
  '[A_1_',
  '\\',
  '12.12.',
  '1°',
  'É',
  '漢',
  '😀',
  '\u200b',
  'license a1',
  'born 1/1/',
  '-eyJ',
  'A,',
  '2024 ',
  '020 7946 0',
  '4111 1111 1111 ',
  '123456789 ',
  'key=Ab1Cd2Ef3Gh4Ij5Kl6 ',
];

describe('time', () => {
  it.each(hostile)('grows no faster than the text of %j', (piece) => {
    const timed = (characters: number): number => {
      const text = piece.repeat(Math.ceil(characters / piece.length));
      return cpuMs(() => findPii(text));
    };
    const small = timed(8_000);
    const large = timed(64_000);
    // Eight times the text; the rest is room for a busy machine. What grows with the square takes 64 times as long.
    expect(large).toBeLessThan(Math.max(24 * small, 150));
  });

  it.each(hostile)('is never long between two pauses in %j', (piece) => {
    const text = piece.repeat(Math.ceil(100_000 / piece.length));
    const mostMs = 60;
    // Of a few scans the shortest time of each step: what lies above is other load on the machine.
    const shortestMs: number[] = [Number.POSITIVE_INFINITY];
    for (let round = 0; round < 3 && Math.max(...shortestMs) >= mostMs; round++) {
      const steps = scanSteps(text);
      for (let step = 0, isDone = false; !isDone; step++) {
        const startMs = performance.now();
        isDone = steps.next().done === true;
        const tookMs = performance.now() - startMs;
        shortestMs[step] = Math.min(shortestMs[step] ?? tookMs, tookMs);
      }
    }
    expect(Math.max(...shortestMs)).toBeLessThan(mostMs);
  });
});
