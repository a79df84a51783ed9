import type {
  ModelRequest,
  Part,
  ReasoningSettings,
  Source,
  SystemBlock,
  Tool,
  ToolChoice,
  ToolResultPart,
  Turn,
  Vendor,
} from '../../model/request.ts';
import { openSeal } from '../../model/seals.ts';
import { parseExactly } from '../../wire/exact-json.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../wire/json.ts';
import { badValue } from '../fields.ts';
import { cannotCarry, type Losses } from '../losses.ts';
import { inputObject } from '../tool-input.ts';
import { contentOf, isOwnFile, soleKey } from './contents.ts';
import { isMadeUp } from './names.ts';
import { shapeOf, wireOf } from './provenance.ts';
import { toApiSchema } from './schema.ts';
import { compact, isEmptyObject, isText, name } from './wire.ts';

/** How a request is written for its model. */
export interface Rendering {
  /** Schemas of functions and answers as JSON Schema, else as the API's own. */
  readonly asJsonSchema: boolean;
  /** Is told what a schema loses on the way, by the client's path to it. */
  readonly losses: Losses;
  /** Calls are tied to their results by ids. */
  readonly withIds: boolean;
  /** A call without a seal would be refused. */
  readonly checksSeals: boolean;
}

/**
 * In place of a seal that nobody has: the model then takes a call that it did not make (ai.google.dev "Thought
 * signatures", FAQ, read 2026-11-28).
 */
const sealForNone = 'skip_thought_signature_validator';

/** A member of the wire and the members of the model that it says. */
interface Member {
  readonly key: string;
  readonly from: readonly (keyof ModelRequest)[];
  readonly write: (request: ModelRequest, rendering: Rendering) => JsonValue | undefined;
}

/** Members of the top of a request, without `generationConfig`. */
export const topMembers: readonly Member[] = [
  {
    key: 'contents',
    from: ['turns'],
    write: ({ turns }, rendering) => new ContentsWriter(rendering).write(turns),
  },
  { key: 'systemInstruction', from: ['system'], write: ({ system }) => renderSystem(system) },
  { key: 'tools', from: ['tools'], write: ({ tools }, rendering) => renderTools(tools, rendering) },
  { key: 'toolConfig', from: ['toolChoice'], write: (request) => renderToolConfig(request) },
  { key: 'serviceTier', from: ['serviceTier'], write: ({ serviceTier }) => serviceTier },
];

/** Members of `generationConfig`. */
export const configMembers: readonly Member[] = [
  { key: 'temperature', from: ['sampling'], write: ({ sampling }) => sampling.temperature },
  { key: 'topP', from: ['sampling'], write: ({ sampling }) => sampling.topP },
  { key: 'topK', from: ['sampling'], write: ({ sampling }) => sampling.topK },
  { key: 'seed', from: ['sampling'], write: ({ sampling }) => sampling.seed },
  { key: 'presencePenalty', from: ['sampling'], write: ({ sampling }) => sampling.presencePenalty },
  { key: 'frequencyPenalty', from: ['sampling'], write: ({ sampling }) => sampling.frequencyPenalty },
  { key: 'candidateCount', from: ['sampling'], write: ({ sampling }) => sampling.choices },
  { key: 'maxOutputTokens', from: ['maxOutputTokens'], write: ({ maxOutputTokens }) => maxOutputTokens },
  {
    key: 'stopSequences',
    from: ['stopSequences'],
    write: ({ stopSequences }) => (stopSequences.length === 0 ? undefined : [...stopSequences]),
  },
  { key: 'responseLogprobs', from: ['logprobs'], write: ({ logprobs }) => logprobs && true },
  { key: 'logprobs', from: ['logprobs'], write: ({ logprobs }) => logprobs?.topLogprobs || undefined },
  { key: 'thinkingConfig', from: ['reasoning'], write: ({ reasoning }) => renderThinking(reasoning) },
  { key: 'responseMimeType', from: ['output'], write: ({ output }) => output && mimeTypes[output.kind] },
  {
    key: 'responseSchema',
    from: ['output'],
    write: ({ output }, { asJsonSchema, losses }) =>
      output?.kind === 'schema' && !asJsonSchema
        ? toApiSchema(output.schema, 'response_format', losses)
        : undefined,
  },
  {
    key: 'responseJsonSchema',
    from: ['output'],
    write: ({ output }, { asJsonSchema }) =>
      output?.kind === 'schema' && asJsonSchema ? { ...output.schema } : undefined,
  },
];

