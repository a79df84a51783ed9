import { hash } from 'node:crypto';
import { isJsonObject, type JsonObject, type JsonValue } from '../../../plugins/wire/json.ts';
import { type Answer, type AnswerUsage, type Ask, type OfferedTool, type Schema, tokensIn } from './ask.ts';
import {
  countIn,
  objectIn,
  objectsIn,
  type ProviderDialect,
  type ProviderError,
  refuseUnknown,
  slices,
  textIn,
  wrong,
} from './dialect.ts';

/**
 * `generateContent` as Google's servers have it (ai.google.dev API reference, and the types of `@google/genai` 3.3.0, read
 * 2026-11-28). Models named `gemini-3…` give their calls ids and want them and their seals back.
 */
export const gemini: ProviderDialect = {
  path: '/v1beta/models/MODEL:generateContent',
  saidByPath: (path) => saidByPath(path),
  credentials: (key) => ({ 'x-goog-api-key': key }),
  readAsk: (body, _headers, said) => readAsk(body, said),
  unary: (answer) => unary(answer),
  frames: (answer) => frames(answer),
  errorBody: (error) => errorBody(error),
  errorFrame: (error) => frame(errorBody(error)),
  models: (names) => ({ models: names.map((name) => ({ name: `models/${name}`, displayName: name })) }),
};

const saidByPath = (path: string): JsonObject | undefined => {
  const [, model, verb] = /\/models\/([^/]+):(generateContent|streamGenerateContent)$/.exec(path) ?? [];
  if (model === undefined) return undefined;
  return { model: decodeURIComponent(model), stream: verb === 'streamGenerateContent' };
};

const topLevel = new Set(
  'contents systemInstruction tools toolConfig safetySettings generationConfig cachedContent serviceTier labels'.split(
    ' ',
  ),
);

const configKeys = new Set(
  (
    'temperature topP topK candidateCount maxOutputTokens stopSequences responseMimeType responseSchema ' +
    'responseJsonSchema seed presencePenalty frequencyPenalty responseLogprobs logprobs thinkingConfig ' +
    'responseModalities mediaResolution speechConfig'
  ).split(' '),
);

const schemaKeys = new Set(
  (
    'type format title description nullable enum items maxItems minItems properties required propertyOrdering anyOf ' +
    'minimum maximum minLength maxLength pattern minProperties maxProperties default example'
  ).split(' '),
);

const partKeys = new Set(
  'text thought thoughtSignature inlineData fileData functionCall functionResponse mediaResolution'.split(
    ' ',
  ),
);

const isThird = (model: string): boolean => model.startsWith('gemini-3');

/** In place of a seal that the caller never got. */
const sealForNone = 'skip_thought_signature_validator';

/** Members whose own members are the caller's words, not the API's. */
const callersWords = new Set(
  'args response labels default example responseJsonSchema parametersJsonSchema responseFormat'.split(' '),
);

/** The API takes its members in snake_case, too, and Google's SDK for Python sends some of them so. */
const camelCased = (value: JsonValue, keysAreTheirs = false): JsonValue => {
  if (Array.isArray(value)) return value.map((item) => camelCased(item));
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => {
      const name = keysAreTheirs ? key : key.replace(/_([a-z])/g, (_, letter) => letter.toUpperCase());
      if (!keysAreTheirs && callersWords.has(name)) return [name, member];
      return [name, camelCased(member, !keysAreTheirs && name === 'properties')];
    }),
  );
};

const readAsk = (wire: JsonObject, said: JsonObject): Ask => {
  const body = objectIn(camelCased(wire), '');
  refuseUnknown(body, topLevel, '');
  const model = String(said.model);
  const config = objectIn(body.generationConfig ?? {}, 'generationConfig');
  refuseUnknown(config, configKeys, 'generationConfig.');
  const contents = readContents(body.contents, model);
  const system =
    body.systemInstruction === undefined
      ? []
      : partsIn(objectIn(body.systemInstruction, 'systemInstruction'), 'systemInstruction');
  const { tools, required } = readTools(body);
  return {
    model,
    stream: said.stream === true,
    streamUsage: true,
    lastText: textOf(contents.at(-1)?.parts ?? []),
    tools,
    toolRequired: required,
    parallelTools: true,
    reasoning: readThinking(config.thinkingConfig),
    maxTokens: countIn(config.maxOutputTokens, 'generationConfig.maxOutputTokens'),
    stopSequences: readStops(config.stopSequences),
    outputSchema: readFormat(config),
    promptTokens: tokensIn(JSON.stringify([system, contents, body.tools])),
    cacheReadTokens: 0,
    cacheWriteTokens: 0,
  };
};

