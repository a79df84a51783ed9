import { z } from 'zod';

/** A name of the operator's choice: of providers, models, teams, regions, rules. */
export const nameSchema = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/, 'expected letters, digits, ".", "_" or "-", at most 63');

/** Longest time that may be set: a timer of more than 2^31 ms fires at once in Node. */
const dayMs = 86_400_000;

/** Is it an IANA time zone that this machine knows? */
const isTimeZone = (name: string): boolean => {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }) !== undefined;
  } catch {
    return false;
  }
};

const clockTime = '([01]\\d|2[0-3]):[0-5]\\d';

/** Of a provider: when one of its models is left alone for a while, and for how long. */
export const healthSchema = z
  .strictObject({
    failures: z
      .int()
      .min(0)
      .default(3)
      .describe(
        'Failures in a row after which a model is left alone; too many requests, a refused credential and an unknown model are enough at once. 0: it is never left alone.',
      ),
    coolMs: z
      .int()
      .min(100)
      .max(dayMs)
      .default(1000)
      .describe('How long, the first time; twice as long each time that it fails again.'),
    maxCoolMs: z
      .int()
      .min(100)
      .max(dayMs)
      .default(30_000)
      .describe('The longest that it is left alone, unless the provider itself asks for more (retry-after).'),
    slowFirstChunkMs: z
      .int()
      .positive()
      .max(dayMs)
      .optional()
      .describe('An answer that begins later than this counts as a failure; never when left out.'),
  })
  .describe('When a model of this provider that fails is left alone, and for how long.');

const capabilities = z
  .strictObject({
    contextTokens: z.int().positive().optional().describe('Tokens that prompt and answer may have together.'),
    images: z.boolean().optional().describe('Takes images.'),
    audio: z.boolean().optional().describe('Takes audio.'),
    files: z.boolean().optional().describe('Takes files.'),
    tools: z.boolean().optional().describe('Calls tools.'),
    jsonSchema: z.boolean().optional().describe('Answers by a JSON Schema.'),
  })
  .describe(
    'What the model can do, where the catalogue of models does not know it or is wrong. What nobody has said is taken to work.',
  );

const candidate = z
  .strictObject({
    provider: nameSchema.describe('A name from `providers`.'),
    model: z.string().min(1).describe("The provider's own name of the model."),
    weight: z
      .int()
      .min(0)
      .default(1)
      .describe(
        'Share of requests under `pick: weighted` and with `sticky`; under the other picks, of those that are otherwise alike. 0: never. Of no effect under `pick: ordered`.',
      ),
    quality: z
      .number()
      .min(0)
      .max(1)
      .optional()
      .describe('How good its answers are by your own measure, from 0 to 1; for `minQuality`.'),
    capabilities: capabilities.optional(),
  })
  .describe('One place that can answer for a model.');

const use = z.array(candidate).min(1);

const condition = z
  .string()
  .min(1)
  .optional()
  .describe(
    'A CEL expression over model, user, team, application, dialect, inputTokens, maxOutputTokens, turns, stream, images, tools, jsonSchema, dataClasses and now.',
  );

const peak = z
  .strictObject({
    when: z
      .strictObject({
        inFlightOver: z
          .int()
          .min(0)
          .optional()
          .describe('More requests than this are under way at the candidates.'),
        queueOver: z
          .int()
          .min(0)
          .optional()
          .describe('More requests than this wait for the first byte of their answer.'),
        firstChunkP95MsOver: z
          .int()
          .positive()
          .optional()
          .describe('Of twenty recent answers of the candidates, more than one began later than this.'),
      })
      .describe('What makes a peak: any one of these.'),
    use: use.describe('Who answers in a peak, in order; the candidates follow.'),
    classes: z
      .array(
        z
          .strictObject({
            team: nameSchema.optional().describe('Requests of this team.'),
            application: nameSchema.optional().describe('Requests of this application.'),
            when: condition,
          })
          .describe('Requests for which all of this holds.'),
      )
      .default([])
      .describe('Which requests go there: those of any class; all when left out.'),
    hysteresis: z
      .strictObject({
        below: z
          .number()
          .min(0)
          .max(1)
          .default(0.8)
          .describe('A peak ends when everything is below this part of its limit.'),
        holdMs: z
          .int()
          .min(0)
          .max(dayMs)
          .default(10_000)
          .describe('For this long, without a break; a peak lasts as long, too.'),
      })
      .describe('What keeps a peak from beginning and ending all the time.')
      .prefault({}),
  })
  .describe('Who answers when the candidates are busy.');

