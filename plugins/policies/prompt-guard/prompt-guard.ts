import type { Exchange, Note, NoteValue } from '../../exchange.ts';
import { modeFor } from '../../mode.ts';
import type { ModelRequest } from '../../model/request.ts';
import { type Policy, type PolicyHooks, pass, refuse, type Verdict } from '../../policy.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Meter } from '../../ports/meter.ts';
import { noThreads, type Offload } from '../../ports/offload.ts';
import { TextMemory } from '../text-memory.ts';
import type { GuardMode, GuardPlace, PromptGuardConfig } from './config.ts';
import { Detector } from './detector.ts';
import { type GuardJob, guardTask, judgeAll, type TextFinding } from './job.ts';
import { type PlacedText, placedTexts } from './places.ts';

export interface PromptGuardDeps {
  readonly clock: Clock;
  readonly meter: Meter;
  /** Absent: long texts are judged in slices on this thread. */
  readonly offload?: Offload;
}

/** Header of an answer to a request that mode `tag` found to be an attack. */
export const flaggedHeader = ['x-nexus-guard', 'flagged'] as const;

/** Texts whose verdicts are remembered. */
const mostRemembered = 20_000;

/** More text than this is judged on another thread. */
const offloadChars = 8192;

/**
 * Looks for prompt injection in the texts of a request. `enforce` refuses an attack, `tag` marks its answer, `shadow`
 * only notes. What it notes are places, scores and names of rules, never a text. Throws nothing of its own.
 */
export const promptGuardPolicy = (config: PromptGuardConfig, deps: PromptGuardDeps): Policy => {
  const shared: Shared = {
    config,
    deps,
    detector: readyDetector(),
    seen: new TextMemory({ maxSize: mostRemembered, sizeOf: () => 1 }),
  };
  return {
    name: 'prompt-guard',
    failOpen: false,
    begin: (exchange) => hooksFor(shared, exchange),
  };
};

interface Shared {
  readonly config: PromptGuardConfig;
  readonly deps: PromptGuardDeps;
  readonly detector: Detector;
  readonly seen: TextMemory<TextFinding>;
}

/** With its tables built: the first text builds them, which would keep the first request waiting. */
const readyDetector = (): Detector => {
  const detector = new Detector();
  detector.judge('ready', 'user', 'balanced');
  return detector;
};

const hooksFor = (shared: Shared, exchange: Exchange): PolicyHooks => {
  let flagged = false;
  return {
    async request(request) {
      const mode = modeFor(shared.config, { consumer: exchange.consumer, model: request.requestModel });
      // Inputs of embeddings are indexed, not obeyed.
      if (mode === 'off' || request.operation === 'embeddings') {
        exchange.notes.push(note('skipped', { reason: mode === 'off' ? 'mode off' : 'embeddings' }));
        return pass();
      }
      const judged = await judge(shared, request);
      const verdict = verdictOf(judged, shared.config);
      flagged = mode === 'tag' && verdict !== 'allow';
      count(shared, { mode, verdict, judged });
      exchange.notes.push(noteOf(judged, { mode, verdict, config: shared.config }));
      return mode === 'enforce' && verdict === 'block' ? refusal(judged, request) : pass();
    },
    headers: () => (flagged ? [flaggedHeader] : []),
  };
};

/** What was found in all texts of one request. */
interface Judged {
  readonly texts: readonly (PlacedText & { readonly finding: TextFinding })[];
  /** Characters left out by limits. */
  readonly skippedChars: number;
  readonly reason?: 'size' | 'time';
}

const judge = async (shared: Shared, request: ModelRequest): Promise<Judged> => {
  const { config, seen } = shared;
  const { texts, leftOut } = withinSize(placedTexts(request, config.scan), config.maxChars);
  const known = texts.map((it) => {
    const key = seen.keyOf(it.text, it.channel);
    return { it, key, finding: seen.get(key) };
  });
  const unknown = known.filter(({ finding }) => finding === undefined);
  const found =
    unknown.length === 0
      ? []
      : await judgeTexts(
          shared,
          unknown.map(({ it }) => it),
        );
  unknown.forEach((one, at) => {
    one.finding = found[at];
    if (one.finding?.skippedChars === 0) seen.set(one.key, one.finding);
  });
  const judged = known.map(({ it, finding }) => ({ ...it, finding: finding as TextFinding }));
  const late = judged.reduce((sum, it) => sum + it.finding.skippedChars, 0);
  return {
    texts: judged,
    skippedChars: leftOut + late,
    ...(leftOut > 0 ? { reason: 'size' as const } : late > 0 ? { reason: 'time' as const } : {}),
  };
};

/** Newest texts first, as many characters as the limit takes; of the last one its beginning. */
const withinSize = (
  texts: readonly PlacedText[],
  maxChars: number,
): { texts: readonly PlacedText[]; leftOut: number } => {
  let left = maxChars;
  let leftOut = 0;
  const taken = texts.toReversed().flatMap((it) => {
    const text = it.text.slice(0, left);
    left -= text.length;
    leftOut += it.text.length - text.length;
    return text === '' ? [] : [{ ...it, text }];
  });
  return { texts: taken, leftOut };
};

