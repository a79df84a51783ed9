import { seededRandom } from './grammar.ts';

/** How many of the most frequent words get a class, and how many of these count as neighbours. */
const wordCount = 4000;
const neighbourCount = 800;
const classCount = 200;
/** Words in fewer texts say too little about their places. */
const fewestTexts = 6;
const longestText = 1500;
/** Numbers by which the places of a word are summed up. */
const size = 48;

/** Where neighbours are looked for. */
const distances = [-1, 1, -2, 2] as const;
/** One more neighbour: the border of the text. */
const columns = distances.length * (neighbourCount + 1);

/** What stands around a word how much more often than around any word: columns and logarithms. */
interface Places {
  readonly at: Int32Array;
  readonly weights: Float32Array;
}

/**
 * Learns classes of words from folded texts, as `WordClasses` reads them: words are counted with their neighbours, the
 * counts reduced to a few numbers (the largest singular vectors of their pointwise mutual information) and those grouped
 * around means. The same texts give the same classes.
 */
export const learnClasses = (texts: readonly string[]): string => {
  const read = texts.map((text) => text.slice(0, longestText).match(/[\p{L}\p{M}\p{N}]+/gu) ?? []);
  const words = frequent(read);
  const random = seededRandom(words.length);
  const points = reduced(weighed(counted(read, words)), random);
  const lists: string[][] = Array.from({ length: classCount }, () => []);
  grouped(points, random).forEach((group, at) => {
    lists[group]?.push(words[at] as string);
  });
  return lists.map((list) => list.join(' ')).join('|');
};

