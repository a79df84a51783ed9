import { type Folded, fold } from '../../text/fold.ts';
import { type View, type ViewName, viewsOf } from '../../text/views.ts';
import type { Level } from './config.ts';
import { Extractor, type Features } from './features.ts';
import { classOf, type GuardModel, loadModel, Scorer, toolClasses, userClasses } from './model.ts';
import { type Channel, fittingRules } from './rules.ts';
import weights from './weights.json' with { type: 'json' };

export type { Channel } from './rules.ts';

/** What the guard says about one text. Holds nothing of the text. */
export interface Finding {
  /** 0 to 1; 0.5 is the threshold `balanced`. */
  readonly score: number;
  readonly verdict: 'allow' | 'flag' | 'block';
  /** Ids of the rules that found something, and `concealed:VIEW` for the reading that scored highest. */
  readonly rules: readonly string[];
  /** Which model had the last word. */
  readonly head: 'user' | 'data' | 'rules';
  /** Of data: does it hold plain instructions, though no attack on the model? Never blocks. */
  readonly instruction: boolean;
  /** Characters that were not looked at, because a limit of size or time was reached. */
  readonly skippedChars: number;
}

/** Texts are judged in pieces of this many characters, so that none takes long and views stay bounded. */
export const pieceChars = 8192;
/** What two pieces share, so that an attack on the border is whole in one of them. */
const sharedChars = 400;

/** A reading that had to be undone first is evidence in itself: by how much it lowers the threshold, in logits. */
const concealment: Readonly<Record<ViewName, number>> = {
  hidden: 3,
  base64: 0.7,
  hex: 0.7,
  binary: 0.7,
  decimal: 0.7,
  percent: 1.1,
  entities: 0.6,
  escapes: 0.6,
  morse: 0.7,
  rot13: 0.7,
  reversed: 0.7,
  'upside-down': 0.7,
  spaced: 0.7,
  joined: 0.5,
  unbroken: 1.2,
  leet: 0.6,
  scrambled: 0.9,
};

/** Below the threshold by no more than this a text is flagged. */
const flagMargin = 1;

interface Judged {
  /** Logits above the threshold of each level. */
  readonly margins: Readonly<Record<Level, number>>;
  readonly rules: readonly string[];
  readonly head: Finding['head'];
  readonly instruction: boolean;
  /** A rule lowered the threshold or decided. */
  readonly suspicious: boolean;
}

/** Judges texts with one model; one text at a time, no state between texts. */
export class Detector {
  readonly #model: GuardModel;
  readonly #extractor: Extractor;
  readonly #scorer: Scorer;

  constructor(model: GuardModel = shippedModel()) {
    this.#model = model;
    this.#extractor = new Extractor(model.classes);
    this.#scorer = new Scorer(model);
  }

  /** Judges a whole text at once. */
  judge(text: string, channel: Channel, level: Level): Finding {
    const judging = this.start(text, channel, level);
    while (judging.next()) {}
    return judging.finding();
  }

  /** Judges a text piece by piece, for callers that have other things to do in between. */
  start(text: string, channel: Channel, level: Level): Judging {
    const judged: Judged[] = [];
    let at = 0;
    return {
      next: () => {
        judged.push(this.#judgePiece(text.slice(at, at + pieceChars), channel));
        at += pieceChars;
        if (at >= text.length) return false;
        at -= sharedChars;
        return true;
      },
      finding: () => conclude(judged, level, Math.max(0, text.length - at)),
    };
  }

  #judgePiece(text: string, channel: Channel): Judged {
    const folded = fold(text);
    const plain = this.#judgeReading(folded, channel, 0);
    let best = plain;
    for (const view of viewsOf(folded)) {
      const hidden = this.#judgeView(view, channel);
      if (hidden.margins.balanced > best.margins.balanced) best = hidden;
    }
    if (best === plain) return plain;
    return { ...best, rules: [...new Set([...plain.rules, ...best.rules])] };
  }

  #judgeView({ name, folded }: View, channel: Channel): Judged {
    const judged = this.#judgeReading(folded, channel, concealment[name]);
    return { ...judged, rules: [...judged.rules, `concealed:${name}`] };
  }

  #judgeReading(folded: Folded, channel: Channel, lowered: number): Judged {
    const features = this.#extractor.extract(folded.text);
    const { over, instruction } = this.#measure(features, channel);
    const found = fittingRules(folded, features);
    const byRules = found.reduce((sum, it) => sum + it.weight[channel], 0);
    const decided = found.some((it) => it.severity === 'critical' && it.weight[channel] >= 9);
    const margin = (level: Level): number => (decided ? 9 : over(level) + byRules + lowered);
    return {
      margins: { strict: margin('strict'), balanced: margin('balanced'), lenient: margin('lenient') },
      rules: found.map((it) => it.id),
      head: decided ? 'rules' : channel,
      instruction,
      suspicious: byRules >= 1,
    };
  }

  /** By how much a text is over the threshold of a level, and whether it is data that holds plain instructions. */
  #measure(
    features: Features,
    channel: Channel,
  ): { readonly over: (level: Level) => number; readonly instruction: boolean } {
    const { words } = features;
    const { thresholds } = this.#model;
    if (words === 0) return { over: () => -9, instruction: false };
    if (channel === 'data') {
      const { tool, bare } = this.#scorer.scoreData(features);
      return {
        over: (level) => tool.logit - (thresholds[level].tool[classOf(words, toolClasses)] ?? 0),
        instruction: bare.logit > thresholds.balanced.bare,
      };
    }
    const { user, tool } = this.#scorer.scoreTurn(features);
    const over = (level: Level): number => {
      const { user: limits, userWindow } = thresholds[level];
      return Math.max(user - (limits[classOf(words, userClasses)] ?? 0), tool.logit - userWindow);
    };
    return { over, instruction: false };
  }
}

/** A text being judged. */
export interface Judging {
  /** Judges the next piece; false when it was the last. */
  next(): boolean;
  /** What the pieces judged so far say. */
  finding(): Finding;
}

const conclude = (judged: readonly Judged[], level: Level, skippedChars: number): Finding => {
  const worst = judged.reduce((most, it) => (it.margins.balanced > most.margins.balanced ? it : most));
  const margin = worst.margins[level];
  const flagged = margin > -flagMargin || judged.some((it) => it.suspicious);
  return {
    score: Math.round(1e4 / (1 + Math.exp(-worst.margins.balanced))) / 1e4,
    verdict: margin > 0 ? 'block' : flagged ? 'flag' : 'allow',
    rules: [...new Set(judged.flatMap((it) => it.rules))],
    head: worst.head,
    instruction: judged.some((it) => it.instruction),
    skippedChars,
  };
};

let shipped: GuardModel | undefined;

/** The model in the repository, loaded when it is first asked for. */
export const shippedModel = (): GuardModel => {
  shipped ??= loadModel(weights as Parameters<typeof loadModel>[0]);
  return shipped;
};