const judgeTexts = async (shared: Shared, texts: readonly PlacedText[]): Promise<readonly TextFinding[]> => {
  const { config, deps } = shared;
  const job: GuardJob = {
    texts: texts.map(({ text, channel }) => ({ text, channel })),
    level: config.threshold,
    deny: config.deny,
    allow: config.allow,
    maxMs: config.maxMs,
  };
  const offload = deps.offload ?? noThreads;
  const chars = texts.reduce((sum, it) => sum + it.text.length, 0);
  if (chars > offloadChars) {
    const elsewhere = await offload.run(guardTask, job).catch(() => undefined);
    if (Array.isArray(elsewhere)) return elsewhere as TextFinding[];
  }
  return judgeAll(shared.detector, job, {
    nowMs: () => deps.clock.nowMs(),
    breathe: () => (chars > offloadChars ? offload.breathe() : undefined),
  });
};

/** What one text comes to, with the patterns of the operator. */
const textVerdict = ({ denied, allowed, verdict }: TextFinding): TextFinding['verdict'] => {
  if (denied !== undefined) return 'block';
  return allowed === undefined ? verdict : 'allow';
};

const verdictOf = (
  { texts, skippedChars }: Judged,
  { onLimit }: PromptGuardConfig,
): TextFinding['verdict'] => {
  const verdicts = texts.map((it) => textVerdict(it.finding));
  if (verdicts.includes('block') || (skippedChars > 0 && onLimit === 'refuse')) return 'block';
  return verdicts.includes('flag') ? 'flag' : 'allow';
};

const worstOf = ({ texts }: Judged): Judged['texts'][number] | undefined =>
  texts
    .filter((it) => textVerdict(it.finding) === 'block')
    .reduce<Judged['texts'][number] | undefined>(
      (worst, it) => (worst && worst.finding.score >= it.finding.score ? worst : it),
      undefined,
    );

const refusal = (judged: Judged, request: ModelRequest): Verdict => {
  const worst = worstOf(judged);
  if (!worst) {
    return refuse('prompt_blocked', {
      message: 'The prompt was blocked by policy: it is too long to be looked at whole.',
    });
  }
  const named = rulesOf(worst.finding);
  return refuse('prompt_blocked', {
    message: `The prompt was blocked by policy: ${worst.label}${named.length === 0 ? '' : ` (${named.join(', ')})`}.`,
    param: worst.place === 'system' ? 'system' : request.dialect === 'gemini' ? 'contents' : 'messages',
  });
};

const rulesOf = ({ denied, rules }: TextFinding): readonly string[] =>
  denied === undefined ? rules : [`deny:${denied}`];

interface Said {
  readonly mode: GuardMode;
  readonly verdict: TextFinding['verdict'];
}

const count = ({ deps: { meter } }: Shared, { mode, verdict, judged }: Said & { judged: Judged }): void => {
  const result = mode === 'enforce' && verdict === 'block' ? 'refused' : 'passed';
  meter.count('nexus_guard_verdicts_total', { mode, verdict, result });
  if (judged.reason) meter.count('nexus_guard_skipped_total', { reason: judged.reason });
};

const noteVerdicts = {
  off: 'skipped',
  shadow: 'would-refuse',
  enforce: 'refused',
  tag: 'flagged',
} as const satisfies Record<GuardMode, Note['verdict']>;

const noteOf = (judged: Judged, { mode, verdict, config }: Said & { config: PromptGuardConfig }): Note => {
  const rules = [...new Set(judged.texts.flatMap((it) => rulesOf(it.finding)))];
  const allowed = [...new Set(judged.texts.flatMap((it) => it.finding.allowed ?? []))];
  const said = verdict === 'block' ? noteVerdicts[mode] : verdict === 'flag' ? 'flagged' : 'passed';
  return note(said, {
    mode,
    threshold: config.threshold,
    scores: scoresByPlace(judged),
    instructions: judged.texts.filter((it) => it.finding.instruction).length,
    ...(rules.length > 0 ? { rules } : {}),
    ...(allowed.length > 0 ? { allowed } : {}),
    ...(judged.reason ? { skippedChars: judged.skippedChars, skippedBy: judged.reason } : {}),
  });
};

/** The highest score of each place. */
const scoresByPlace = ({ texts }: Judged): NoteValue => {
  const scores: Partial<Record<GuardPlace, number>> = {};
  for (const { place, finding } of texts) scores[place] = Math.max(scores[place] ?? 0, finding.score);
  return scores as NoteValue;
};

const note = (verdict: Note['verdict'], facts: Note['facts']): Note => ({
  policy: 'prompt-guard',
  verdict,
  facts,
});
