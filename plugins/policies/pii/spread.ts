import { type Finding, standsFree } from './finding.ts';

/** Values that were found somewhere, to be found wherever else they stand: a name is missed where its sentence says little. */
export class KnownValues {
  /** By their first characters: the values, longest first. */
  readonly #values = new Map<string, Map<string, Finding>>();
  readonly #lengths = new Map<string, number[]>();

  add(value: string, finding: Finding): void {
    if (value.length < leastLength || /^\d{1,5}$/.test(value)) return;
    const head = value.slice(0, headLength);
    const same = this.#values.get(head) ?? new Map<string, Finding>();
    if (same.has(value)) return;
    same.set(value, finding);
    this.#values.set(head, same);
    this.#lengths.set(
      head,
      [...new Set([...(this.#lengths.get(head) ?? []), value.length])].sort((a, b) => b - a),
    );
  }

  /** `findings` of `text`, and every other place at which a known value stands alone. In order, without overlaps. */
  spread(text: string, findings: readonly Finding[]): readonly Finding[] {
    if (this.#values.size === 0) return findings;
    const added: Finding[] = [];
    let next = 0;
    for (let at = 0; at + leastLength <= text.length; at++) {
      while (next < findings.length && (findings[next]?.end ?? 0) <= at) next++;
      const inside = findings[next];
      if (inside && inside.start <= at) {
        at = inside.end - 1;
        continue;
      }
      const found = this.#at(text, at, inside?.start ?? text.length);
      if (!found) continue;
      added.push(found);
      at = found.end - 1;
    }
    return added.length === 0 ? findings : [...findings, ...added].sort((a, b) => a.start - b.start);
  }

  #at(text: string, start: number, limit: number): Finding | undefined {
    const head = text.slice(start, start + headLength);
    const same = this.#values.get(head);
    if (!same) return undefined;
    for (const length of this.#lengths.get(head) ?? []) {
      const end = start + length;
      if (end > limit) continue;
      const known = same.get(text.slice(start, end));
      if (known && standsFree(text, start, end)) return { ...known, start, end };
    }
    return undefined;
  }
}

/** Shorter values are words as well. */
const leastLength = 4;
const headLength = 4;