const frequent = (read: readonly (readonly string[])[]): string[] => {
  const counts = new Map<string, number>();
  for (const words of read) {
    for (const word of new Set(words))
      if (/^[a-z]{1,20}$/.test(word)) counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return [...counts]
    .filter(([, count]) => count >= fewestTexts)
    .sort(([one, count], [other, otherCount]) => otherCount - count || (one < other ? -1 : 1))
    .slice(0, wordCount)
    .map(([word]) => word);
};

/** For each word how often each neighbour stands at each distance. */
const counted = (
  read: readonly (readonly string[])[],
  words: readonly string[],
): readonly ReadonlyMap<number, number>[] => {
  const numbers = new Map(words.map((word, at) => [word, at]));
  const counts = words.map(() => new Map<number, number>());
  for (const text of read) {
    const known = text.map((word) => numbers.get(word) ?? -1);
    known.forEach((word, at) => {
      const row = counts[word];
      if (!row) return;
      distances.forEach((distance, place) => {
        const neighbour = known[at + distance] ?? neighbourCount;
        if (neighbour < 0 || neighbour > neighbourCount) return;
        if (neighbour === neighbourCount && known[at + distance] !== undefined) return;
        const column = place * (neighbourCount + 1) + neighbour;
        row.set(column, (row.get(column) ?? 0) + 1);
      });
    });
  }
  return counts;
};

/** Counts as positive pointwise mutual information; rare neighbours are held down. */
const weighed = (counts: readonly ReadonlyMap<number, number>[]): Places[] => {
  const totals = new Float64Array(columns);
  for (const row of counts) for (const [column, count] of row) totals[column] = (totals[column] ?? 0) + count;
  const shares = totals.map((total) => total ** 0.75);
  const all = shares.reduce((sum, share) => sum + share, 0);
  return counts.map((row) => {
    const total = [...row.values()].reduce((sum, count) => sum + count, 0);
    const kept = [...row]
      .map(([column, count]) => {
        const expected = (total * (shares[column] as number)) / all;
        return [column, Math.log(count / expected) - 0.5] as const;
      })
      .filter(([, weight]) => weight > 0);
    return {
      at: Int32Array.from(kept, ([column]) => column),
      weights: Float32Array.from(kept, ([, weight]) => weight),
    };
  });
};

/** `size` numbers for each word, of length one together: subspace iteration from a random start. */
const reduced = (rows: readonly Places[], random: () => number): Float32Array => {
  let right = Float32Array.from({ length: columns * size }, () => random() - 0.5);
  for (let round = 0; ; round++) {
    orthonormalise(right);
    const left = new Float32Array(rows.length * size);
    rows.forEach((row, at) => {
      addUp(row, (column, weight) => addTimes(left, at, right, column, weight));
    });
    if (round === 3) return withLengthOne(evened(left));
    orthonormalise(left);
    const next = new Float32Array(columns * size);
    rows.forEach((row, at) => {
      addUp(row, (column, weight) => addTimes(next, column, left, at, weight));
    });
    right = next;
  }
};

const addUp = ({ at, weights }: Places, add: (column: number, weight: number) => void): void => {
  for (let entry = 0; entry < at.length; entry++) add(at[entry] as number, weights[entry] as number);
};

const addTimes = (to: Float32Array, at: number, from: Float32Array, other: number, weight: number): void => {
  const start = at * size;
  const source = other * size;
  for (let number = 0; number < size; number++) {
    to[start + number] = (to[start + number] as number) + weight * (from[source + number] as number);
  }
};

/** Gram and Schmidt over the columns of a table with `size` of them. */
const orthonormalise = (table: Float32Array): void => {
  for (let column = 0; column < size; column++) {
    for (let other = 0; other < column; other++) {
      const shared = productOf(table, column, other);
      for (let at = 0; at < table.length; at += size)
        table[at + column] = (table[at + column] as number) - shared * (table[at + other] as number);
    }
    scale(table, column, 1 / Math.sqrt(productOf(table, column, column) || 1));
  }
};

const productOf = (table: Float32Array, one: number, other: number): number => {
  let sum = 0;
  for (let at = 0; at < table.length; at += size)
    sum += (table[at + one] as number) * (table[at + other] as number);
  return sum;
};

const scale = (table: Float32Array, column: number, by: number): void => {
  for (let at = column; at < table.length; at += size) table[at] = (table[at] as number) * by;
};

/** So that the first few numbers do not decide alone. */
const evened = (table: Float32Array): Float32Array => {
  for (let column = 0; column < size; column++)
    scale(table, column, productOf(table, column, column) ** -0.25 || 1);
  return table;
};

const withLengthOne = (table: Float32Array): Float32Array => {
  for (let at = 0; at < table.length; at += size) {
    const point = table.subarray(at, at + size);
    const length = Math.sqrt(point.reduce((sum, number) => sum + number * number, 0)) || 1;
    point.forEach((number, place) => {
      point[place] = number / length;
    });
  }
  return table;
};

/** The class of each point: means that move until they stand among their own (k-means on the sphere). */
const grouped = (points: Float32Array, random: () => number): Uint16Array => {
  const count = points.length / size;
  const anyPoint = (): Float32Array => {
    const at = Math.floor(random() * count) * size;
    return points.subarray(at, at + size);
  };
  const means = new Float32Array(classCount * size);
  for (let group = 0; group < classCount; group++) means.set(anyPoint(), group * size);
  const groups = new Uint16Array(count);
  for (let round = 0; round < 15; round++) {
    for (let at = 0; at < count; at++) groups[at] = nearest(points, at, means);
    means.fill(0);
    for (let at = 0; at < count; at++) addTimes(means, groups[at] as number, points, at, 1);
    for (let group = 0; group < classCount; group++) {
      const mean = means.subarray(group * size, (group + 1) * size);
      if (mean.every((it) => it === 0)) mean.set(anyPoint());
    }
    withLengthOne(means);
  }
  return groups;
};

const nearest = (points: Float32Array, at: number, means: Float32Array): number => {
  let best = Number.NEGATIVE_INFINITY;
  let found = 0;
  for (let group = 0; group < classCount; group++) {
    let likeness = 0;
    for (let number = 0; number < size; number++)
      likeness += (points[at * size + number] as number) * (means[group * size + number] as number);
    if (likeness <= best) continue;
    best = likeness;
    found = group;
  }
  return found;
};
