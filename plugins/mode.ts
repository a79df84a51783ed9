import { z } from 'zod';
import type { Consumer } from './exchange.ts';

/** How far a policy goes: not at all, decide and record only, or decide and act. */
export const modes = ['off', 'shadow', 'enforce'] as const;
export type Mode = (typeof modes)[number];

/** Settings of a policy's mode: one for all, and exceptions by team, application and model; the last that fits holds. */
export const modeSettings = <const T extends readonly [string, ...string[]]>(names: T, usual: T[number]) => ({
  mode: z
    .enum(names)
    .default(usual as never)
    .describe(`How far the policy goes: ${names.join(' | ')}.`),
  overrides: z
    .array(
      z
        .strictObject({
          team: z.string().optional().describe('Only for this team.'),
          application: z.string().optional().describe('Only for this application.'),
          model: z.string().optional().describe('Only for this model of `models`.'),
          mode: z.enum(names).describe('The mode that holds there.'),
        })
        .describe('Another mode, and for whom: all that is given must fit.'),
    )
    .default([])
    .describe('Other modes for a team, an application or a model; the last that fits holds.'),
});

interface ModeConfig<M> {
  readonly mode: M;
  readonly overrides: readonly {
    readonly team?: string | undefined;
    readonly application?: string | undefined;
    readonly model?: string | undefined;
    readonly mode: M;
  }[];
}

/** The mode that holds for one call. */
export const modeFor = <M>(
  { mode, overrides }: ModeConfig<M>,
  { consumer, model }: { readonly consumer: Consumer; readonly model: string },
): M =>
  overrides.findLast(
    (it) =>
      (it.team === undefined || it.team === consumer.team) &&
      (it.application === undefined || it.application === consumer.application) &&
      (it.model === undefined || it.model === model),
  )?.mode ?? mode;
