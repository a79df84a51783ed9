import { isJsonObject, type JsonObject, type JsonValue } from '../../wire/json.ts';

/** Longest list that a path may reach into. */
const maxIndex = 10_000;

type Container = JsonObject | JsonValue[];

/**
 * Arguments that Vertex AI streams value by value (`FunctionCall.partialArgs` of `@google/genai` 3.3.0, read
 * 2026-11-28): each names its place by a JSON path; a text may come in several pieces.
 */
export class PartialArgs {
  readonly #args: JsonObject = Object.create(null) as JsonObject; // keys are the model's words, `__proto__` included
  #growing: string | undefined;

  /** False for a value that cannot be placed. */
  add(partial: JsonObject): boolean {
    const steps = stepsOf(partial.jsonPath);
    const value = partialValue(partial);
    if (!steps || value === undefined) return false;
    const path = String(partial.jsonPath);
    const isMore = typeof value === 'string' && this.#growing === path;
    this.#growing = partial.willContinue === true ? path : undefined;
    return this.#set(steps, value, isMore);
  }

  get json(): string {
    return JSON.stringify(this.#args);
  }

  #set(steps: readonly (string | number)[], value: JsonValue, isMore: boolean): boolean {
    let at: Container = this.#args;
    for (const [depth, step] of steps.entries()) {
      const next = steps[depth + 1];
      if ((typeof step === 'number') !== Array.isArray(at)) return false;
      const before = read(at, step);
      if (next === undefined) {
        write(at, step, isMore && typeof before === 'string' ? before + String(value) : value);
        return true;
      }
      const inner: Container =
        typeof before === 'object' && before !== null
          ? before
          : typeof next === 'number'
            ? []
            : (Object.create(null) as JsonObject);
      write(at, step, inner);
      at = inner;
    }
    return false;
  }
}

const read = (at: Container, step: string | number): JsonValue | undefined =>
  Array.isArray(at) ? at[Number(step)] : at[step];

const write = (at: Container, step: string | number, value: JsonValue): void => {
  if (Array.isArray(at)) at[Number(step)] = value;
  else at[step] = value;
};

/** `$.recipe.steps[0].name` → recipe, steps, 0, name. */
const stepsOf = (path: JsonValue | undefined): (string | number)[] | undefined => {
  if (typeof path !== 'string' || !path.startsWith('$')) return undefined;
  const steps: (string | number)[] = [];
  let at = 1;
  while (at < path.length) {
    step.lastIndex = at;
    const found = step.exec(path);
    if (!found) return undefined;
    const [whole, name, quoted, index] = found;
    if (index !== undefined && Number(index) > maxIndex) return undefined;
    steps.push(index === undefined ? (name ?? quoted ?? '') : Number(index));
    at += whole.length;
  }
  return steps.length === 0 ? undefined : steps;
};

const step = /\.([^.[]+)|\[["']([^"']*)["']\]|\[(\d+)\]/y;

const partialValue = (partial: JsonObject): JsonValue | undefined => {
  const value = partial.stringValue ?? partial.numberValue ?? partial.boolValue;
  return value === undefined && 'nullValue' in partial ? null : value;
};

/** The values in a call that came piece by piece. */
export const partialsIn = ({ partialArgs }: JsonObject): JsonObject[] =>
  Array.isArray(partialArgs) ? partialArgs.filter(isJsonObject) : [];
