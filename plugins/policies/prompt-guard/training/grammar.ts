/** Chance with a seed: the same seed gives the same numbers on every machine (mulberry32). Uniform in [0, 1). */
export const seededRandom = (seed: number): (() => number) => {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
};

export type Slots = Readonly<Record<string, readonly string[]>>;

export const pick = <T>(list: readonly T[], random: () => number): T =>
  list[Math.floor(random() * list.length)] as T;

const choice = /\[([^[\]{}]*)\]/g;

/** One of the sentences of a list parted by `|`; they may hold choices `[a|b]` in turn. */
export const choose = (list: string, random: () => number): string => {
  let text = `[${list}]`;
  while (text.includes('[')) {
    text = text.replaceAll(choice, (_, inner: string) => pick(inner.split('|'), random));
  }
  return text;
};

/**
 * One sentence of a template: `{name}` becomes one entry of that slot, `[a|b|c]` one of the three; entries may hold
 * more of both. Throws on a slot that does not exist.
 */
export const expand = (template: string, slots: Slots, random: () => number): string => {
  let text = template;
  for (let round = 0; round < 8 && /[[{]/.test(text); round++) {
    text = text
      .replaceAll(/\{(\w+)\}/g, (whole, name: string) => {
        const entries = slots[name];
        if (!entries) throw new Error(`no slot ${whole} for "${template}"`);
        return pick(entries, random);
      })
      .replaceAll(/\[([^[\]{}]*\|[^[\]{}]*)\]/g, (_, choices: string) => pick(choices.split('|'), random));
  }
  return text.replaceAll('«', '{').replaceAll('»', '}').replaceAll('‹', '[').replaceAll('›', ']');
};
