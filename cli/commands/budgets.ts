import { defineCommand } from 'citty';
import { dollars, microDollars } from '../../plugins/catalog/money.ts';
import type { Count, Hold } from '../../plugins/ports/counter-store.ts';
import type { ListedBudgets, ListedCount, ListedHolds } from '../admin-budgets.ts';
import { adminOption, askAdmin } from '../admin-client.ts';
import { UsageError } from '../run.ts';
import { textTable } from '../table.ts';

const json = { type: 'boolean', description: 'Print JSON' } as const;

const list = defineCommand({
  meta: { description: 'Every count of the running gateway: what is used, held and left' },
  args: { admin: adminOption, json },
  run: async ({ args }) => {
    const listed = await askAdmin<ListedBudgets>(args.admin, '/api/budgets');
    if (args.json) return console.log(JSON.stringify(listed, null, 2));
    console.log(countTable(listed.budgets));
    if (listed.forgottenAt !== undefined) {
      console.error(
        `The store forgot at ${listed.forgottenAt} what it had counted until then. What this gateway last saw was put back; \`nexus budgets adjust\` corrects what is not right.`,
      );
    }
  },
});

const holds = defineCommand({
  meta: { description: 'Every open reservation: whose, how old, how much' },
  args: { admin: adminOption, json },
  run: async ({ args }) => {
    const listed = await askAdmin<ListedHolds>(args.admin, '/api/budgets/holds');
    console.log(args.json ? JSON.stringify(listed, null, 2) : holdTable(listed.holds));
  },
});

const adjust = defineCommand({
  meta: { description: 'Add to what is used of one count, or give back; recorded with its reason' },
  args: {
    budget: { type: 'positional', required: true, description: 'Id of the budget' },
    scope: { type: 'string', default: 'all', description: 'Whose count: user=alice, as `list` shows it' },
    unit: {
      type: 'string',
      required: true,
      description: 'tokens, inputTokens, outputTokens, usd or requests',
    },
    amount: {
      type: 'string',
      required: true,
      description: 'Added to what is used: 500, -500; dollars for usd',
    },
    reason: { type: 'string', required: true, description: 'Why, for the record' },
    admin: adminOption,
    json,
  },
  run: async ({ args }) => {
    const { budget, scope, reason } = args;
    const count = await askAdmin<Count>(args.admin, '/api/budgets/adjust', {
      budget,
      scope,
      reason,
      unit: args.unit === 'usd' ? 'microUsd' : args.unit,
      amount: amountOf(args.amount, args.unit),
    });
    console.log(args.json ? JSON.stringify(count, null, 2) : countTable([{ ...count, enforced: true }]));
  },
});

/** Whole number of the unit; micro-dollars of dollars. */
const amountOf = (text: string, unit: string): number => {
  const [, sign = '', size = ''] = /^([-+]?)(.*)$/.exec(text.trim()) ?? [];
  const amount = unit === 'usd' ? microDollars(size) : /^\d{1,15}$/.test(size) ? Number(size) : undefined;
  if (amount === undefined)
    throw new UsageError(`--amount is ${text}, expected ${unit === 'usd' ? 'dollars' : 'a whole number'}`);
  return sign === '-' ? -amount : amount;
};

const countTable = (counts: readonly ListedCount[]): string =>
  textTable([
    ['BUDGET', 'SCOPE', 'UNIT', 'LIMIT', 'USED', 'HELD', 'LEFT', 'UNCONFIRMED', 'RESETS IN'],
    ...counts.map(({ budget, scope, unit, limit, used, open, unconfirmed, resetMs, enforced }) => [
      enforced ? budget : `${budget} (shadow)`,
      scope,
      unit === 'microUsd' ? 'usd' : unit,
      ...[limit, used, open, Math.max(0, limit - used - open), unconfirmed].map((it) => shown(it, unit)),
      resetMs === 0 ? '-' : shownTime(resetMs),
    ]),
  ]);

const holdTable = (open: readonly Hold[]): string =>
  textTable([
    ['ID', 'OWNER', 'AGE', 'LEASE', 'HELD'],
    ...open.map(({ id, owner, ageMs, leaseMs, amounts }) => [
      id,
      owner,
      shownTime(ageMs),
      shownTime(leaseMs),
      amounts.map((it) => `${it.budget}/${it.scope} ${shown(it.amount, it.unit)} ${it.unit}`).join(', '),
    ]),
  ]);

const shown = (amount: number, unit: string): string =>
  unit === 'microUsd' ? dollars(amount) : String(amount);

const shownTime = (ms: number): string => {
  const seconds = Math.round(ms / 1000);
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 120) return `${minutes}m`;
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `${hours}h` : `${Math.round(hours / 24)}d`;
};

export default defineCommand({
  meta: { description: 'Counts and reservations of a running gateway' },
  subCommands: { list, holds, adjust },
});