const mimeTypes = { text: 'text/plain', json: 'application/json', schema: 'application/json' } as const;

/** What `members` say of a request. */
export const written = (
  members: readonly Member[],
  request: ModelRequest,
  rendering: Rendering,
): JsonObject =>
  compact(Object.fromEntries(members.map(({ key, write }) => [key, write(request, rendering)])));

/** The whole body, from the model alone. */
export const renderBody = (request: ModelRequest, rendering: Rendering): JsonObject => {
  const config = {
    ...inner(request.vendor, 'generationConfig'),
    ...written(configMembers, request, rendering),
  };
  return {
    ...topLevel(request.vendor),
    ...written(topMembers, request, rendering),
    ...(isEmptyObject(config) ? {} : { generationConfig: config }),
  };
};

/** The members of `vendor` that stand at the top of the wire. */
const topLevel = (vendor: Vendor): JsonObject =>
  Object.fromEntries(Object.entries(vendor).filter(([key]) => !key.includes('.')));

/** The members of `vendor` that stand in the object at `path`. */
const inner = (vendor: Vendor, path: string): JsonObject =>
  Object.fromEntries(
    Object.entries(vendor).flatMap(([key, value]) => {
      const rest = key.startsWith(`${path}.`) ? key.slice(path.length + 1) : '';
      return rest === '' || rest.includes('.') ? [] : [[rest, value]];
    }),
  );

const renderSystem = (system: readonly SystemBlock[]): JsonValue | undefined => {
  const [first] = system;
  const content = first && shapeOf(first);
  const parts = content?.parts;
  if (
    content &&
    Array.isArray(parts) &&
    parts.length === system.length &&
    system.every((it) => wireOf(it) === content)
  )
    return content;
  if (!first) return undefined;
  const { parts: _, ...rest } = content ?? {};
  return { ...rest, parts: system.map(({ text, vendor }) => ({ text, ...vendor })) };
};

// Contents

/** Writes turns in order, and remembers which function a result belongs to. */
class ContentsWriter {
  readonly #rendering: Rendering;
  readonly #called = new Map<string, string>();

  constructor(rendering: Rendering) {
    this.#rendering = rendering;
  }

  /**
   * Contents in order. Turns of one content that nobody changed are that content again; a changed turn of results joins
   * the user turn that it was split from, results first.
   */
  write(turns: readonly Turn[]): JsonObject[] {
    const contents: JsonObject[] = [];
    const loopFrom = beginOfLoop(turns);
    let at = 0;
    while (at < turns.length) {
      const kept = unchangedContent(turns, at);
      const together = kept ? kept.turns.length : turnsOfContent(turns, at);
      const some = turns.slice(at, at + together);
      for (const { parts } of some) this.#remember(parts);
      const bare = this.#rendering.checksSeals && at >= loopFrom && some.some(lacksSeal);
      contents.push(kept && !bare ? kept.content : this.#content(some, bare));
      at += together;
    }
    return contents;
  }

  #remember(parts: readonly Part[]): void {
    for (const part of parts) if (part.type === 'tool-call') this.#called.set(part.id, part.name);
  }

  #content(turns: readonly Turn[], bare: boolean): JsonObject {
    const parts = turns.flatMap((turn) => turn.parts.map((part) => this.#part(part)));
    const first = bare ? parts.find(isCall) : undefined;
    return {
      ...Object.assign({}, ...turns.map((turn) => turn.vendor)),
      role: turns[0]?.role === 'assistant' ? 'model' : 'user',
      parts: parts.map((part) => (part === first ? { ...part, thoughtSignature: sealForNone } : part)),
    };
  }

  #part(part: Part): JsonObject {
    if (part.type === 'opaque' && isJsonObject(part.value)) return part.value;
    const known = wireOf(part);
    if (known) return known;
    const value = openSeal(part.seal)?.value;
    const { vendor = {} } = part;
    const body = this.#body(part);
    // What is left of the member that says what it is belongs into it.
    for (const [key, rest] of Object.entries(vendor)) {
      const own = body[key];
      body[key] = isJsonObject(own) && isJsonObject(rest) ? { ...rest, ...own } : rest;
    }
    return value === undefined ? body : { ...body, thoughtSignature: value };
  }

