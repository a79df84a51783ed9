import type { Folded } from '../../text/fold.ts';
import type { Features, Marks } from './features.ts';
import { type Concept, concepts } from './lexicon.ts';
import { type Mark, markOf } from './marks.ts';

/** Where a text stands, as far as the guard treats places differently. `data`: tool results and documents. */
export type Channel = 'user' | 'data';

/** What a rule found means for the verdict. */
export type Severity =
  /** An attack, whatever the model says. */
  | 'critical'
  /** Lowers the threshold. */
  | 'high'
  /** Evidence for people. */
  | 'note';

export interface Rule {
  readonly id: string;
  readonly severity: Severity;
  /** What it finds, for the docs. */
  readonly finds: string;
  /** By how much it lowers the threshold, in logits. */
  readonly weight: Readonly<Record<Channel, number>>;
  /** Is tried only on texts that hold one of these concepts; on all when left out. */
  readonly needs?: number;
  readonly test: (folded: Folded, marks: Marks) => boolean;
}

const holding = (...names: readonly Concept[]): number =>
  names.reduce((bits, name) => bits | (1 << concepts.indexOf(name)), 0);

/** A pattern that is tried only where a cheap literal stands in the text. All are linear: no nested repetition. */
const where =
  (literals: readonly string[], pattern: RegExp) =>
  ({ text }: Folded): boolean =>
    literals.some((it) => text.includes(it)) && pattern.test(text);

/** A pattern (sticky) that begins with a word of `mark`, and is tried only where one stands. */
const startingWith = (mark: Mark, pattern: RegExp) => {
  const bit = markOf(mark);
  return ({ text }: Folded, { count, bits, places }: Marks): boolean => {
    for (let at = 0; at < count; at++) {
      if (((bits[at] as number) & bit) === 0) continue;
      pattern.lastIndex = places[at] as number;
      if (pattern.test(text)) return true;
    }
    return false;
  };
};

/** The same, tried only on texts that hold a word of `needed` too. */
const startingWithBoth = (mark: Mark, needed: Mark, pattern: RegExp) => {
  const test = startingWith(mark, pattern);
  const bit = markOf(needed);
  return (folded: Folded, marks: Marks): boolean =>
    marks.bits.subarray(0, marks.count).some((it) => (it & bit) !== 0) && test(folded, marks);
};

/** The rules that fit a text, of which features tell concepts and marks. */
export const fittingRules = (
  folded: Folded,
  { concepts, marks }: Pick<Features, 'concepts' | 'marks'>,
): Rule[] =>
  rules.filter(({ needs, test }) => (needs === undefined || (needs & concepts) !== 0) && test(folded, marks));

const model =
  '(?:ai|llm|(?:ai|virtual|digital|automated) (?:assistant|agent|model|system)|assistant|language model|chatbot|copilot|chatgpt|claude|gemini|gpt)s?\\b';

/** What reads a text may also be called so; people are, too. */
const reader = '(?:agent|system|bot|model|assistant)s?\\b';

/** Ways to begin when one speaks to a model. */
const addressed = new RegExp(
  [
    `\\b(?:(?:dear|attention,?|hey,?|hello,?|hi,?) ${model}`,
    `(?:message|note|memo|notice|hint|reminder|instruction|request|order)s? (?:to|for)(?: the| any| all| whichever| every)? ${model}`,
    `if (?:you are|you're) (?:an?|the) (?:${model}|${reader},? (?:reading|processing|summari[sz]ing|handling) (?:this|these|the)\\b)`,
    `as (?:an?|the) (?:${model},? you (?:must|should|need|have)|${reader},? (?:reading|handling|processing)\\b)`,
    `you, (?:the|dear) ${model}`,
    `(?:for|to|by) (?:the|any|whichever|every) (?:${model}|${reader})(?::| (?:that|who|which)(?: is)? (?:reads?|reading|process(?:es|ing)|handl(?:es|ing)|summari[sz](?:es|ing)) (?:this|it|these)))`,
  ].join('|'),
  'y',
);