interface Content {
  readonly role: string;
  readonly parts: readonly JsonObject[];
}

const readContents = (value: JsonValue | undefined, model: string): Content[] => {
  const contents = objectsIn(value, 'contents').map((content, at) => {
    const where = `contents[${at}]`;
    const role = content.role === undefined ? 'user' : textIn(content.role, `${where}.role`);
    if (role !== 'user' && role !== 'model') throw wrong(`${where}.role`, 'use a valid role: user, model');
    return { role, parts: partsIn(content, where) };
  });
  if (contents.length === 0) throw wrong('contents', 'is not specified');
  for (const [at, content] of contents.entries()) checkResults(content, contents[at - 1], `contents[${at}]`);
  if (isThird(model)) checkSeals(contents);
  return contents;
};

const partsIn = (content: JsonObject, where: string): JsonObject[] => {
  const parts = objectsIn(content.parts, `${where}.parts`);
  if (parts.length === 0) throw wrong(`${where}.parts`, 'must not be empty');
  for (const [at, part] of parts.entries()) checkPart(part, `${where}.parts[${at}]`);
  return parts;
};

const checkPart = (part: JsonObject, where: string): void => {
  refuseUnknown(part, partKeys, `${where}.`);
  const { inlineData, functionCall, functionResponse, thoughtSignature } = part;
  if (isJsonObject(inlineData)) textIn(inlineData.mimeType, `${where}.inlineData.mimeType`);
  if (isJsonObject(functionCall)) objectIn(functionCall.args ?? {}, `${where}.functionCall.args`);
  if (isJsonObject(functionResponse))
    objectIn(functionResponse.response, `${where}.functionResponse.response`);
  if (
    thoughtSignature !== undefined &&
    thoughtSignature !== sealForNone &&
    !/^[\w+/-]{43}=$/.test(textIn(thoughtSignature, where))
  )
    throw wrong(`${where}.thoughtSignature`, 'is not valid');
};

/** As many results as calls, of the same functions in the same order. */
const checkResults = ({ parts }: Content, before: Content | undefined, where: string): void => {
  const results = parts.flatMap(({ functionResponse }) =>
    isJsonObject(functionResponse) ? [functionResponse] : [],
  );
  const calls = (before?.parts ?? []).flatMap(({ functionCall }) =>
    isJsonObject(functionCall) ? [functionCall] : [],
  );
  if (results.length !== calls.length)
    throw wrong(where, 'the number of function response parts must be that of the function call parts');
  results.forEach((result, at) => {
    if (result.name !== calls[at]?.name) throw wrong(where, `function response ${at} is of another function`);
    if (result.id !== undefined && result.id !== calls[at]?.id)
      throw wrong(where, `function response ${at} has another id`);
  });
};

/** Since the user's last words, the first call of each turn bears its seal. */
const checkSeals = (contents: readonly Content[]): void => {
  const from = contents.findLastIndex(
    ({ role, parts }) => role === 'user' && parts.some(({ text }) => text !== undefined),
  );
  for (const [at, { parts }] of contents.entries()) {
    const first = parts.find(({ functionCall }) => functionCall !== undefined);
    if (at <= from || !first || first.thoughtSignature === sealForNone) continue;
    const call = objectIn(first.functionCall, 'functionCall');
    // Bytes in JSON come in either alphabet of base64; Google's SDK for Python writes the one for URLs.
    const seal = String(first.thoughtSignature).replaceAll('-', '+').replaceAll('_', '/');
    if (seal !== sealOf(String(call.name), JSON.stringify(call.args ?? {})))
      throw wrong(`contents[${at}]`, 'function call is missing a thought_signature');
  }
};

const sealOf = (name: string, args: string): string => hash('sha256', `demo ${name} ${args}`, 'base64');