  #body(part: Part): JsonObject {
    switch (part.type) {
      case 'text':
      case 'refusal':
        return { text: part.text };
      case 'image':
      case 'audio':
        return renderSource(part.source);
      case 'file':
        return part.source.kind === 'text' ? { text: part.source.text } : renderSource(part.source);
      case 'reasoning':
        return { text: part.text, thought: true, ...sealOfThought(part) };
      case 'tool-call': {
        const { id, name: called, input } = part;
        return { functionCall: { ...this.#id(id), name: called, args: parseInput(part.id, input) } };
      }
      case 'tool-result':
        return { functionResponse: this.#result(part) };
      case 'opaque':
        throw cannotCarry(part.wireType, `a part of type ${part.wireType}`);
    }
  }

  #id(id: string): JsonObject {
    return this.#rendering.withIds && !isMadeUp(id) ? { id } : {};
  }

  #result(part: ToolResultPart): JsonObject {
    const { callId, parts } = part;
    const came = shapeOf(part)?.functionResponse ?? shapeOf(part)?.function_response;
    const shape = isJsonObject(came) ? came : {};
    const media = parts.filter((it) => it.type !== 'text').map((it) => this.#part(it));
    return {
      ...this.#id(callId),
      name: this.#called.get(callId) ?? (isText(shape.name) ? shape.name : callId),
      response: responseOf(part, isJsonObject(shape.response) ? shape.response : undefined),
      ...(media.length === 0 ? {} : { parts: media }),
    };
  }
}

const isCall = (part: JsonObject): boolean => 'functionCall' in part || 'function_call' in part;

/** Calls of several functions at once are sealed in the first. */
const lacksSeal = ({ parts }: Turn): boolean => {
  const first = parts.find((part) => part.type === 'tool-call');
  return first !== undefined && first.seal === undefined;
};

/** Where what the user last said stands: only the calls after it are checked for seals. */
const beginOfLoop = (turns: readonly Turn[]): number =>
  turns.findLastIndex(
    ({ role, parts }) => role === 'user' && parts.some((part) => part.type !== 'tool-result'),
  );

/** Would the model refuse the request for a call that nobody sealed? */
export const needsSeals = ({ turns }: ModelRequest): boolean =>
  turns.slice(beginOfLoop(turns) + 1).some(lacksSeal);

const unchangedContent = (turns: readonly Turn[], at: number): ReturnType<typeof contentOf> => {
  const first = turns[at];
  const split = first && contentOf(first);
  return split?.turns.every((turn, offset) => turns[at + offset] === turn) ? split : undefined;
};

const turnsOfContent = (turns: readonly Turn[], at: number): number =>
  turns[at]?.role === 'tool' && turns[at + 1]?.role === 'user' && !unchangedContent(turns, at + 1) ? 2 : 1;

const sealOfThought = ({ signature }: { readonly signature?: string }): JsonObject => {
  const seal = openSeal(signature);
  return seal?.dialect === name && seal.kind === 'thought' ? { thoughtSignature: seal.value } : {};
};

/** Where the API takes files from by their address ("File input methods", read 2026-11-28). */
const takenAddress = /^https:\/\/(?:www\.)?(?:youtube\.com|youtu\.be)\//i;

const renderSource = (source: Source): JsonObject => {
  switch (source.kind) {
    case 'base64':
      return { inlineData: { mimeType: source.mediaType, data: source.data } };
    case 'file':
      return { fileData: compact({ mimeType: source.mediaType, fileUri: source.fileId }) };
    case 'url':
      return { fileData: compact({ mimeType: source.mediaType, fileUri: source.url }) };
  }
};

/** Can the API fetch what stands at the address? */
export const isTakenAddress = (url: string): boolean => isOwnFile(url) || takenAddress.test(url);

/** What a function gave back, in the shape in which the client told it, else in the one that the API proposes. */
const responseOf = ({ parts, isError }: ToolResultPart, came: JsonObject | undefined): JsonObject => {
  const text = parts.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('\n');
  const key = came && soleKey(came);
  if (came && key === undefined && !isError) {
    const value = text === '' ? {} : parsedObject(text);
    if (value) return value;
  }
  return { [isError ? 'error' : (key ?? 'output')]: text };
};

const parseInput = (id: string, input: string): JsonObject => {
  const value = inputObject(input);
  if (value) return value;
  throw badValue(
    'messages.tool_calls.function.arguments',
    `a JSON object in tool call ${JSON.stringify(id)}`,
  );
};

const parsedObject = (text: string): JsonObject | undefined => {
  const value = parseExactly(text);
  return isJsonObject(value) ? value : undefined;
};

// Tools

/** Functions share an entry; tools that came in one entry and were not changed are that entry again. */
const renderTools = (tools: readonly Tool[], rendering: Rendering): JsonValue | undefined => {
  if (tools.length === 0) return undefined;
  const entries: JsonObject[] = [];
  let open: JsonObject[] | undefined; // functions that the next one may join
  let at = 0;
  while (at < tools.length) {
    const kept = entryAt(tools, at);
    const tool = tools[at];
    if (kept) entries.push(kept.wire);
    else if (tool?.kind === 'opaque') entries.push(ownTool(tool));
    else if (tool && open) open.push(renderFunction(tool, rendering));
    else if (tool) {
      open = [renderFunction(tool, rendering)];
      entries.push({ functionDeclarations: open });
    }
    at += kept?.count ?? 1;
  }
  return entries;
};

/** The entry that the tools from `at` on are, whole and in order. */
const entryAt = (tools: readonly Tool[], at: number): { wire: JsonObject; count: number } | undefined => {
  const first = tools[at];
  const wire = first && wireOf(first);
  if (!wire) return undefined;
  const count = toolsIn(wire);
  const run = tools.slice(at, at + count);
  return run.length === count && run.every((tool) => wireOf(tool) === wire) ? { wire, count } : undefined;
};

/** How many tools an entry was read as. */
const toolsIn = (entry: JsonObject): number => {
  const { functionDeclarations, function_declarations, ...others } = entry;
  const declared = functionDeclarations ?? function_declarations;
  const functions = Array.isArray(declared) ? declared.length : isJsonObject(declared) ? 1 : 0;
  return functions + Object.values(others).filter((value) => value !== null).length;
};

const ownTool = (tool: Extract<Tool, { kind: 'opaque' }>): JsonObject => {
  if (tool.dialect === name && isJsonObject(tool.value)) return tool.value;
  throw cannotCarry('tools', `a tool of type ${tool.wireType}`);
};

const renderFunction = (
  { name: called, description, schema, vendor }: Extract<Tool, { kind: 'function' }>,
  { asJsonSchema, losses }: Rendering,
): JsonObject => ({
  ...compact({
    name: called,
    description,
    ...(asJsonSchema
      ? { parametersJsonSchema: schema && { ...schema } }
      : { parameters: schema && toApiSchema(schema, 'tools.function.parameters', losses) }),
  }),
  ...vendor,
});

const choiceModes = { auto: 'AUTO', required: 'ANY', none: 'NONE' } as const;

const renderToolConfig = ({ toolChoice, vendor }: ModelRequest): JsonObject | undefined => {
  const calling = {
    ...(toolChoice ? renderChoice(toolChoice) : {}),
    ...inner(vendor, 'toolConfig.functionCallingConfig'),
  };
  const config = {
    ...inner(vendor, 'toolConfig'),
    ...(isEmptyObject(calling) ? {} : { functionCallingConfig: calling }),
  };
  return isEmptyObject(config) ? undefined : config;
};

const renderChoice = (choice: ToolChoice): JsonObject => {
  switch (choice.mode) {
    case 'named':
      return { mode: 'ANY', allowedFunctionNames: [choice.name] };
    case 'allowed':
      return { mode: choice.required ? 'ANY' : 'VALIDATED', allowedFunctionNames: [...choice.names] };
    default:
      return { mode: choiceModes[choice.mode] };
  }
};

// Thinking

const levels: Readonly<Record<string, string>> = {
  minimal: 'MINIMAL',
  low: 'LOW',
  medium: 'MEDIUM',
  high: 'HIGH',
};

const renderThinking = (reasoning: ReasoningSettings | undefined): JsonObject | undefined => {
  if (!reasoning) return undefined;
  const { mode, budgetTokens, effort, show } = reasoning;
  const shown = show === 'summary' ? { includeThoughts: true } : {};
  if (mode === 'off') return { ...shown, thinkingBudget: 0 };
  if (mode === 'fixed') return compact({ ...shown, thinkingBudget: budgetTokens });
  if (mode === 'adaptive') return { ...shown, thinkingBudget: -1 };
  return compact({ ...shown, thinkingLevel: levels[effort ?? ''] });
};
