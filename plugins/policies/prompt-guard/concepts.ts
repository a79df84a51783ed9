import { kinds, kindTable } from '../../text/characters.ts';
import { fold } from '../../text/fold.ts';
import { concepts, lexicon } from './lexicon.ts';

/**
 * Entries of the lexicon as a tree of characters. Nodes are numbered level by level, so that the children of one stand
 * together and the few that most words reach are near each other. 0 is the root.
 */
interface Tree {
  /** For each node the character that leads to it, its first child (and one more at the end), and how to miss quickly. */
  readonly units: Uint16Array;
  readonly firsts: Uint16Array;
  /** A bit for each child: the last five of its character. */
  readonly masks: Int32Array;
  /** For each node: the concept whose entry ends there, plus 1; 0 for none. */
  readonly wholes: Uint8Array;
  readonly stems: Uint8Array;
  /** The node behind the root for each first character. */
  readonly roots: Uint16Array;
  /** A byte for each few characters (by their hash) that an entry may begin with: most words end their search here. */
  readonly starts: Uint8Array;
}

/** More nodes than there are. */
const maxNodes = 1 << 15;

/** The tree while it grows: nodes in the order in which they came, children as linked lists. */
class Sapling {
  readonly units = new Uint16Array(maxNodes);
  readonly firsts = new Uint16Array(maxNodes);
  readonly nexts = new Uint16Array(maxNodes);
  readonly wholes = new Uint8Array(maxNodes);
  readonly stems = new Uint8Array(maxNodes);
  count = 1;
  readonly #roots = new Uint16Array(0x10000);

  add(entry: string, concept: number): void {
    const isStem = entry.endsWith('*');
    let node = 0;
    for (let at = 0; at < entry.length - (isStem ? 1 : 0); at++)
      node = this.#childOf(node, entry.charCodeAt(at));
    const table = isStem ? this.stems : this.wholes;
    if (node !== 0 && table[node] === 0) table[node] = concept;
  }

  isEntry(node: number): boolean {
    return this.wholes[node] !== 0 || this.stems[node] !== 0;
  }

  #childOf(node: number, unit: number): number {
    let child = node === 0 ? (this.#roots[unit] as number) : (this.firsts[node] as number);
    while (child !== 0 && this.units[child] !== unit) child = this.nexts[child] as number;
    if (child !== 0) return child;
    if (this.count === maxNodes) throw new Error('the lexicon has more characters than its tree has nodes');
    child = this.count++;
    if (node === 0) this.#roots[unit] = child;
    this.units[child] = unit;
    this.nexts[child] = this.firsts[node] as number;
    this.firsts[node] = child;
    return child;
  }
}

const plant = (): Sapling => {
  const sapling = new Sapling();
  concepts.forEach((concept, number) => {
    // One fold for all entries of a concept: entries hold no line ends of their own.
    const { text } = fold(lexicon[concept].replaceAll('_', ' '));
    for (const entry of text.split(/,\s*/)) sapling.add(entry, number + 1);
  });
  return sapling;
};

const build = (): Tree => {
  const sapling = plant();
  const { count, units, firsts, nexts, wholes, stems } = sapling;
  const order = new Uint16Array(count);
  const tree = {
    units: new Uint16Array(count),
    firsts: new Uint16Array(count + 1),
    masks: new Int32Array(count),
    wholes: new Uint8Array(count),
    stems: new Uint8Array(count),
    roots: new Uint16Array(0x10000),
    starts: startsOf(sapling),
  };
  let known = 1;
  for (let at = 0; at < count; at++) {
    const node = order[at] as number;
    tree.units[at] = units[node] as number;
    tree.wholes[at] = wholes[node] as number;
    tree.stems[at] = stems[node] as number;
    tree.firsts[at] = known;
    for (let child = firsts[node] as number; child !== 0; child = nexts[child] as number) {
      const unit = units[child] as number;
      if (at === 0) tree.roots[unit] = known;
      tree.masks[at] = (tree.masks[at] as number) | (1 << (unit & 31));
      order[known++] = child;
    }
  }
  tree.firsts[count] = known;
  return tree;
};

/** The hash of some characters at the beginning of an entry, and the next with one more. */
const hashOf = (first: number, second: number): number =>
  Math.imul(first, 0x9e3779b1) ^ Math.imul(second, 0x85ebca6b);