const readTools = (body: JsonObject): { tools: OfferedTool[]; required: boolean } => {
  const declared = (body.tools === undefined ? [] : objectsIn(body.tools, 'tools')).flatMap((tool, at) =>
    objectsIn(tool.functionDeclarations ?? [], `tools[${at}].functionDeclarations`).map((it) =>
      readTool(it, `tools[${at}]`),
    ),
  );
  const config = isJsonObject(body.toolConfig)
    ? objectIn(body.toolConfig.functionCallingConfig ?? {}, 'toolConfig')
    : {};
  const { mode = 'AUTO', allowedFunctionNames } = config;
  const allowed = Array.isArray(allowedFunctionNames) ? allowedFunctionNames : undefined;
  return {
    tools: mode === 'NONE' ? [] : declared.filter(({ name }) => allowed?.includes(name) ?? true),
    required: mode === 'ANY',
  };
};

const readTool = (tool: JsonObject, where: string): OfferedTool => {
  const name = textIn(tool.name, `${where}.name`);
  if (!/^[A-Za-z_][\w.:-]{0,127}$/.test(name)) throw wrong(`${where}.name`, 'is no name of a function');
  const { parameters, parametersJsonSchema } = tool;
  if (parameters !== undefined && parametersJsonSchema !== undefined) throw wrong(where, 'two schemas');
  if (isJsonObject(parametersJsonSchema)) return { name, schema: parametersJsonSchema };
  return { name, schema: isJsonObject(parameters) ? readSchema(parameters, `${where}.parameters`) : {} };
};

/** The API's own schema with its types as JSON Schema has them. */
const readSchema = (schema: JsonObject, where: string): Schema => {
  refuseUnknown(schema, schemaKeys, `${where}.`);
  const { type, properties } = schema;
  return {
    ...schema,
    ...(typeof type === 'string' ? { type: type.toLowerCase() } : {}),
    ...(isJsonObject(properties)
      ? {
          properties: Object.fromEntries(
            Object.entries(properties).map(([key, it]) => [
              key,
              readSchema(objectIn(it, where), `${where}.${key}`),
            ]),
          ),
        }
      : {}),
  } as Schema; // our own reading of it
};

const readThinking = (value: JsonValue | undefined): Ask['reasoning'] => {
  const config = value === undefined ? {} : objectIn(value, 'generationConfig.thinkingConfig');
  if (config.thinkingBudget !== undefined && config.thinkingLevel !== undefined)
    throw wrong('generationConfig.thinkingConfig', 'budget and level exclude each other');
  if (value === undefined || config.thinkingBudget === 0) return 'none';
  return config.includeThoughts === true ? 'shown' : 'sealed';
};

const readStops = (value: JsonValue | undefined): string[] => {
  const sequences = Array.isArray(value) ? value : [];
  if (sequences.length > 5) throw wrong('generationConfig.stopSequences', 'at most 5');
  return sequences.map((sequence, at) => textIn(sequence, `generationConfig.stopSequences[${at}]`));
};

const readFormat = ({
  responseMimeType,
  responseSchema,
  responseJsonSchema,
}: JsonObject): Schema | undefined => {
  if (responseSchema === undefined && responseJsonSchema === undefined) return undefined;
  if (responseMimeType !== 'application/json')
    throw wrong('generationConfig.responseMimeType', 'must be application/json');
  if (isJsonObject(responseJsonSchema)) return responseJsonSchema;
  return readSchema(
    objectIn(responseSchema, 'generationConfig.responseSchema'),
    'generationConfig.responseSchema',
  );
};

const textOf = (parts: readonly JsonObject[]): string =>
  parts
    .flatMap(({ text, thought, functionResponse }) => {
      if (typeof text === 'string' && thought !== true) return [text];
      if (!isJsonObject(functionResponse) || !isJsonObject(functionResponse.response)) return [];
      const { response } = functionResponse;
      const only = response.output ?? response.result ?? response.error;
      return [typeof only === 'string' ? only : JSON.stringify(response)];
    })
    .join('\n');

const finishReasons = {
  stop: 'STOP',
  'stop-sequence': 'STOP',
  length: 'MAX_TOKENS',
  'tool-calls': 'STOP',
} as const;

const head = ({ id, model }: Answer): JsonObject => ({ modelVersion: model, responseId: id.slice(0, 22) });

