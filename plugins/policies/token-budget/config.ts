import { z } from 'zod';
import { dollarAmount, priceSchema } from '../../catalog/price.ts';
import { modes } from '../../mode.ts';

/** What becomes of a call when its counts cannot be asked: refused; let through on a slice drawn before, else refused; let through. The strictest first. */
export const onLossModes = ['refuse', 'slice', 'allow'] as const;
export type OnLoss = (typeof onLossModes)[number];

const scope = z.string().min(1).max(200);

const count = z.int().nonnegative();

const limits = {
  tokens: count.optional().describe('Most tokens, input and output together.'),
  inputTokens: count.optional().describe('Most input tokens.'),
  outputTokens: count.optional().describe('Most output tokens.'),
  usd: dollarAmount.optional().describe('Most dollars: 50000, 12.50, "0.005"; at most 6 decimals.'),
  requests: count.optional().describe('Most calls.'),
  concurrent: count.optional().describe('Most calls at the same time.'),
};

const instant = z
  .union([z.iso.date(), z.iso.datetime({ offset: true })], {
    error: 'expected a date such as 2027-01-01 (its start in UTC) or a time such as 2027-01-01T08:00:00Z',
  })
  .transform((text) => Date.parse(text));

const override = z
  .strictObject({
    from: instant.optional().describe('When it begins; at once when left out.'),
    until: instant.describe('When it ends: 2027-01-01 (its start in UTC) or 2027-01-01T08:00:00Z.'),
    for: scope.optional().describe('Only for this one of those that `*` stands for.'),
    ...limits,
  })
  .describe('Limits that hold for a time instead of the usual ones.');

/** One entry of `budgets`. */
export const budgetSchema = z
  .strictObject({
    id: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/, 'expected letters, digits, ".", "_" or "-", at most 63')
      .describe('Name of the budget: in refusals, metrics and records.'),
    organisation: scope
      .optional()
      .describe('`*` or the name under `store`: the whole company, as without any scope.'),
    team: scope.optional().describe('Calls of this team, or `*`: one count for each.'),
    user: scope.optional().describe('Calls of this user, or `*`: one count for each.'),
    application: scope.optional().describe('Calls of this application, or `*`: one count for each.'),
    model: scope.optional().describe('Calls for this name of `models`, or `*`: one count for each.'),
    key: scope.optional().describe('Calls with the key of this id, or `*`: one count for each.'),
    per: z
      .enum(['minute', 'hour', 'day', 'week', 'month'])
      .optional()
      .describe('The count begins anew with each; weeks begin on Monday.'),
    timeZone: z.string().default('UTC').describe('Where the day begins: an IANA name such as Europe/Berlin.'),
    smooth: z
      .strictObject({
        seconds: z.int().positive().max(86_400).describe('In which the whole limit refills.'),
      })
      .optional()
      .describe('Refills evenly instead of all at once: a rate.'),
    ...limits,
    warnAt: z
      .array(z.number().gt(0).max(1))
      .default([])
      .describe('Parts of the limit at which a warning is noted and counted: [0.8, 0.95].'),
    carryOver: z
      .number()
      .min(0)
      .max(1)
      .default(0)
      .describe('Part of the limit that may be carried over when the window before did not use it.'),
    overrides: z.array(override).default([]).describe('Other limits for a time.'),
    mode: z.enum(modes).default('enforce').describe('`shadow` counts and records what it would refuse.'),
    onLoss: z
      .enum(onLossModes)
      .optional()
      .describe('What becomes of calls while the store cannot be asked; as under `store` when left out.'),
    inputBound: z
      .enum(['estimate', 'bytes'])
      .default('estimate')
      .describe(
        'What is held for a prompt: a high estimate, or a token for each byte, which nothing can pass.',
      ),
  })
  .describe('A limit, and whose calls it counts: all scopes that are given must fit.');

export type BudgetConfig = z.output<typeof budgetSchema>;

/** `prices`: what nexus.yaml says about money. */
export const pricesSchema = z
  .object({
    unknownModel: z
      .union(
        [
          z.literal('refuse'),
          z.strictObject({ input: priceSchema.shape.input, output: priceSchema.shape.output }),
        ],
        { error: 'expected refuse, or the most that one may cost: { input: 100, output: 500 }' },
      )
      .default('refuse')
      .describe(
        'For models without a price: `refuse` under a budget in dollars, or the most that one may cost.',
      ),
  })
  .catchall(priceSchema)
  .describe(
    'Prices by `provider/model` (`provider/*` for all of its models); they go before the public table.',
  );
