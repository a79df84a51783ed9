import { z } from 'zod';

/** A secret by reference: `${env:NAME}` or `${file:PATH}`. Literal secrets are refused. */
const secretRef = z
  .string()
  .regex(/^\$\{(env:[A-Za-z_][A-Za-z0-9_]*|file:[^}]+)\}$/, 'expected ${env:NAME} or ${file:PATH}')
  .describe('A secret by reference: ${env:NAME} or ${file:PATH}.');

const name = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/, 'expected letters, digits, ".", "_" or "-", at most 63');

/** Longest time that may be set: a timer of more than 2^31 ms fires at once in Node. */
const dayMs = 86_400_000;

const provider = z
  .strictObject({
    dialect: z
      .enum(['openai', 'openai-responses', 'anthropic'])
      .describe('Wire format that this provider speaks; openai is Chat Completions.'),
    baseUrl: z
      .url({ protocol: /^https?$/, error: 'expected an http:// or https:// URL' })
      .describe('Where its API starts, with the path: https://api.openai.com/v1, https://api.anthropic.com.'),
    key: secretRef
      .optional()
      .describe('Credential for this provider. Leave out for a server that needs none.'),
    region: name.optional().describe('Where it processes data, in your own words: eu, us, on-prem.'),
    maxConcurrent: z.int().positive().optional().describe('Most requests at the same time.'),
    tls: z
      .strictObject({
        caFile: z
          .string()
          .optional()
          .describe('PEM file of the authorities to trust instead of the system ones.'),
      })
      .optional()
      .describe('Of an https provider: how its certificate is checked.'),
  })
  .describe('One account at one place. Becomes one Envoy cluster or Kong upstream.');

const candidate = z
  .strictObject({
    provider: name.describe('A name from `providers`.'),
    model: z.string().min(1).describe("The provider's own name of the model."),
    weight: z.int().min(0).default(1).describe('Share of requests under `pick: weighted`.'),
  })
  .describe('One place that can answer for a model.');

const model = z
  .strictObject({
    pick: z.enum(['weighted', 'ordered']).default('ordered').describe('How the first candidate is chosen.'),
    candidates: z.array(candidate).min(1).describe('Who can answer.'),
    fallback: z.array(candidate).default([]).describe('Who is tried, in order, when the candidates fail.'),
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

const team = z
  .strictObject({
    models: z.array(name).optional().describe('Models that this team may use; all when left out.'),
    regions: z
      .array(name)
      .optional()
      .describe('Regions of providers that this team may use; all when left out.'),
  })
  .describe('What its members may use.');

/** One entry of `keys`. */
export const keySchema = z
  .strictObject({
    hash: z
      .string()
      .regex(
        /^sha256:[0-9a-f]{64}$/,
        'expected sha256: and 64 hexadecimal digits (nexus keys create prints it)',
      )
      .describe('SHA-256 of the key, so that this file holds none.'),
    id: name
      .optional()
      .describe('Name of the key in records; the first 12 digits of its hash when left out.'),
    user: name.optional().describe('The person behind the key.'),
    team: name.optional().describe('A name from `teams`.'),
    application: name.optional().describe('The program that uses the key.'),
    expires: z.iso
      .date()
      .optional()
      .describe('First day (UTC) on which the key no longer works: 2027-01-01.'),
  })
  .describe('A key that clients send, and who it stands for.');

const limits = z
  .strictObject({
    maxRequestBytes: z
      .int()
      .positive()
      .default(33_554_432)
      .describe('Largest request body, also after decompression.'),
    maxResponseBytes: z
      .int()
      .positive()
      .default(33_554_432)
      .describe('Largest unary answer, also after decompression.'),
    streamIdleTimeoutMs: z
      .int()
      .positive()
      .max(dayMs)
      .default(60_000)
      .describe('How long an upstream may be silent inside an answer before it is ended with an error.'),
  })
  .describe('Sizes and times that no request may pass.');

/** nexus.yaml, whole. One document for both hosts. */
export const configSchema = z
  .strictObject({
    version: z.literal(1).describe('Version of this format.'),
    providers: z.record(name, provider).describe('Where models run.'),
    models: z.record(name, model).describe('What clients ask for.'),
    teams: z.record(name, team).default({}).describe('Who may use what.'),
    keys: z.array(keySchema).default([]).describe('Keys of clients.'),
    limits: limits.prefault({}),
  })
  .describe('Configuration of Nexus.');

export type Config = z.output<typeof configSchema>;
export type ProviderConfig = Config['providers'][string];
export type ModelConfig = Config['models'][string];
export type CandidateConfig = ModelConfig['candidates'][number];
export type KeyConfig = Config['keys'][number];
