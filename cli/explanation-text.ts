import { dollars } from '../plugins/catalog/money.ts';
import type { Explanation } from '../plugins/explain.ts';
import { type Reason, reasonCode, reasons } from '../plugins/policies/upstream/reasons.ts';

/** An explanation for people. */
export const explanationText = (explanation: Explanation): string =>
  [
    ...caller(explanation),
    ...block('Request', requestLines(explanation)),
    ...block('Rules', explanation.rules),
    ...block('Upstreams, in the order in which they are tried', candidateLines(explanation)),
    ...block('Budgets', budgetLines(explanation)),
    ...(explanation.refusal
      ? [
          '',
          `Refused: ${explanation.refusal.status} ${explanation.refusal.code}. ${explanation.refusal.message}`,
        ]
      : []),
  ].join('\n');

const caller = ({ consumer, requestModel, configDigest, models }: Explanation): string[] => [
  `${requestModel} for key ${[
    consumer.keyId,
    ...(['user', 'team', 'application'] as const).flatMap((it) =>
      consumer[it] ? `${it} ${consumer[it]}` : [],
    ),
  ].join(', ')}`,
  `configuration ${configDigest}`,
  `may use: ${models.join(', ') || 'no model'}`,
];

const block = (title: string, lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : ['', title, ...lines.map((line) => `  ${line}`)];

const requestLines = ({ routing }: Explanation): string[] => {
  if (!routing) return [];
  const { size, inputTokens, kinds, capture, regions, dataClasses, sticky, mirror } = routing;
  const shown = Object.entries({ kinds, regions, dataClasses, capture, sticky, mirror });
  return [
    `${size}, about ${inputTokens} input tokens`,
    ...shown
      .filter(([, value]) => value !== undefined && String(value) !== '')
      .map(([name, value]) => `${name}: ${[value].flat().join(', ')}`),
  ];
};

interface Shown {
  readonly upstream: string;
  readonly region?: string;
  readonly reason: Reason;
  readonly taken: boolean;
  readonly expectedMicroUsd?: number;
}

const candidateLines = ({ routing }: Explanation): string[] => {
  const candidates = (routing?.candidates ?? []) as unknown as readonly Shown[];
  let place = 0;
  const rows = candidates.map(({ upstream, region = '', reason, taken, expectedMicroUsd }) => [
    taken ? String(++place) : '–',
    upstream,
    region,
    reason,
    expectedMicroUsd === undefined ? '' : `${expectedMicroUsd} µ$`,
    reasons[reasonCode(reason)],
  ]);
  return aligned(rows);
};

const budgetLines = ({ budgets }: Explanation): string[] =>
  aligned(
    budgets.map(({ budget, scope, unit, limit, per, enforced }) => [
      budget,
      scope,
      unit === 'microUsd' ? `$${dollars(limit)}` : `${limit} ${unit}`,
      per,
      enforced ? '' : 'shadow',
    ]),
  );

const aligned = (rows: readonly (readonly string[])[]): string[] => {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
};
