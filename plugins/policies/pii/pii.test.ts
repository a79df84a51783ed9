import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chatRequest } from '../../../test/fakes/requests.ts';
import type { Exchange } from '../../exchange.ts';
import type { ModelEvent } from '../../model/events.ts';
import type { ModelRequest, Part } from '../../model/request.ts';
import type { PolicyHooks } from '../../policy.ts';
import type { Offload } from '../../ports/offload.ts';
import { piiConfigSchema } from './config.ts';
import { type PiiJob, scanAll } from './job.ts';
import { piiPolicy } from './pii.ts';

type Settings = Parameters<typeof piiConfigSchema.parse>[0];

const exchangeOf = (): Exchange => ({
  id: 'x',
  operation: 'chat',
  dialect: 'openai-chat',
  consumer: { keyId: 'k', team: 'support' },
  startedMs: 0,
  notes: [],
});

const requestOf = (...parts: readonly (string | Part)[]): ModelRequest =>
  chatRequest({
    stream: true,
    turns: [
      {
        role: 'user',
        parts: parts.map((part) => (typeof part === 'string' ? { type: 'text', text: part } : part)),
      },
    ],
  });

const begin = (settings: object, exchange = exchangeOf()) => {
  const counted: [string, unknown, number | undefined][] = [];
  const config = piiConfigSchema.parse({ mode: 'enforce', ...settings } as Settings);
  const meter = {
    count: (name: string, labels: unknown, by?: number) => void counted.push([name, labels, by]),
    observe: () => {},
  };
  const hooks = piiPolicy(config, { meter, hashKey: Buffer.from('key') }).begin(exchange);
  return { hooks, exchange, counted };
};

/** What the upstream gets. */
const sent = async (hooks: PolicyHooks, request: ModelRequest): Promise<ModelRequest> => {
  const verdict = await hooks.request?.(request);
  if (verdict?.kind !== 'pass') throw new Error(`refused: ${verdict?.error.message}`);
  return verdict.request ?? request;
};

const textsOf = ({ turns }: ModelRequest): string[] =>
  turns.flatMap(({ parts }) =>
    parts.map((part) => ('text' in part ? part.text : 'input' in part ? part.input : '')),
  );

/** The answer's text, as the client gets it. */
const answered = (hooks: PolicyHooks, texts: readonly string[]): string => {
  const filter = hooks.response?.();
  const events: ModelEvent[] = [
    ...texts.map((text) => ({ type: 'text-delta', part: 0, text }) as const),
    { type: 'part-stop', part: 0 },
  ];
  return events
    .flatMap((event) => filter?.push(event) ?? [event])
    .map((event) => ('text' in event ? event.text : ''))
    .join('');
};

const mail = 'ann.lee@example.org';
const card = '4111 1111 1111 1111';

