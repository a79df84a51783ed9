import { isJsonObject, type JsonObject, type JsonValue } from '../../wire/json.ts';
import type { Differing, Member } from '../../wire/likeness.ts';
import { isText } from '../openai/wire.ts';
import { isEmpty } from './wire.ts';

/** Members of a delta that hold more of a text. */
const texts: ReadonlySet<string> = new Set(['content', 'refusal', 'reasoning_content', 'reasoning']);

/** Members of a call that say nothing of its arguments. */
const ofCall: ReadonlySet<string> = new Set(['index', 'id', 'type']);

/** What a chunk says that brings more of one text, of one choice, and nothing besides. */
export const growthOf = ({ choices, obfuscation, p }: JsonObject): Differing | undefined => {
  const [choice] = Array.isArray(choices) && choices.length === 1 ? choices : [];
  const told = isJsonObject(choice) && isJsonObject(choice.delta) ? onlyText(choice.delta) : undefined;
  if (!told) return undefined;
  return { told, padding: [...paddingOf('obfuscation', obfuscation), ...paddingOf('p', p)] };
};

const paddingOf = (name: string, value: JsonValue | undefined): Member[] =>
  typeof value === 'string' ? [[name, value]] : [];

const onlyText = (delta: JsonObject): Member | undefined => {
  let only: Member | undefined;
  for (const [key, value] of Object.entries(delta)) {
    if (key === 'role' || isEmpty(value)) continue;
    const member =
      key === 'tool_calls'
        ? onlyArguments(value)
        : isText(value) && texts.has(key) && ([key, value] as const);
    if (!member || only) return undefined;
    only = member;
  }
  return only;
};

const onlyArguments = (calls: JsonValue | undefined): Member | undefined => {
  const [call] = Array.isArray(calls) && calls.length === 1 ? calls : [];
  if (!isJsonObject(call) || !isJsonObject(call.function)) return undefined;
  const { function: called, ...rest } = call;
  const { name: _, arguments: json, ...more } = called;
  const isAll = Object.keys(more).length === 0 && Object.keys(rest).every((key) => ofCall.has(key));
  return isAll && isText(json) ? ['arguments', json] : undefined;
};