export const rules: readonly Rule[] = [
  {
    id: 'hidden-characters',
    severity: 'critical',
    finds: 'words spelt in tag characters or variation selectors, which people cannot see',
    weight: { user: 9, data: 9 },
    test: ({ signs }) => /[a-z]{2}/i.test(signs.hidden),
  },
  {
    id: 'image-exfiltration',
    severity: 'critical',
    finds: 'a markdown image whose URL is to be filled with what the model knows',
    weight: { user: 1.5, data: 9 },
    test: where(
      ['!['],
      /!\[[^\]\n]{0,120}\]\(\s{0,4}https?:\/\/[^)\s?]{1,300}\?[^)\n]{0,120}?=(?:\{|\[|<|\$|%7b|data\b|the[ _+]|user|your|conversation|history|secret|summary|prompt|base64)/,
    ),
  },
  {
    id: 'chat-template',
    severity: 'high',
    finds: 'tokens of chat templates, which only the server of a model may write',
    weight: { user: 0.5, data: 2 },
    test: where(
      ['<|', '[inst]', '[/inst]', '<<sys>>', '<start_of_turn>', '[system](#'],
      /<\|(?:im_start|im_end|system|user|assistant|endoftext|eot_id|start_header_id|end_of_turn)\|>|\[\/?inst\]|<<\/?sys>>|<start_of_turn>|\[system\]\(#/,
    ),
  },
  {
    id: 'role-line',
    severity: 'high',
    finds: 'a line that begins like a turn of the system or of the developer',
    weight: { user: 0.2, data: 0.5 },
    test: startingWith(
      'role',
      /(?<=(?:^|\n)[ #>*\t[]{0,8})(?:system|developer|admin)(?: (?:message|notice|prompt|instructions?))?[\]*]{0,3} ?:/y,
    ),
  },
  {
    id: 'hidden-html',
    severity: 'high',
    finds: 'text in HTML that is styled to be invisible',
    weight: { user: 0.5, data: 1.5 },
    test: startingWith(
      'style',
      /style=["'][^"'>]{0,200}(?:display: ?none|visibility: ?hidden|font-size: ?0|opacity: ?0(?![.\d])|color: ?(?:white|#fff|transparent))[^"'>]{0,200}["'][^>]{0,200}>[^<]{20}/y,
    ),
  },
  {
    id: 'comment-to-model',
    severity: 'high',
    finds: 'an HTML comment that speaks to a model',
    weight: { user: 0.5, data: 2 },
    needs: holding('model', 'ignore'),
    test: where(
      ['<!--'],
      /<!--[^>]{0,300}\b(?:ai|assistant|llm|chatgpt|claude|gemini|agents?|language model|ignore (?:all|previous|the))\b/,
    ),
  },
  {
    id: 'override-phrase',
    severity: 'high',
    finds: 'the call to ignore earlier instructions, in English; not where it is quoted',
    weight: { user: 0.8, data: 1 },
    needs: holding('ignore'),
    test: startingWith(
      'override',
      /(?<![\w"'`])(?:(?:ignor|disregard|overrid|bypass|dismiss|overrul|discard)(?:e|ing)?|forget|skip|drop|stop following|do not follow|pay no attention to)\b(?! (?:a|an|some)\b)[^.\n]{0,40}\b(?:previous|prior|above|earlier|all|your|other|preceding|existing|original|initial|current|past|these|those)\b[^.\n]{0,30}\b(?:instruction|prompt|rule|directive|guideline|order|restriction|command|constraint|polic(?:y|ies)\b|programming|limits\b|system message)/y,
    ),
  },
  {
    id: 'addressed-to-model',
    severity: 'high',
    finds: 'words addressed to a model',
    weight: { user: 0, data: 1.5 },
    needs: holding('model'),
    test: startingWith('address', addressed),
  },
  {
    id: 'about-the-answer',
    severity: 'high',
    finds: 'an order for the answer that is about to be given, or in the name of the user',
    weight: { user: 0, data: 1 },
    test: startingWith(
      'occasion',
      /(?<=\b(?:in|with|to|at the end of) )your (?:(?:final |next )?(?:answer|summary|output)|(?:final|next) (?:response|reply))\b|(?:when|while|before|after|once)(?: you)? (?:summari[sz]|read|answer|process|translat|analy[sz]|respond)[a-z]{0,6}(?: (?:to )?(?:this|it|the (?:page|e?mail|text|document|question|user)))?, (?:also |first |please |you must )?[a-z]|(?<=\bthe )user(?:'s)? (?:has asked|asked|wants|wishes|authori[sz]ed|already agreed|has authori[sz]ed|has approved|has agreed)\b.{0,20}\b(?:you|the (?:assistant|agent|model))\b/y,
    ),
  },
  {
    id: 'important-block',
    severity: 'high',
    finds: 'a block marked as important or as a message from the user',
    weight: { user: 0, data: 1.2 },
    test: startingWith(
      'block',
      /(?<=<)(?:important|information|instructions?|system)>|message from (?:me|your (?:owner|user|developer))\b/y,
    ),
  },
  {
    id: 'fake-completion',
    severity: 'high',
    finds: 'an answer of the model written in advance, followed by a new task',
    weight: { user: 0.3, data: 1.5 },
    needs: holding('task'),
    test: startingWithBoth(
      'answer',
      'completion',
      /\b(?:answer|response|output|result|assistant)s?:[^\n]{0,60}\b(?:complete|completed|done|finished)\b[^\n]{0,80}\n\s{0,4}[^\n]{0,20}\b(?:instruction|now|next|new task|user|human|ignore|write|print|say|send)\b/y,
    ),
  },
  {
    id: 'secrecy',
    severity: 'high',
    finds: 'the wish that the user learn nothing',
    weight: { user: 0.2, data: 0.8 },
    needs: holding('stealth', 'user'),
    test: startingWithBoth(
      'silence',
      'telling',
      /\b(?:do not|don't|never|without) (?:tell|inform|mention|notify|alert)(?:ing)?\b[^.\n]{0,20}\b(?:the user|user|this|these instructions)/y,
    ),
  },
  {
    id: 'reading-order',
    severity: 'high',
    finds: 'characters that turn the reading order around',
    weight: { user: 0.3, data: 0.5 },
    test: ({ signs }) => signs.overrides > 0,
  },
  {
    id: 'look-alikes',
    severity: 'note',
    finds: 'letters of another script inside of Latin words',
    weight: { user: 0.5, data: 0.5 },
    test: ({ signs }) => signs.homoglyphs >= 4,
  },
  {
    id: 'stacked-marks',
    severity: 'note',
    finds: 'letters buried under marks',
    weight: { user: 0.3, data: 0.3 },
    test: ({ signs }) => signs.stackedMarks >= 4,
  },
];