describe('piiPolicy', () => {
  it('lets a request pass as it is when nothing is found, and no filter in', async () => {
    const { hooks, exchange } = begin({});
    const request = requestOf('How do I sort a list?');
    expect(await sent(hooks, request)).toBe(request);
    expect(hooks.response?.()).toBeUndefined();
    expect(exchange.notes).toEqual([]);
  });

  it('does nothing when it is off, there too where only a team has it off', async () => {
    const request = requestOf(`write to ${mail}`);
    expect(await sent(begin({ mode: 'off' }).hooks, request)).toBe(request);
    expect(await sent(begin({ overrides: [{ team: 'support', mode: 'off' }] }).hooks, request)).toBe(request);
  });

  it('changes nothing in shadow, and says what it would have done', async () => {
    const { hooks, exchange } = begin({ mode: 'shadow', actions: { card: 'block' } });
    const request = requestOf(`write to ${mail}`, `pay with ${card}`);
    expect(await sent(hooks, request)).toBe(request);
    expect(hooks.response?.()).toBeUndefined();
    expect(exchange.notes[0]?.verdict).toBe('would-refuse');
  });

  it('gives the same value the same placeholder, everywhere, and puts it back', async () => {
    const { hooks } = begin({});
    const [first = '', second = '', input = ''] = textsOf(
      await sent(
        hooks,
        requestOf(`write to ${mail}`, `${mail} and bob@example.org`, {
          type: 'tool-call',
          id: 'i',
          name: 'send',
          input: JSON.stringify({ to: mail }),
        }),
      ),
    );
    const placeholder = first.replace('write to ', '');
    expect(placeholder).toMatch(/^\[EMAIL_1_[a-z0-9]{3}\]$/);
    expect(second).toMatch(/^\[EMAIL_1_[a-z0-9]{3}\] and \[EMAIL_2_[a-z0-9]{3}\]$/);
    expect(JSON.parse(input)).toEqual({ to: placeholder });
    expect(answered(hooks, ['sent to ', placeholder.slice(0, 7), placeholder.slice(7), '.'])).toBe(
      `sent to ${mail}.`,
    );
  });

  it('keeps a placeholder that the client made up', async () => {
    const first = begin({}).hooks;
    const [text = ''] = textsOf(await sent(first, requestOf(`I am ${mail}`)));
    const forged = text.replace('I am ', '');
    const { hooks } = begin({});
    const [again = '', other = ''] = textsOf(
      await sent(hooks, requestOf(`I am ${mail}`, `what is ${forged}?`)),
    );
    expect(again).not.toBe(text);
    expect(other).toBe(`what is ${forged}?`);
    expect(answered(hooks, [forged])).toBe(forged);
  });

  it('keeps the placeholders of a conversation that goes on, so that prompt caches hold', async () => {
    const one = textsOf(await sent(begin({}).hooks, requestOf(`I am ${mail}`)));
    const two = textsOf(
      await sent(begin({}).hooks, requestOf(`I am ${mail}`, `hello ${mail}, and bob@example.org`)),
    );
    expect(two[0]).toBe(one[0]);
  });

  it('refuses by types and counts, never with a value', async () => {
    const { hooks, exchange } = begin({ actions: { card: 'block' } });
    const verdict = await hooks.request?.(requestOf(`${card} ${mail}`));
    expect(verdict?.kind === 'refuse' && verdict.error).toMatchObject({ code: 'pii_blocked', status: 400 });
    expect(JSON.stringify([verdict, exchange.notes])).not.toMatch(/4111|ann\.lee/);
    expect(verdict?.kind === 'refuse' && verdict.error.message).toContain('1 CARD');
  });

  it('masks, hashes and tags', async () => {
    const { hooks, exchange } = begin({ actions: { card: 'mask', email: 'hash', iban: 'tag' } });
    const iban = 'DE89 3704 0044 0532 0130 00';
    const [text = ''] = textsOf(await sent(hooks, requestOf(`${card}; ${mail}; ${iban}`)));
    expect(text).toMatch(/^\*{4} \*{4} \*{4} 1111; \[EMAIL_#[0-9a-f]{10}\]; DE89 3704 0044 0532 0130 00$/);
    expect(exchange.notes[0]).toMatchObject({
      verdict: 'changed',
      facts: { entities: { CARD: 1, EMAIL: 1, IBAN: 1 } },
    });
    expect(hooks.response?.()).toBeUndefined();
  });

  it('hashes the same value alike in every exchange of one key', async () => {
    const settings = { actions: { email: 'hash' } };
    const one = await sent(begin(settings).hooks, requestOf(mail));
    const two = await sent(begin(settings).hooks, requestOf('hi', mail));
    expect(textsOf(two)[1]).toBe(textsOf(one)[0]);
  });

  it('keeps secrets away for good, unless told otherwise', async () => {
    const key = 'ghp_7TWTOvHrT62TJnJA2D44TvfnJTSyVhwH18AF';
    const { hooks } = begin({});
    const [text = ''] = textsOf(await sent(hooks, requestOf(`key ${key}`)));
    expect(text).toMatch(/^key \[SECRET_1_...\]$/);
    expect(hooks.response?.()).toBeUndefined();
    const lax = begin({ restoreSecrets: true }).hooks;
    const [other = ''] = textsOf(await sent(lax, requestOf(`key ${key}`)));
    expect(answered(lax, [other])).toBe(`key ${key}`);
  });

  it('finds again what an earlier turn gave away', async () => {
    const { hooks } = begin({});
    const [, text = ''] = textsOf(
      await sent(hooks, requestOf('My name is Priscilla Hawthorne.', 'x:Priscilla Hawthorne/y')),
    );
    expect(text).toMatch(/^x:\[PERSON_1_...\]\/y$/);
  });

  it("notes types, counts, places and classes, and counts by type, with an operator's own", async () => {
    const { hooks, exchange, counted } = begin({
      patterns: [{ name: 'EMPLOYEE', pattern: 'E-\\d{6}' }],
      words: [{ name: 'PROJECT', words: ['Blue Heron'], action: 'tag' }],
    });
    await sent(hooks, requestOf(`E-123456 works on blue heron with ${mail}`));
    expect(exchange.notes[0]?.facts).toEqual({
      entities: { EMPLOYEE: 1, PROJECT: 1, EMAIL: 1 },
      actions: { EMPLOYEE: 'redact', PROJECT: 'tag', EMAIL: 'redact' },
      places: { user: 3 },
      dataClasses: ['pii'],
    });
    expect(counted).toHaveLength(3);
    expect(JSON.stringify(counted)).not.toContain('123456');
  });

  it('says of a pattern that cannot be linear that it is none', () => {
    expect(piiConfigSchema.safeParse({ patterns: [{ name: 'BAD', pattern: '(a)\\1' }] }).success).toBe(false);
    expect(piiConfigSchema.safeParse({ patterns: [{ name: 'EVIL', pattern: '^(a+)+$' }] }).success).toBe(
      true,
    );
  });

  it('explains placeholders only when asked, and only when there are any', async () => {
    expect((await sent(begin({ explain: true }).hooks, requestOf(mail))).system).toHaveLength(1);
    expect((await sent(begin({ explain: true }).hooks, requestOf('hi'))).system).toHaveLength(0);
    expect((await sent(begin({}).hooks, requestOf(mail))).system).toHaveLength(0);
  });

  it('takes out of an answer what the caller did not supply, wherever it is cut', async () => {
    const answer = `${'Some words first. '.repeat(40)}Ask bob@example.net or ${mail}, card 4111 1111 1111 1111. ${'More words. '.repeat(30)}`;
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(answer.length), { maxLength: 20 }), async (cuts) => {
        const { hooks, exchange } = begin({
          redactAnswer: true,
          restore: false,
          entities: ['email', 'card'],
          actions: { email: 'tag' },
        });
        await sent(hooks, requestOf(`I am ${mail}`));
        const at = [0, ...cuts.sort((a, b) => a - b), answer.length];
        const text = answered(
          hooks,
          at.slice(1).map((end, index) => answer.slice(at[index], end)),
        );
        expect(text).toBe(answer.replace('4111 1111 1111 1111', '[CARD]'));
        await hooks.settle?.({ ending: 'complete', status: 200, stream: true, attempts: [], durationMs: 1 });
        expect(exchange.notes.at(-1)?.facts).toEqual({ answerEntities: { CARD: 1 } });
      }),
      { numRuns: 60 },
    );
  });

  it('gives the caller its own values back, though it redacts the rest of the answer', async () => {
    const { hooks } = begin({ redactAnswer: true });
    const [text = ''] = textsOf(await sent(hooks, requestOf(`I am ${mail}`)));
    expect(answered(hooks, [`${text}; write to bob@example.net`])).toBe(`I am ${mail}; write to [EMAIL]`);
  });

  describe('a long text', () => {
    const long = `${'lorem ipsum dolor. '.repeat(8000)}${mail}`;
    const sentWith = async (run: Offload['run']): Promise<{ text: string | undefined; pauses: number }> => {
      let pauses = 0;
      const offload = { run, breathe: async () => void pauses++ };
      const meter = { count: () => {}, observe: () => {} };
      const config = piiConfigSchema.parse({ mode: 'enforce', words: [{ name: 'LATIN', words: ['amet'] }] });
      const hooks = piiPolicy(config, { meter, hashKey: Buffer.from('key'), offload }).begin(exchangeOf());
      const [text] = textsOf(await sent(hooks, requestOf(`${long} amet`)));
      return { text, pauses };
    };
    const expected = /\[EMAIL_1_...\] \[LATIN_1_...\]$/;

    it('is scanned on another thread', async () => {
      const { text, pauses } = await sentWith(async (_, job) => scanAll(job as PiiJob));
      expect(text).toMatch(expected);
      expect(pauses).toBe(0);
    });

    it.each([
      ['no thread can take it', () => Promise.reject(new Error('busy'))],
      ['a thread gives back too little', async () => []],
      ['a thread gives back nothing', async () => undefined],
    ])('is scanned here, with pauses, when %s', async (_, run) => {
      const { text, pauses } = await sentWith(run);
      expect(text).toMatch(expected);
      expect(pauses).toBeGreaterThan(10);
    });
  });
});

