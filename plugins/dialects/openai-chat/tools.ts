import type { ModelRequest, Tool, ToolChoice } from '../../model/request.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../wire/json.ts';
import { present } from '../../wire/present.ts';
import { Fields } from '../fields.ts';
import { bag } from '../openai/wire.ts';
import { unsupported, type Writing } from '../openai/writing.ts';
import { readFrom, wireOf } from './provenance.ts';
import { name } from './wire.ts';

type ToolSettings = Pick<ModelRequest, 'tools' | 'toolChoice' | 'parallelToolCalls'>;

/** `tools` and what goes with them; the older `functions` become tools of which one may be called at a time. */
export const decodeTools = (fields: Fields): ToolSettings => {
  if (usesFunctions(fields.wire)) {
    const functions = fields.list('functions');
    return {
      tools: functions.map((value, at) => decodeFunction(new Fields(value, `functions[${at}]`))),
      ...present({ toolChoice: decodeChoice(fields, 'function_call') }),
      parallelToolCalls: false,
    };
  }
  const parallelToolCalls = fields.optionalBoolean('parallel_tool_calls');
  return {
    tools: (fields.optionalList('tools') ?? []).map((value, at) => decodeTool(value, `tools[${at}]`)),
    ...present({ toolChoice: decodeChoice(fields, 'tool_choice'), parallelToolCalls }),
  };
};

const decodeTool = (value: JsonValue, path: string): Tool => {
  const fields = new Fields(value, path);
  const type = fields.optionalString('type') ?? 'function';
  if (type !== 'function')
    return { kind: 'opaque', dialect: name, wireType: type, name: nameOf(fields.wire), value };
  const described = fields.object('function');
  const tool = { ...functionOf(described), vendor: { ...fields.rest, ...bag('function', described.rest) } };
  return readFrom(tool, fields.wire);
};

const decodeFunction = (fields: Fields): Tool =>
  readFrom({ ...functionOf(fields), vendor: fields.rest }, fields.wire);

const functionOf = (fields: Fields) => {
  const functionName = fields.string('name');
  return {
    kind: 'function' as const,
    name: functionName,
    ...present({
      description: fields.optionalString('description'),
      schema: fields.optionalObject('parameters')?.wire,
      strict: fields.optionalBoolean('strict'),
    }),
  };
};

/** The name in `{ type, [type]: { name } }`, the shape of everything that names a tool here. */
const nameOf = (value: JsonValue): string => {
  if (!isJsonObject(value)) return '';
  const named = value[typeof value.type === 'string' ? value.type : 'function'];
  return isJsonObject(named) && typeof named.name === 'string' ? named.name : '';
};

const modes: ReadonlyMap<JsonValue | undefined, ToolChoice> = new Map<JsonValue | undefined, ToolChoice>([
  ['auto', { mode: 'auto' }],
  ['none', { mode: 'none' }],
  ['required', { mode: 'required' }],
  ['any', { mode: 'required' }], // Mistral's word
]);

/** A choice of a kind that we do not know stays among the fields without a place. */
const decodeChoice = (fields: Fields, key: 'tool_choice' | 'function_call'): ToolChoice | undefined => {
  const value = fields.take(key);
  const choice = modes.get(value) ?? (isJsonObject(value) ? decodeNamedChoice(value) : undefined);
  if (value !== undefined && !choice) fields.leave(key);
  return choice;
};

const decodeNamedChoice = (value: JsonObject): ToolChoice | undefined => {
  if (value.type === 'allowed_tools') return decodeAllowed(value.allowed_tools);
  const named = value.type === undefined && typeof value.name === 'string' ? value.name : nameOf(value);
  return named === '' ? undefined : { mode: 'named', name: named };
};

const decodeAllowed = (allowed: JsonValue | undefined): ToolChoice | undefined => {
  if (!isJsonObject(allowed) || !Array.isArray(allowed.tools)) return undefined;
  const names = allowed.tools.map(nameOf);
  return names.includes('') ? undefined : { mode: 'allowed', required: allowed.mode === 'required', names };
};

/** The wire members that `encodeTools` writes. */
export const toolMembers = ['tools', 'functions', 'tool_choice', 'function_call', 'parallel_tool_calls'];

/** `client` is the body that the client sent: who asked with `functions` is written so again. */
export const encodeTools = (request: ModelRequest, client: JsonObject, writing: Writing): JsonObject => {
  const { tools, toolChoice, parallelToolCalls } = request;
  if (usesFunctions(client)) return encodeFunctions(request, writing);
  if (tools.length === 0 && !writing.own) return {};
  return present({
    tools:
      tools.length === 0 ? undefined : tools.map((tool, at) => encodeTool(tool, `tools[${at}]`, writing)),
    tool_choice: toolChoice && encodeChoice(toolChoice, tools, client),
    parallel_tool_calls: parallelToolCalls,
  });
};

/** Does this body use the older `functions`? */
export const usesFunctions = (client: JsonObject): boolean =>
  Array.isArray(client.functions) && !Array.isArray(client.tools);

const encodeFunctions = ({ tools, toolChoice }: ModelRequest, writing: Writing): JsonObject => ({
  functions: tools.map((tool) => wireOf(tool) ?? functionBody(tool, writing)),
  ...(toolChoice
    ? { function_call: toolChoice.mode === 'named' ? { name: toolChoice.name } : toolChoice.mode }
    : {}),
});

const functionBody = (tool: Tool, writing: Writing): JsonObject => {
  if (tool.kind !== 'function') throw unsupported('functions', `a tool of type ${tool.wireType}`);
  return writing.extend(describe(tool), tool, '');
};

const encodeTool = (tool: Tool, path: string, writing: Writing): JsonObject => {
  const known = wireOf(tool);
  if (known) return known;
  if (tool.kind === 'function')
    return writing.extend({ type: 'function', function: describe(tool) }, tool, 'tools.');
  if (tool.dialect === name && isJsonObject(tool.value)) return tool.value;
  throw unsupported(path, `a tool of type ${tool.wireType}`);
};

const describe = (tool: Extract<Tool, { kind: 'function' }>): JsonObject =>
  present({
    name: tool.name,
    description: tool.description,
    parameters: tool.schema && { ...tool.schema },
    strict: tool.strict,
  });

const encodeChoice = (choice: ToolChoice, tools: readonly Tool[], client: JsonObject): JsonValue => {
  switch (choice.mode) {
    case 'required':
      return client.tool_choice === 'any' ? 'any' : 'required';
    case 'named':
      return reference(choice.name, tools);
    case 'allowed':
      return {
        type: 'allowed_tools',
        allowed_tools: {
          mode: choice.required ? 'required' : 'auto',
          tools: choice.names.map((allowed) => reference(allowed, tools)),
        },
      };
    default:
      return choice.mode;
  }
};

const reference = (toolName: string, tools: readonly Tool[]): JsonObject => {
  const tool = tools.find((candidate) => candidate.name === toolName);
  const type = tool?.kind === 'opaque' ? tool.wireType : 'function';
  return { type, [type]: { name: toolName } };
};
