import { RE2JS } from 're2js';
import { z } from 'zod';
import { modeSettings, modes } from '../../mode.ts';

/** What the finders can tell apart. */
export const entityNames = [
  'person',
  'address',
  'location',
  'organization',
  'title',
  'email',
  'phone',
  'birth_date',
  'date',
  'age',
  'zip',
  'username',
  'password',
  'secret',
  'card',
  'iban',
  'account',
  'ssn',
  'national_id',
  'passport',
  'license',
  'crypto',
  'ip',
  'mac',
  'coord',
  'custom',
] as const;
export type EntityName = (typeof entityNames)[number];

/** What can be done with what was found. */
export const piiActions = ['redact', 'mask', 'hash', 'block', 'tag'] as const;
export type PiiAction = (typeof piiActions)[number];

const entity = z.enum(entityNames);
const action = z.enum(piiActions);

const label = z.string().regex(/^[A-Z][A-Z0-9_]{1,15}$/, 'expected 2 to 16 of A-Z, 0-9 and "_"');

const compiles = (text: string): boolean => {
  try {
    RE2JS.compile(text);
    return true;
  } catch {
    return false;
  }
};

const pattern = z
  .strictObject({
    name: label.describe('What it finds, as it stands in placeholders and records: EMPLOYEE_ID.'),
    pattern: z
      .string()
      .min(1)
      .max(1000)
      .refine(compiles, 'expected a regular expression of RE2 (no look-around, no back-references)')
      .describe('Regular expression (RE2 syntax: linear time, no look-around, no back-references).'),
    action: action.optional().describe('What is done with it; `action` when left out.'),
  })
  .describe('Something of your own to find.');

const wordList = z
  .strictObject({
    name: label.describe('What the words are: PROJECT.'),
    words: z
      .array(z.string().min(2).max(200))
      .min(1)
      .describe('Words or phrases; letter case does not count.'),
    action: action.optional().describe('What is done with them; `action` when left out.'),
  })
  .describe('Words of your own to find.');

/** Found unless `entities` says otherwise: what names a person or opens a door; not places, dates and machines. */
const usualEntities = [
  'person',
  'address',
  'email',
  'phone',
  'birth_date',
  'password',
  'secret',
  'card',
  'iban',
  'account',
  'ssn',
  'national_id',
  'passport',
  'license',
  'crypto',
] as const satisfies readonly EntityName[];

/** The `pii` section of nexus.yaml. */
export const piiConfigSchema = z
  .strictObject({
    ...modeSettings(modes, 'off'),
    entities: z
      .array(entity)
      .default([...usualEntities])
      .describe('What to look for.'),
    action: action
      .default('redact')
      .describe(
        'What is done with it: redact (a placeholder), mask (all but the last 4 characters), hash (keyed), block (refuse the request), tag (only record).',
      ),
    actions: z
      .partialRecord(entity, action.describe('What is done with this entity.'))
      .default({})
      .describe('Other actions for single entities: `{ card: block, person: tag }`.'),
    restore: z
      .boolean()
      .default(true)
      .describe('Puts redacted values back into the answer, streams and tool arguments included.'),
    restoreSecrets: z
      .boolean()
      .default(false)
      .describe('Puts secrets and passwords back too. Without it the caller sees their placeholders.'),
    redactAnswer: z
      .boolean()
      .default(false)
      .describe(
        'Redacts in answers what the caller did not supply. Holds up to 512 characters of a stream back.',
      ),
    explain: z
      .boolean()
      .default(false)
      .describe('Adds one line to the system prompt that tells the model to keep placeholders as they are.'),
    minConfidence: z
      .number()
      .min(0)
      .max(1)
      .default(0.5)
      .describe('Findings below it are left alone. Checksums give 0.95 and more, names 0.5 to 0.95.'),
    patterns: z.array(pattern).default([]).describe('Regular expressions of your own.'),
    words: z.array(wordList).default([]).describe('Word lists of your own.'),
    hashKey: z
      .string()
      .regex(/^\$\{(env:[A-Za-z_][A-Za-z0-9_]*|file:[^}]+)\}$/, 'expected ${env:NAME} or ${file:PATH}')
      .optional()
      .describe('Key of `hash` and of placeholders, by reference. Left out: random for each process.'),
  })
  .describe('Personal data and secrets in prompts and answers.');

export type PiiConfig = z.output<typeof piiConfigSchema>;
