import { describe, test } from 'vitest';

/** A `describe` of tests that need what is missing here: then one test stands for them all, and says why it is skipped. */
export const describeUnless = (missing: string | undefined, name: string, tests: () => void): void => {
  if (missing === undefined) describe(name, tests);
  else test(name, ({ skip }) => skip(missing));
};
