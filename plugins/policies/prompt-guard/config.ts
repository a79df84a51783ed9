import { RE2JS } from 're2js';
import { z } from 'zod';
import { modeSettings } from '../../mode.ts';

/** How far the guard goes; `tag` lets attacks pass and marks their answers. */
export const guardModes = ['off', 'shadow', 'enforce', 'tag'] as const;
export type GuardMode = (typeof guardModes)[number];

/** How readily a text counts as an attack. */
export const levels = ['strict', 'balanced', 'lenient'] as const;
export type Level = (typeof levels)[number];

/** Whose words are looked at. */
export const guardPlaces = ['user', 'tool', 'document', 'system'] as const;
export type GuardPlace = (typeof guardPlaces)[number];

/** Why a pattern cannot be used, with the place in it; undefined when it can. Backtracking does not exist in RE2. */
const patternProblem = (pattern: string): string | undefined => {
  try {
    RE2JS.compile(pattern, RE2JS.CASE_INSENSITIVE);
    return undefined;
  } catch (cause) {
    const part = /`([^`]*)`\s*$/.exec((cause as Error).message)?.[1];
    const at = part ? pattern.indexOf(part) : -1;
    const what = (cause as Error).message.replace(/^error parsing regexp: /, '').replace(/: `[^`]*`$/, '');
    return `${what}${at === -1 ? '' : ` at character ${at + 1}`}, expected an expression of RE2`;
  }
};

const pattern = z
  .strictObject({
    id: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/, 'expected letters, digits, ".", "_" or "-", at most 63')
      .describe('Name of the pattern: in refusals, metrics and records.'),
    pattern: z
      .string()
      .min(1)
      .max(2000)
      .superRefine((text, context) => {
        const problem = patternProblem(text);
        if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
      })
      .describe('RE2 expression, without regard to case, tried on the text as it was written.'),
  })
  .describe('An expression of your own.');

export type PatternConfig = z.output<typeof pattern>;

/** `promptGuard` in nexus.yaml. */
export const promptGuardSchema = z
  .strictObject({
    ...modeSettings(guardModes, 'shadow'),
    threshold: z
      .enum(levels)
      .default('balanced')
      .describe(
        'How readily a text counts as an attack; docs/guard.md has the measured rate of false alarms of each.',
      ),
    scan: z
      .array(z.enum(guardPlaces))
      .default(['user', 'tool', 'document'])
      .describe(
        'Whose words are looked at: user turns, tool results, file text, and instructions of the application.',
      ),
    deny: z.array(pattern).default([]).describe('Texts that are always an attack.'),
    allow: z.array(pattern).default([]).describe('Texts that never are one; `deny` goes first.'),
    maxChars: z
      .int()
      .min(1024)
      .max(16_777_216)
      .default(1_048_576)
      .describe('Most characters of one request that are looked at, newest turns first.'),
    maxMs: z.int().min(10).max(10_000).default(500).describe('Longest time that one request is looked at.'),
    onLimit: z
      .enum(['pass', 'refuse'])
      .default('pass')
      .describe(
        'What becomes of a request that a limit kept from being looked at whole, when nothing was found.',
      ),
  })
  .describe('Finds prompt injection and jailbreaks in requests.');

export type PromptGuardConfig = z.output<typeof promptGuardSchema>;
