import { kinds, kindTable } from '../../text/characters.ts';
import { fold } from '../../text/fold.ts';
import { concepts, lexicon } from './lexicon.ts';

/** Entries of the lexicon as a tree of characters, in a hash table of its edges. */
interface Tree {
  /** For each edge `node × 65536 + character`, the node behind it; open addressing. */
  readonly keys: Float64Array;
  readonly nodes: Uint16Array;
  readonly mask: number;
  /** For each node: the concept whose entry ends there, plus 1; 0 for none. */
  readonly wholes: Uint8Array;
  readonly stems: Uint8Array;
  /** The node behind the root for each first character; most words end their search here. */
  readonly roots: Uint16Array;
}

const slotOf = (node: number, unit: number, mask: number): number =>
  (Math.imul(node, 0x9e3779b1) ^ Math.imul(unit, 0x85ebca6b)) & mask;

const build = (): Tree => {
  const size = 1 << 17;
  const keys = new Float64Array(size).fill(-1);
  const nodes = new Uint16Array(size);
  const wholes = new Uint8Array(1 << 16);
  const stems = new Uint8Array(1 << 16);
  let count = 1;
  const child = (node: number, unit: number): number => {
    const key = node * 65536 + unit;
    let slot = slotOf(node, unit, size - 1);
    while (keys[slot] !== -1 && keys[slot] !== key) slot = (slot + 1) & (size - 1);
    if (keys[slot] === -1) {
      keys[slot] = key;
      nodes[slot] = count++;
    }
    return nodes[slot] as number;
  };
  concepts.forEach((concept, number) => {
    // One fold for all entries of a concept: entries hold no line ends of their own.
    const entries = fold(lexicon[concept].replaceAll('_', ' ')).text.split(/,\s*/);
    for (const entry of entries) {
      const isStem = entry.endsWith('*');
      let node = 0;
      for (let at = 0; at < entry.length - (isStem ? 1 : 0); at++) node = child(node, entry.charCodeAt(at));
      const table = isStem ? stems : wholes;
      if (node !== 0 && table[node] === 0) table[node] = number + 1;
    }
  });
  const roots = new Uint16Array(0x10000);
  for (let slot = 0; slot < size; slot++) {
    const key = keys[slot] as number;
    if (key >= 0 && key < 0x10000) roots[key] = nodes[slot] as number;
  }
  return { keys, nodes, mask: size - 1, roots, wholes: wholes.slice(0, count), stems: stems.slice(0, count) };
};

let tree: Tree | undefined;

/** A word ends where no letter follows; scripts that write no spaces end words anywhere. */
const isWordEnd = (text: string, at: number): boolean => {
  if (at >= text.length) return true;
  const unit = text.charCodeAt(at);
  if (unit < 128) return !((unit | 32) >= 97 && (unit | 32) <= 122);
  if (unit >= 0x0e00 && unit <= 0x9fff) return true;
  return unit >= 0xac00 || (kindTable[unit] !== kinds.letter && kindTable[unit] !== kinds.mark);
};

/** The entry that ends at `end`, packed as below; the whole word goes before a stem. */
const foundAt = ({ wholes, stems }: Tree, node: number, text: string, at: number, end: number): number => {
  const whole = wholes[node] as number;
  if (whole !== 0 && isWordEnd(text, end)) return (end - at) * 64 + whole;
  const stem = stems[node] as number;
  return stem === 0 ? 0 : (end - at) * 64 + stem;
};

/** A match packed into one number: length of the entry × 64 + concept + 1; 0 for none. */
export const conceptAt = (text: string, at: number): number => {
  tree ??= build();
  const { keys, nodes, mask, wholes, stems, roots } = tree;
  let node = roots[text.charCodeAt(at)] as number;
  if (node === 0) return 0;
  let found = foundAt(tree, node, text, at, at + 1);
  const most = Math.min(text.length, at + 40);
  for (let next = at + 1; next < most; next++) {
    const unit = text.charCodeAt(next);
    const key = node * 65536 + unit;
    let slot = slotOf(node, unit, mask);
    while (keys[slot] !== key) {
      if (keys[slot] === -1) return found;
      slot = (slot + 1) & mask;
    }
    node = nodes[slot] as number;
    if (stems[node] !== 0 || wholes[node] !== 0) {
      const match = foundAt(tree, node, text, at, next + 1);
      if (match !== 0) found = match;
    }
  }
  return found;
};
