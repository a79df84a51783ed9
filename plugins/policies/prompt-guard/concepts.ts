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

interface Node {
  readonly unit: number;
  readonly children: Map<number, Node>;
  whole: number;
  stem: number;
}

const newNode = (unit: number): Node => ({ unit, children: new Map(), whole: 0, stem: 0 });

const plant = (): Node => {
  const root = newNode(0);
  concepts.forEach((concept, number) => {
    // One fold for all entries of a concept: entries hold no line ends of their own.
    for (const entry of fold(lexicon[concept].replaceAll('_', ' ')).text.split(/,\s*/)) {
      const isStem = entry.endsWith('*');
      let node = root;
      for (let at = 0; at < entry.length - (isStem ? 1 : 0); at++) {
        const unit = entry.charCodeAt(at);
        const next = node.children.get(unit) ?? newNode(unit);
        node.children.set(unit, next);
        node = next;
      }
      if (node === root) continue;
      if (isStem) node.stem ||= number + 1;
      else node.whole ||= number + 1;
    }
  });
  return root;
};

const build = (): Tree => {
  const nodes = [plant()];
  const firsts: number[] = [];
  const masks: number[] = [];
  const roots = new Uint16Array(0x10000);
  for (let at = 0; at < nodes.length; at++) {
    const { children } = nodes[at] as Node;
    firsts.push(nodes.length);
    let mask = 0;
    for (const child of children.values()) {
      if (at === 0) roots[child.unit] = nodes.length;
      mask |= 1 << (child.unit & 31);
      nodes.push(child);
    }
    masks.push(mask);
  }
  return {
    units: Uint16Array.from(nodes, (it) => it.unit),
    firsts: Uint16Array.from([...firsts, nodes.length]),
    masks: Int32Array.from(masks),
    wholes: Uint8Array.from(nodes, (it) => it.whole),
    stems: Uint8Array.from(nodes, (it) => it.stem),
    roots,
    starts: startsOf(nodes[0] as Node),
  };
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

const startsOf = (root: Node): Uint8Array => {
  const starts = new Uint8Array(1 << startBits);
  const mark = (hash: number, bit: number): void => {
    starts[placeOf(hash)] = (starts[placeOf(hash)] as number) | bit;
  };
  const visit = (node: Node, hash: number, length: number): void => {
    if (length < 6 && node.whole + node.stem > 0) mark(hash, whole);
    if (length === 4) mark(hash, four);
    if (length === 6) return mark(hash, six);
    for (const [unit, child] of node.children) visit(child, nextHash(hash, unit), length + 1);
  };
  for (const [first, only] of root.children) {
    if (only.whole + only.stem > 0) mark(hashOf(first, 0), whole);
    for (const [second, child] of only.children) visit(child, hashOf(first, second), 2);
  }
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
