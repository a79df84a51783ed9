import { z } from 'zod';
import { serverNames } from '../dialects/servers.ts';
import { piiConfigSchema } from '../policies/pii/config.ts';
import { promptGuardSchema } from '../policies/prompt-guard/config.ts';
import { budgetSchema, onLossModes, pricesSchema } from '../policies/token-budget/config.ts';
import {
  type CandidateConfig,
  dataClassesSchema,
  healthSchema,
  type ModelConfig,
  modelSchema,
  nameSchema as name,
} from '../policies/upstream/config.ts';

/** A secret by reference: `${env:NAME}` or `${file:PATH}`. Literal secrets are refused. */
const secretRef = z
  .string()
  .regex(/^\$\{(env:[A-Za-z_][A-Za-z0-9_]*|file:[^}]+)\}$/, 'expected ${env:NAME} or ${file:PATH}')
  .describe('A secret by reference: ${env:NAME} or ${file:PATH}.');

/** Longest time that may be set: a timer of more than 2^31 ms fires at once in Node. */
const dayMs = 86_400_000;

const auth = z
  .discriminatedUnion('kind', [
    z
      .strictObject({
        kind: z.literal('header'),
        name: z
          .string()
          .regex(/^[a-z][a-z0-9-]*$/, 'expected a header name in lower case')
          .describe('The header: api-key for Azure OpenAI.'),
        prefix: z.string().default('').describe('Before the key: "Bearer ".'),
      })
      .describe('`key` in a header of another name than the dialect has it.'),
    z
      .strictObject({ kind: z.literal('google') })
      .describe(
        'Short-lived tokens for Google Cloud. `key` is the JSON of a service account; without it the default credentials of the machine are used.',
      ),
    z
      .strictObject({
        kind: z.literal('aws'),
        region: z.string().min(1).describe('Region that is signed for: eu-central-1.'),
        service: z.string().min(1).default('bedrock').describe('Service that is signed for.'),
        accessKeyId: secretRef.optional().describe('With `secretAccessKey`: fixed keys.'),
        secretAccessKey: secretRef.optional().describe('With `accessKeyId`: fixed keys.'),
        sessionToken: secretRef.optional().describe('Of temporary keys.'),
      })
      .describe(
        "Signature version 4. Without keys the machine's are used: environment, web identity, container or instance role.",
      ),
  ])
  .describe('How calls to this provider show who pays, where it is not just `key` in the usual header.');