describe('a conversation that comes again', () => {
  const asked = async (first: string, second: string) => {
    const scanned: number[] = [];
    const run: Offload['run'] = async (_, job) => {
      scanned.push((job as PiiJob).texts.length);
      return scanAll(job as PiiJob);
    };
    const offload = { run, breathe: async () => {} };
    const meter = { count: () => {}, observe: () => {} };
    const config = piiConfigSchema.parse({ mode: 'enforce' });
    const policy = piiPolicy(config, { meter, hashKey: Buffer.from('key'), offload });
    await sent(policy.begin(exchangeOf()), requestOf(first));
    const texts = textsOf(await sent(policy.begin(exchangeOf()), requestOf(first, second)));
    return { scanned, texts };
  };
  const long = `${'lorem ipsum dolor. '.repeat(1000)}${mail}`;

  it('is read again only where it is new, and what it holds is found all the same', async () => {
    const { scanned, texts } = await asked(long, `${long} and bob@example.net`);
    expect(scanned).toEqual([1, 1]);
    expect(texts[0]).toMatch(/ \[EMAIL_1_...\]$/);
    expect(texts[1]).toMatch(/ \[EMAIL_1_...\] and \[EMAIL_2_...\]$/);
  });

  it('is not read at all when nothing is new', async () => {
    const { scanned, texts } = await asked(long, long);
    expect(scanned).toEqual([1]);
    expect(texts[1]).toMatch(/ \[EMAIL_1_...\]$/);
  });
});

