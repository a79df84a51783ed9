import { hashOf } from '../../text/hash.ts';

/**
 * Words that rules begin with or need. The extractor reads every word anyway and notes where these are, so that rules need
 * not search the text.
 */
const marked = {
  role: 'system developer admin',
  override:
    'ignore ignoring disregard disregarding forget override overriding bypass bypassing dismiss dismissing overrule overruling discard discarding skip drop stop do pay',
  address:
    'dear attention hey hello hi message messages note notes memo memos notice notices hint hints reminder reminders instruction instructions request requests order orders if as you for to by',
  occasion: 'your when while before after once user',
  block: 'important information instruction instructions system message',
  answer: 'answer answers response responses output outputs result results assistant assistants',
  completion: 'complete completed done finished',
  silence: 'do don never without',
  telling: 'tell telling inform informing mention mentioning notify notifying alert alerting',
  style: 'style',
} as const;

export type Mark = keyof typeof marked;

const bits = Object.keys(marked) as Mark[];

/** The bit of a mark. */
export const markOf = (mark: Mark): number => 1 << bits.indexOf(mark);

const size = 1 << 10;
const placeOf = (hash: number): number => (hash ^ (hash >>> 16)) & (size - 1);
const table = new Uint16Array(size);
for (const mark of bits) {
  for (const word of marked[mark].split(' ')) {
    const place = placeOf(hashOf(word));
    table[place] = (table[place] as number) | markOf(mark);
  }
}

/** The marks of the word with that hash; now and then of another one that has the same place in the table. */
export const marksOf = (hash: number): number => table[placeOf(hash)] as number;