const nextHash = (hash: number, unit: number): number => Math.imul(hash ^ unit, 0x27d4eb2f) ^ (hash >>> 15);

const startBits = 15;
const placeOf = (hash: number): number => Math.imul(hash, 0x2c1b3c6d) >>> (32 - startBits);

/** What `starts` says of characters: they are an entry, or the first four or six of a longer one. */
const whole = 1;
const four = 2;
const six = 4;

const startsOf = (sapling: Sapling): Uint8Array => {
  const { units, firsts, nexts } = sapling;
  const starts = new Uint8Array(1 << startBits);
  const mark = (hash: number, bit: number): void => {
    starts[placeOf(hash)] = (starts[placeOf(hash)] as number) | bit;
  };
  const visit = (node: number, hash: number, length: number): void => {
    if (length < 6 && sapling.isEntry(node)) mark(length === 1 ? hashOf(hash, 0) : hash, whole);
    if (length === 4) mark(hash, four);
    if (length === 6) return mark(hash, six);
    for (let child = firsts[node] as number; child !== 0; child = nexts[child] as number) {
      const unit = units[child] as number;
      if (length === 0) visit(child, unit, 1);
      else visit(child, length === 1 ? hashOf(hash, unit) : nextHash(hash, unit), length + 1);
    }
  };
  visit(0, 0, 0);
  return starts;
};

let planted: Tree | undefined;

/** Built when it is first asked for. */
const treeOf = (): Tree => {
  planted ??= build();
  return planted;
};

/** A word ends where no letter follows; scripts that write no spaces end words anywhere. */
const isLetter = (unit: number): boolean => {
  if (unit < 128) return (unit | 32) >= 97 && (unit | 32) <= 122;
  if (unit >= 0x0e00 && unit <= 0x9fff) return false;
  return unit < 0xac00 && (kindTable[unit] === kinds.letter || kindTable[unit] === kinds.mark);
};

/** Longest entry that is looked for. */
const longestEntry = 40;

/** Finds entries of the lexicon in one text. */
export class ConceptFinder {
  readonly #tree = treeOf();
  #text: Uint16Array = new Uint16Array(0);
  #length = 0;
  /** The text to look in, as code units, until the next one. */
  read(text: Uint16Array, length: number): void {
    this.#text = text;
    this.#length = length;
  }

  /** The entry that begins at a place, as one number: its length × 64 + concept + 1; 0 for none. */
  at(start: number): number {
    return this.#mayBegin(start) ? this.#longestAt(start) : 0;
  }

  #mayBegin(start: number): boolean {
    const text = this.#text;
    const { starts } = this.#tree;
    const first = text[start] as number;
    const of2 = hashOf(first, text[start + 1] as number);
    const of3 = nextHash(of2, text[start + 2] as number);
    const of4 = nextHash(of3, text[start + 3] as number);
    const atFour = starts[placeOf(of4)] as number;
    const short =
      (starts[placeOf(hashOf(first, 0))] as number) |
      (starts[placeOf(of2)] as number) |
      (starts[placeOf(of3)] as number) |
      atFour;
    if ((short & whole) !== 0) return true;
    if ((atFour & four) === 0) return false;
    const of5 = nextHash(of4, text[start + 4] as number);
    const of6 = nextHash(of5, text[start + 5] as number);
    return (((starts[placeOf(of5)] as number) & whole) | ((starts[placeOf(of6)] as number) & six)) !== 0;
  }

  #longestAt(start: number): number {
    const { units, firsts, masks, wholes, stems, roots } = this.#tree;
    const text = this.#text;
    const most = Math.min(this.#length, start + longestEntry);
    let found = 0;
    let node = roots[text[start] as number] as number;
    for (let at = start + 1; node !== 0; at++) {
      // The whole word goes before a stem.
      const whole = wholes[node] as number;
      if (whole !== 0 && this.#isEnd(at)) found = (at - start) * 64 + whole;
      else if (stems[node] !== 0) found = (at - start) * 64 + (stems[node] as number);
      const unit = text[at] as number;
      if (at >= most || ((masks[node] as number) & (1 << (unit & 31))) === 0) break;
      const end = firsts[node + 1] as number;
      let child = firsts[node] as number;
      while (child < end && units[child] !== unit) child++;
      node = child === end ? 0 : child;
    }
    return found;
  }

  #isEnd(at: number): boolean {
    return at >= this.#length || !isLetter(this.#text[at] as number);
  }
}