const wireUsage = (usage: AnswerUsage): JsonObject => ({
  promptTokenCount: usage.inputTokens,
  candidatesTokenCount: usage.outputTokens - usage.reasoningTokens,
  totalTokenCount: usage.inputTokens + usage.outputTokens,
  promptTokensDetails: [{ modality: 'TEXT', tokenCount: usage.inputTokens }],
  ...(usage.reasoningTokens > 0 ? { thoughtsTokenCount: usage.reasoningTokens } : {}),
});

const thoughtsOf = ({ reasoning, reasoningShown }: Answer): string => (reasoningShown ? reasoning : '');

/** Ids and seals are of Gemini 3; a thought that led to text is sealed at its end. */
const callParts = ({ calls, id, model }: Answer): JsonObject[] =>
  calls.map((call, at) => ({
    functionCall: {
      ...(isThird(model) ? { id: `${id.slice(0, 7)}${at}` } : {}),
      name: call.name,
      args: JSON.parse(call.arguments) as JsonObject, // our own text
    },
    ...(isThird(model) && at === 0 ? { thoughtSignature: sealOf(call.name, call.arguments) } : {}),
  }));

const sealOfText = ({ model, reasoning, calls }: Answer): JsonObject =>
  isThird(model) && reasoning !== '' && calls.length === 0
    ? { thoughtSignature: sealOf('text', reasoning) }
    : {};

const unary = (answer: Answer): JsonObject => {
  const thoughts = thoughtsOf(answer);
  const text = answer.pieces.join('');
  const usage = answer.usage.at(-1);
  const parts = [
    ...(thoughts === '' ? [] : [{ text: thoughts, thought: true }]),
    ...(text === '' ? [] : [{ text, ...sealOfText(answer) }]),
    ...callParts(answer),
  ];
  return {
    candidates: [
      {
        content: { ...(parts.length === 0 ? {} : { parts }), role: 'model' },
        finishReason: finishReasons[answer.finish],
        index: 0,
      },
    ],
    ...(usage ? { usageMetadata: wireUsage(usage) } : {}),
    ...head(answer),
  };
};

/** Chunks as the server sends them: what is new, the counts so far, and in the last one the end. */
const frames = (answer: Answer): string[] => {
  const first = answer.usage.at(0);
  const soFar = first && {
    usageMetadata: { promptTokenCount: first.inputTokens, totalTokenCount: first.inputTokens },
  };
  const chunk = (parts: JsonObject[], more: JsonObject = {}, usage: JsonObject | undefined = soFar) =>
    frame({
      candidates: [{ content: { parts, role: 'model' }, index: 0, ...more }],
      ...usage,
      ...head(answer),
    });
  const parts: JsonObject[] = [
    ...slices(thoughtsOf(answer), 12).map((text) => ({ text, thought: true })),
    ...answer.pieces.map((text) => ({ text })),
    ...callParts(answer),
  ];
  const end = { finishReason: finishReasons[answer.finish] };
  const last = { text: '', ...sealOfText(answer) };
  const ends =
    answer.usage.length === 0 ? [{}] : answer.usage.map((usage) => ({ usageMetadata: wireUsage(usage) }));
  return [...parts.map((part) => chunk([part])), ...ends.map((usage) => chunk([last], end, usage))];
};

const frame = (chunk: JsonObject): string => `data: ${JSON.stringify(chunk)}\r\n\r\n`;

/** `error.status` per HTTP status ("Troubleshooting guide", read 2026-11-28). */
const statusNames: Readonly<Record<number, string>> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  429: 'RESOURCE_EXHAUSTED',
  500: 'INTERNAL',
  503: 'UNAVAILABLE',
  504: 'DEADLINE_EXCEEDED',
};

/** A prompt that is too long is told by its message alone; overload has no status of its own. */
const errorBody = ({ status, message, detail }: ProviderError): JsonObject => ({
  error: {
    code: status === 529 ? 503 : status,
    message:
      detail.code === 'context_length_exceeded'
        ? 'The input token count (2000000) exceeds the maximum number of tokens allowed (1048576).'
        : message,
    status: statusNames[status === 529 ? 503 : status] ?? 'UNKNOWN',
    ...(detail.code === 'insufficient_quota'
      ? {
          details: [
            {
              '@type': 'type.googleapis.com/google.rpc.QuotaFailure',
              violations: [{ quotaId: 'GenerateRequestsPerDayPerProjectPerModel' }],
            },
          ],
        }
      : {}),
  },
});