const captureRule = z
  .strictObject({
    name: nameSchema
      .optional()
      .describe('How decisions name this rule; its place in the list when left out.'),
    contextOver: z.int().min(0).optional().describe('The prompt has more tokens than this (estimated).'),
    images: z.boolean().optional().describe('It has images, or it has none.'),
    tools: z.boolean().optional().describe('It has tools, or it has none.'),
    jsonSchema: z.boolean().optional().describe('It asks for an answer by JSON Schema, or it does not.'),
    region: nameSchema.optional().describe('Residency leaves only this region.'),
    team: nameSchema.optional().describe('It comes from this team.'),
    application: nameSchema.optional().describe('It comes from this application.'),
    hours: z
      .string()
      .regex(new RegExp(`^${clockTime}-${clockTime}$`), 'expected a span such as 09:00-17:30')
      .optional()
      .describe('It comes in this span of the day, its end not included: 09:00-17:30, 22:00-06:00.'),
    timeZone: z
      .string()
      .refine(isTimeZone, 'expected a time zone such as Europe/Berlin')
      .default('UTC')
      .describe('Where `hours` are read: an IANA name, Europe/Berlin.'),
    when: condition,
    use: use.describe('Who answers, in order; nobody else.'),
  })
  .describe('Requests for which all of this holds, and who answers them.');

const mirror = z
  .strictObject({
    use: candidate.describe('Who gets the copies.'),
    share: z.number().min(0).max(1).default(0.01).describe('Part of the requests that is copied.'),
    maxPerMinute: z
      .int()
      .min(1)
      .default(60)
      .describe('Most copies in a minute, over all workers, and over all hosts that share a Redis.'),
  })
  .describe(
    'Copies of requests for another model, paid from the budgets of those who ask. Its answers are thrown away; nobody waits for them.',
  );

/** How the first candidate can be chosen. */
export const pickNames = ['weighted', 'ordered', 'latency', 'cost', 'leastBusy'] as const;

/** One entry of `models`. */
export const modelSchema = z
  .strictObject({
    pick: z
      .enum(pickNames)
      .default('ordered')
      .describe(
        'How the first candidate is chosen: by weight, as listed, the one that answers soonest, the one that this request costs least at, or the one with the fewest requests under way.',
      ),
    candidates: z.array(candidate).min(1).describe('Who can answer.'),
    fallback: z.array(candidate).default([]).describe('Who is tried, in order, when the candidates fail.'),
    sticky: z
      .enum(['conversation', 'user'])
      .optional()
      .describe(
        "Keeps a conversation at one candidate, for the sake of the provider's prompt cache, or a user, for an A/B test or a canary by weight.",
      ),
    minQuality: z
      .number()
      .min(0)
      .max(1)
      .optional()
      .describe('No upstream below this quality, or without one, is tried, as fallback neither.'),
    costTolerance: z
      .number()
      .min(0)
      .max(1)
      .default(0)
      .describe('Under `pick: cost`: a faster candidate may cost this part more than the cheapest.'),
    peak: peak.optional(),
    capture: z
      .union([z.array(captureRule), captureRule])
      .transform((rules) => (Array.isArray(rules) ? rules : [rules]))
      .default([])
      .describe(
        'Requests that go elsewhere, by size, kind, team, time or condition: one rule or a list; the first that fits holds.',
      ),
    mirror: mirror.optional(),
    maxAttempts: z.int().min(1).max(5).default(3).describe('Most upstreams tried for one request.'),
    firstByteTimeoutMs: z
      .int()
      .positive()
      .max(dayMs)
      .default(120_000)
      .describe(
        'How long one upstream may take until its answer begins; then the next is tried. Unary answers begin when they are complete.',
      ),
  })
  .describe('What clients ask for by name.');

/** `dataClasses` of a team, or of all. */
export const dataClassesSchema = z
  .record(nameSchema, z.array(nameSchema).describe('Regions to which data of this class may go.'))
  .describe(
    'Regions to which a request may go in which a policy found data of a class: `pii: [eu, on-prem]`. Failover never leaves them.',
  );

/** A model as it is configured, defaults filled in. */
export type ModelConfig = z.output<typeof modelSchema>;
export type CandidateConfig = z.output<typeof candidate>;
export type CaptureConfig = z.output<typeof captureRule>;
export type PeakConfig = z.output<typeof peak>;
export type MirrorConfig = z.output<typeof mirror>;

/** Everyone who can be asked for a model for whatever reason; one entry a place in the text. */
export const everyoneOf = ({
  candidates,
  fallback,
  peak: busy,
  capture,
  mirror: copied,
}: ModelConfig): CandidateConfig[] => [
  ...candidates,
  ...fallback,
  ...(busy?.use ?? []),
  ...capture.flatMap((rule) => rule.use),
  ...(copied ? [copied.use] : []),
];

/** Most upstreams that one request can be sent to, one after the other. */
export const longestPlan = ({
  maxAttempts,
  candidates,
  fallback,
  peak: busy,
  capture,
}: ModelConfig): number =>
  Math.min(
    maxAttempts,
    Math.max(
      candidates.length + fallback.length + (busy?.use.length ?? 0),
      ...capture.map((rule) => rule.use.length),
    ),
  );