describe('redact and restore', () => {
  const values = fc.constantFrom(
    mail,
    card,
    'bob@example.org',
    '+49 30 901820',
    'DE89 3704 0044 0532 0130 00',
    '078-05-1121',
    'zoë@exämple.org',
  );
  const words = fc.constantFrom(
    'hello',
    'the card',
    'and',
    'a "quote"',
    '\\',
    '[',
    '[EMAIL_1_',
    '\n',
    '😀',
    '{"a":1}',
    '[x](y)',
  );
  const texts = fc
    .array(fc.oneof(values, words), { minLength: 1, maxLength: 12 })
    .map((parts) => parts.join(' '));

  it('are each the inverse of the other, and redacting again changes nothing', async () => {
    await fc.assert(
      fc.asyncProperty(texts, async (text) => {
        const { hooks } = begin({});
        const [redacted = ''] = textsOf(await sent(hooks, requestOf(text)));
        expect(answered(hooks, [redacted])).toBe(text);
        const again = requestOf(redacted);
        expect(await sent(begin({}).hooks, again)).toBe(again);
      }),
      { numRuns: 400 },
    );
  });

  it('leave arguments of tools JSON', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(texts, { maxLength: 4 }), async (list) => {
        const { hooks } = begin({});
        const input = JSON.stringify({ list });
        const [redacted = ''] = textsOf(
          await sent(hooks, requestOf({ type: 'tool-call', id: 'i', name: 'n', input })),
        );
        expect(redacted).not.toMatch(/@ex|4111/);
        const filter = hooks.response?.();
        const events: ModelEvent[] = [...redacted].map((json) => ({
          type: 'tool-input-delta',
          part: 0,
          json,
        }));
        const restored = [...events, { type: 'part-stop', part: 0 } as const]
          .flatMap((event) => filter?.push(event) ?? [event])
          .map((event) => ('json' in event ? event.json : ''))
          .join('');
        expect(JSON.parse(restored)).toEqual({ list });
      }),
      { numRuns: 200 },
    );
  });
});
