import type { ModelRequest, Tool, ToolChoice } from '../../model/request.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../wire/json.ts';
import { present } from '../../wire/present.ts';
import { Fields } from '../fields.ts';
import { isText } from '../openai/wire.ts';
import { unsupported, type Writing } from '../openai/writing.ts';
import { customSchema, isCustom } from './custom.ts';
import { readFrom, wireOf } from './provenance.ts';
import { name } from './wire.ts';

type ToolSettings = Pick<ModelRequest, 'tools' | 'toolChoice' | 'parallelToolCalls'>;

/** `tools` and what goes with them. Tools that the server runs belong to this API alone. */
export const decodeTools = (fields: Fields): ToolSettings => ({
  tools: (fields.optionalList('tools') ?? []).map((value, at) => decodeTool(value, `tools[${at}]`)),
  ...present({
    toolChoice: decodeChoice(fields),
    parallelToolCalls: fields.optionalBoolean('parallel_tool_calls'),
  }),
});

const decodeTool = (value: JsonValue, path: string): Tool => {
  const fields = new Fields(value, path);
  const type = fields.string('type');
  if (type === 'custom') return decodeCustom(fields);
  if (type !== 'function') {
    const toolName = isText(fields.wire.name) ? fields.wire.name : type;
    return { kind: 'opaque', dialect: name, wireType: type, name: toolName, value: fields.wire };
  }
  const tool: Tool = {
    kind: 'function',
    name: fields.string('name'),
    ...present({
      description: fields.optionalString('description'),
      schema: fields.optionalObject('parameters')?.wire,
      strict: fields.optionalBoolean('strict'),
    }),
    vendor: fields.rest,
  };
  return readFrom(tool, fields.wire);
};

/** `type` stays in the vendor bag, which tells a custom tool from a function. */
const decodeCustom = (fields: Fields): Tool => {
  fields.leave('type');
  const tool: Tool = {
    kind: 'function',
    name: fields.string('name'),
    ...present({ description: fields.optionalString('description') }),
    schema: customSchema,
    vendor: fields.rest,
  };
  return readFrom(tool, fields.wire);
};

const modes: ReadonlyMap<JsonValue | undefined, ToolChoice> = new Map<JsonValue | undefined, ToolChoice>([
  ['auto', { mode: 'auto' }],
  ['none', { mode: 'none' }],
  ['required', { mode: 'required' }],
]);

/** A choice of a kind that we do not know stays among the fields without a place. */
const decodeChoice = (fields: Fields): ToolChoice | undefined => {
  const value = fields.take('tool_choice');
  const choice = modes.get(value) ?? (isJsonObject(value) ? decodeNamedChoice(value) : undefined);
  if (value !== undefined && !choice) fields.leave('tool_choice');
  return choice;
};

const decodeNamedChoice = (value: JsonObject): ToolChoice | undefined => {
  if (value.type === 'allowed_tools') return decodeAllowed(value);
  const known = value.type === 'function' || value.type === 'custom';
  return known && isText(value.name) ? { mode: 'named', name: value.name } : undefined;
};

const decodeAllowed = ({ mode, tools }: JsonObject): ToolChoice | undefined => {
  if (!Array.isArray(tools)) return undefined;
  const names = tools.flatMap((tool) => (isJsonObject(tool) && isText(tool.name) ? tool.name : []));
  return names.length < tools.length ? undefined : { mode: 'allowed', required: mode === 'required', names };
};

/** The wire members that `encodeTools` writes. */
export const toolMembers = ['tools', 'tool_choice', 'parallel_tool_calls'];

/** `client` is the body that the client sent: an empty list stays one. */
export const encodeTools = (
  { tools, toolChoice, parallelToolCalls }: ModelRequest,
  client: JsonObject,
  writing: Writing,
): JsonObject => {
  if (tools.length === 0 && !writing.own) return {};
  const isListed = tools.length > 0 || Array.isArray(client.tools);
  return present({
    tools: isListed ? tools.map((tool, at) => encodeTool(tool, `tools[${at}]`, writing)) : undefined,
    tool_choice: toolChoice && encodeChoice(toolChoice, tools),
    parallel_tool_calls: parallelToolCalls,
  });
};

const encodeTool = (tool: Tool, path: string, writing: Writing): JsonObject => {
  const known = wireOf(tool);
  if (known) return known;
  if (tool.kind === 'function' && writing.own && isCustom(tool))
    return writing.extend(present({ name: tool.name, description: tool.description }), tool, '');
  if (tool.kind === 'function') return writing.extend(functionBody(tool, writing), tool, 'tools.');
  if (tool.dialect === name && isJsonObject(tool.value)) return tool.value;
  throw unsupported(path, `a tool of type ${tool.wireType}`);
};

/** Without a word about `strict` this API tries to be strict, unlike all others. */
const functionBody = (tool: Extract<Tool, { kind: 'function' }>, { own }: Writing): JsonObject =>
  present({
    type: 'function',
    name: tool.name,
    description: tool.description,
    parameters: tool.schema ? { ...tool.schema } : own ? undefined : { type: 'object', properties: {} },
    strict: tool.strict ?? (own ? undefined : false),
  });

const encodeChoice = (choice: ToolChoice, tools: readonly Tool[]): JsonValue => {
  switch (choice.mode) {
    case 'named':
      return reference(choice.name, tools);
    case 'allowed':
      return {
        type: 'allowed_tools',
        mode: choice.required ? 'required' : 'auto',
        tools: choice.names.map((allowed) => reference(allowed, tools)),
      };
    default:
      return choice.mode;
  }
};

const reference = (toolName: string, tools: readonly Tool[]): JsonObject => {
  const tool = tools.find((candidate) => candidate.name === toolName);
  if (tool?.kind === 'opaque') return { type: tool.wireType, name: toolName };
  return { type: tool && isCustom(tool) ? 'custom' : 'function', name: toolName };
};