const provider = z
  .strictObject({
    dialect: z
      .enum([
        'openai',
        'openai-responses',
        'anthropic',
        'anthropic-vertex',
        'anthropic-bedrock',
        'gemini',
        'cohere',
        'bedrock',
      ])
      .describe(
        'Wire format that this provider speaks. openai: Chat Completions; gemini: the Gemini API and Vertex AI.',
      ),
    baseUrl: z
      .url({ protocol: /^https?$/, error: 'expected an http:// or https:// URL' })
      .describe(
        'Where its API starts, with the path: https://api.openai.com/v1, https://api.anthropic.com, https://api.cohere.com, https://generativelanguage.googleapis.com/v1beta, https://us-central1-aiplatform.googleapis.com/v1/projects/my-project/locations/us-central1/publishers/google.',
      ),
    server: z
      .enum(serverNames)
      .optional()
      .describe(
        'Of `dialect: openai`, the kind of server that it is, since each takes other fields; told by baseUrl at api.openai.com, Azure, Mistral, Groq, Together, Fireworks, DeepSeek, xAI, OpenRouter and Perplexity. compatible: none of these.',
      ),
    key: secretRef
      .optional()
      .describe('Credential for this provider. Leave out for a server that needs none.'),
    auth: auth.optional(),
    azureApiVersion: z
      .string()
      .regex(/^\d{4}-\d{2}-\d{2}(-preview)?$/, 'expected a date: 2024-10-21')
      .optional()
      .describe(
        'Of Azure OpenAI with deployments in its paths; baseUrl ends with /openai and `model` names the deployment. The newer /openai/v1 needs none.',
      ),
    region: name.optional().describe('Where it processes data, in your own words: eu, us, on-prem.'),
    maxConcurrent: z
      .int()
      .positive()
      .optional()
      .describe('Most requests at the same time. Others go elsewhere while there is somebody to go to.'),
    health: healthSchema.prefault({}),
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

const members = z.array(z.string().min(1).max(200)).optional();

const team = z
  .strictObject({
    users: members.describe('Users who belong to it where their key or token names no team.'),
    applications: members.describe(
      'Applications that belong to it where neither their key or token nor their user has a team.',
    ),
    models: z.array(name).optional().describe('Models that this team may use; all when left out.'),
    regions: z
      .array(name)
      .optional()
      .describe('Regions of providers that this team may use; all when left out.'),
    dataClasses: dataClassesSchema.optional(),
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
    defaultOutputTokens: z
      .int()
      .positive()
      .default(16_384)
      .describe(
        'Most output tokens of a call that names no limit of its own, where a budget counts them; less when the model can do less.',
      ),
  })
  .describe('Sizes and times that no request may pass.');

const imageUrls = z
  .strictObject({
    allow: z
      .array(
        z
          .string()
          .regex(
            /^(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)+$/,
            'expected a host name in lower case, or *. and one: images.example.com',
          ),
      )
      .min(1)
      .describe('Hosts that images may come from: images.example.com, or *.example.com for those below it.'),
    maxBytes: z.int().positive().max(20_971_520).default(5_242_880).describe('Largest image.'),
    timeoutMs: z.int().positive().max(60_000).default(10_000).describe('Longest wait for one image.'),
  })
  .describe(
    'Lets images by URL be fetched for upstreams that want bytes (Gemini, Bedrock, Claude at Vertex AI): over https, from public addresses, without redirects. Without it such requests are refused.',
  );

const node = z.string().regex(/^(\[[0-9a-fA-F:]+\]|[^\s:/@]+):\d{1,5}$/, 'expected host:port');

const login = {
  username: z.string().optional().describe('User of the ACL; the default one when left out.'),
  password: secretRef.optional().describe('Its password, by reference.'),
  tls: z.boolean().default(false).describe('Talk TLS to it.'),
};

const store = z
  .strictObject({
    redis: z
      .union([secretRef, z.string().regex(/^(rediss?:\/\/|\/)/)], {
        error: 'expected redis://…, rediss://…, the path of a socket, or a reference',
      })
      .optional()
      .describe('One Redis: redis://host:6379/0, rediss://…, /path/to.sock, or a reference to such a text.'),
    sentinel: z
      .strictObject({
        nodes: z.array(node).min(1).describe('The sentinels: [host:26379, …].'),
        master: name.describe('What they call the primary.'),
        database: z.int().nonnegative().default(0).describe('Number of the database.'),
        sentinelPassword: secretRef
          .optional()
          .describe('Password of the sentinels themselves, by reference.'),
        ...login,
      })
      .optional()
      .describe('A primary that Redis Sentinel watches, instead of `redis`.'),
    cluster: z
      .strictObject({ nodes: z.array(node).min(1).describe('Some of its nodes: [host:6379, …].'), ...login })
      .optional()
      .describe('A Redis Cluster, instead of `redis`.'),
    dir: z
      .union([z.literal(false), z.string().min(1)], {
        error: 'expected the path of a directory, or false',
      })
      .optional()
      .describe(
        'Without Redis: directory of a journal, so that counts outlive the process; relative to nexus.yaml. `false`: they may begin at zero with each start.',
      ),
    organisation: name
      .default('nexus')
      .describe('Name that all keys in Redis share; in a cluster they lie on one node.'),
    slices: z
      .boolean()
      .default(true)
      .describe(
        'Let each process draw a part of a limit ahead, so that most calls need not wait for the store.',
      ),
    onLoss: z
      .enum(onLossModes)
      .default('refuse')
      .describe(
        'While the store cannot be asked: `refuse` calls, grant what a `slice` drawn before still holds, or `allow` them uncounted.',
      ),
  })
  .describe('Where counts are kept: in Redis for many hosts, else by a process of this one.');

/** nexus.yaml, whole. One document for both hosts. */
export const configSchema = z
  .strictObject({
    version: z.literal(1).describe('Version of this format.'),
    providers: z.record(name, provider).describe('Where models run.'),
    models: z.record(name, modelSchema).describe('What clients ask for.'),
    teams: z.record(name, team).default({}).describe('Who may use what.'),
    dataClasses: dataClassesSchema.default({}),
    keys: z.array(keySchema).default([]).describe('Keys of clients.'),
    budgets: z.array(budgetSchema).default([]).describe('How much may be used, by whom, in what time.'),
    prices: pricesSchema.prefault({}),
    promptGuard: promptGuardSchema.optional(),
    pii: piiConfigSchema.optional(),
    imageUrls: imageUrls.optional(),
    store: store.prefault({}),
    limits: limits.prefault({}),
  })
  .describe('Configuration of Nexus.');

export type Config = z.output<typeof configSchema>;
export type ProviderConfig = Config['providers'][string];
export type { CandidateConfig, ModelConfig };
export type KeyConfig = Config['keys'][number];
export type StoreConfig = Config['store'];
