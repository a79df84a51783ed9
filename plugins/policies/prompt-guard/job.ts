import { RE2JS } from 're2js';
import type { Level, PatternConfig } from './config.ts';
import { type Channel, type Detector, type Finding, pieceChars } from './detector.ts';

/** Texts of one request to judge, in the order in which they matter. Can be copied to another thread. */
export interface GuardJob {
  readonly texts: readonly { readonly text: string; readonly channel: Channel }[];
  readonly level: Level;
  readonly deny: readonly PatternConfig[];
  readonly allow: readonly PatternConfig[];
  readonly maxMs: number;
}

/** Name of the job where tasks of other threads have names. */
export const guardTask = 'prompt-guard';

/** What an own pattern adds to a finding. */
export interface TextFinding extends Finding {
  /** Id of the first pattern of `allow` that fits. */
  readonly allowed?: string;
  readonly denied?: string;
}

export interface JobTools {
  readonly nowMs: () => number;
  /** Called between pieces. */
  readonly breathe: () => Promise<void> | undefined;
}

/** One finding a text; texts that the time did not suffice for are skipped whole. */
export const judgeAll = async (
  detector: Detector,
  { texts, level, deny, allow, maxMs }: GuardJob,
  { nowMs, breathe }: JobTools,
): Promise<TextFinding[]> => {
  const endMs = nowMs() + maxMs;
  const found: TextFinding[] = [];
  for (const { text, channel } of texts) {
    if (nowMs() > endMs) {
      found.push(unseen(text));
      continue;
    }
    const judging = detector.start(text, channel, level);
    while (judging.next() && nowMs() <= endMs) await breathe();
    const denied = await firstFit(deny, text, breathe);
    const allowed = denied === undefined ? await firstFit(allow, text, breathe) : undefined;
    found.push({
      ...judging.finding(),
      ...(denied === undefined ? {} : { denied }),
      ...(allowed === undefined ? {} : { allowed }),
    });
    await breathe();
  }
  return found;
};

const unseen = (text: string): TextFinding => ({
  score: 0,
  verdict: 'allow',
  rules: [],
  head: 'rules',
  instruction: false,
  skippedChars: text.length,
});

/** Longest match that is sure to be found when it lies on the border of two pieces. */
const overlapChars = 1024;

const firstFit = async (
  patterns: readonly PatternConfig[],
  text: string,
  breathe: () => Promise<void> | undefined,
): Promise<string | undefined> => {
  for (const { id, pattern } of patterns) {
    const compiled = compile(pattern);
    for (let at = 0; at < text.length; at += pieceChars - overlapChars) {
      const piece = text.slice(at, at + pieceChars);
      if (compiled.test(piece)) return id;
      if (text.length > pieceChars) await breathe();
    }
  }
  return undefined;
};

const compiled = new Map<string, RE2JS>();

const compile = (pattern: string): RE2JS => {
  let known = compiled.get(pattern);
  if (!known) {
    known = RE2JS.compile(pattern, RE2JS.CASE_INSENSITIVE);
    if (compiled.size > 1000) compiled.clear();
    compiled.set(pattern, known);
  }
  return known;
};
