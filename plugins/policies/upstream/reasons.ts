/**
 * Why a candidate stands where it stands, or is not in the plan. A rule that captured the request is named after a
 * colon: `capture:long`.
 */
export const reasons = {
  // In the plan
  weight: 'its turn by weight',
  listed: 'as listed',
  faster: 'expected to answer soonest',
  near: 'as soon as the fastest, give or take, and less busy',
  explore: 'asked again to learn how fast it is now',
  slower: 'expected to answer later',
  cheaper: 'this request costs least there',
  tolerated: 'costs little more than the cheapest, and is faster',
  dearer: 'this request costs more there',
  'no-price': 'its price is not known, so it counts as the dearest',
  'least-busy': 'has the fewest requests under way for its weight',
  busier: 'has more requests under way for its weight',
  sticky: 'keeps its conversation or user',
  fallback: 'listed as fallback',
  peak: 'relieves the candidates in a peak',
  capture: 'a rule sends such requests there',
  probe: 'finds out whether it works again',
  'last-resort': 'is left alone, but there is nobody better',
  // Not in the plan, or behind the others in it
  'cooling-down': 'has failed and is left alone for a while',
  full: 'its provider has as many requests as it may have',
  'rate-limited': "the provider's account is used up for now",
  // Never in the plan for this request
  maxAttempts: 'enough others come before it',
  captured: 'a rule sends such requests elsewhere',
  'weight-zero': 'its weight is 0',
  quality: 'below the quality that the model asks for',
  region: 'outside the regions that the team may use',
  'data-class-region': 'outside the regions to which data of a class that was found may go',
  'no-operation': 'its API has nothing of this kind',
  'context-too-small': 'the request is too long for it',
  'no-images': 'takes no images',
  'no-audio': 'takes no audio',
  'no-files': 'takes no files',
  'no-tools': 'calls no tools',
  'no-schema': 'answers by no JSON Schema',
} as const satisfies Record<string, string>;

export type ReasonCode = keyof typeof reasons;

/** A code, or `capture:` and the rule. */
export type Reason = ReasonCode | `capture:${string}`;

/** The code of a reason: for what must have few values, such as labels. */
export const reasonCode = (reason: Reason): ReasonCode =>
  reason.startsWith('capture:') ? 'capture' : (reason as ReasonCode);
