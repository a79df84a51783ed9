import type { KeyRun } from './finding.ts';

/** Signs that keys of vendors and random values are made of. */
const keySigns = Uint8Array.from({ length: 128 }, (_, code) =>
  /[A-Za-z0-9_\-+/.~]/.test(String.fromCharCode(code)) ? 1 : 0,
);

/** Shortest run that is looked at: no key or address is shorter. */
const leastRun = 11;

/** Runs of those signs that are long enough for a key. Looks from the far end of where one would be: most signs are never read. */
export const keyRuns = (text: string, codes: Uint16Array): KeyRun[] => {
  const runs: KeyRun[] = [];
  for (let start = 0; start + leastRun <= codes.length; ) {
    let last = start + leastRun - 1;
    while (last >= start && keySigns[codes[last] ?? 0] === 1) last--;
    if (last >= start) {
      start = last + 1;
      continue;
    }
    let end = start + leastRun;
    while (keySigns[codes[end] ?? 0] === 1) end++;
    runs.push({ start, raw: text.slice(start, end) });
    start = end + 1;
  }
  return runs;
};
