import type { JsonObject, JsonValue } from '../wire/json.ts';

/** The wire formats that this gateway speaks with clients, and with upstreams too. */
export type DialectName = 'openai-chat' | 'openai-responses' | 'anthropic-messages' | 'gemini';

/** The wire formats that it speaks with upstreams; no client speaks the additional ones. */
export type UpstreamDialectName =
  | DialectName
  | 'anthropic-vertex'
  | 'anthropic-bedrock'
  | 'cohere-chat'
  | 'bedrock-converse';

/** Wire fields without a place in the model, kept so that the same dialect can write them again. */
export type Vendor = Readonly<JsonObject>;

/**
 * What a call asks for. `embeddings` holds its inputs and `images` its prompt as user turns; `count-tokens` is a chat
 * that is counted and not answered.
 */
export type Operation = 'chat' | 'embeddings' | 'images' | 'count-tokens';

/**
 * One request in no provider's dialect. Requests and everything in them are replaced, never edited:
 * a dialect recognises a part that nobody changed by its identity and writes it as it came.
 */
export interface ModelRequest {
  readonly operation: Operation;
  /** Whose wire fields the `vendor` bags hold. */
  readonly dialect: DialectName;
  /** The model that the client asked for: a name from our configuration. */
  readonly requestModel: string;
  readonly stream: boolean;
  /** OpenAI Chat only: the client asked for the usage chunk at the end of its stream. */
  readonly streamUsage: boolean;
  /** Instructions before the first turn. */
  readonly system: readonly SystemBlock[];
  readonly turns: readonly Turn[];
  readonly tools: readonly Tool[];
  readonly toolChoice?: ToolChoice;
  /** False: at most one tool call in an answer. */
  readonly parallelToolCalls?: boolean;
  readonly output?: OutputFormat;
  readonly sampling: Sampling;
  readonly maxOutputTokens?: number;
  readonly stopSequences: readonly string[];
  readonly logprobs?: { readonly topLogprobs: number };
  readonly reasoning?: ReasoningSettings;
  /** The caller's own name for its end user. */
  readonly endUser?: string;
  readonly serviceTier?: string;
  readonly metadata?: Vendor;
  readonly verbosity?: string;
  /** Of embeddings. */
  readonly embedding?: EmbeddingSettings;
  /** Of images. */
  readonly image?: ImageSettings;
  /** Top-level wire fields without a place above. */
  readonly vendor: Vendor;
  /**
   * Names of members of `vendor` without which the request means something else, or of what its server holds (an earlier
   * answer, a stored prompt): other dialects refuse them.
   */
  readonly essential?: readonly string[];
}

export interface EmbeddingSettings {
  /** Length of each vector; absent: the model's own. */
  readonly dimensions?: number;
  /** How the client wants the numbers: base64 is little-endian float32. */
  readonly encoding: 'float' | 'base64';
}

export interface ImageSettings {
  /** How many; absent means one. */
  readonly count?: number;
  /** `1024x1536`; `auto` lets the model choose. */
  readonly size?: string;
  readonly quality?: string;
  /** Whether the client wants the bytes or a place where they lie; absent: the model's own way. */
  readonly delivery?: 'base64' | 'url';
  /** `png`, `jpeg`, `webp`. */
  readonly format?: string;
}

export interface Sampling {
  readonly temperature?: number;
  readonly topP?: number;
  readonly topK?: number;
  readonly seed?: number;
  readonly presencePenalty?: number;
  readonly frequencyPenalty?: number;
  readonly logitBias?: Vendor;
  /** How many answers the client wants; absent means one. */
  readonly choices?: number;
}

export type ReasoningEffort = 'none' | 'minimal' | 'low' | 'medium' | 'high' | 'xhigh' | 'max';

export interface ReasoningSettings {
  readonly effort?: ReasoningEffort;
  /** Fixed number of tokens for reasoning. */
  readonly budgetTokens?: number;
  /** `adaptive`: the model decides how much within `effort`. */
  readonly mode?: 'adaptive' | 'fixed' | 'off';
  /** `omitted`: the client wants signatures only. */
  readonly show?: 'summary' | 'omitted';
}

export interface SystemBlock {
  readonly text: string;
  readonly cache?: CacheMark;
  readonly vendor?: Vendor;
}

export interface Turn {
  readonly role: 'user' | 'assistant' | 'system' | 'tool';
  readonly parts: readonly Part[];
  /** OpenAI's `name` on a message. */
  readonly name?: string;
  readonly vendor?: Vendor;
}

/** A prompt-cache breakpoint after the node that carries it. */
export interface CacheMark {
  readonly ttl?: '5m' | '1h';
}

export type Source =
  | { readonly kind: 'base64'; readonly mediaType: string; readonly data: string }
  | { readonly kind: 'url'; readonly url: string; readonly mediaType?: string }
  | {
      readonly kind: 'file';
      readonly fileId: string;
      readonly owner: DialectName;
      readonly mediaType?: string;
    };

export type Part =
  | TextPart
  | ImagePart
  | AudioPart
  | FilePart
  | ReasoningPart
  | ToolCallPart
  | ToolResultPart
  | RefusalPart
  | OpaquePart;

interface PartBase {
  readonly cache?: CacheMark;
  /** A provider's seal over this part that is no reasoning, wrapped (`seals.ts`). */
  readonly seal?: string;
  readonly vendor?: Vendor;
}

export interface TextPart extends PartBase {
  readonly type: 'text';
  readonly text: string;
}
export interface ImagePart extends PartBase {
  readonly type: 'image';
  readonly source: Source;
  readonly detail?: string;
}
export interface AudioPart extends PartBase {
  readonly type: 'audio';
  readonly source: Source;
  readonly format: string;
}
export interface FilePart extends PartBase {
  readonly type: 'file';
  readonly source: Source | { readonly kind: 'text'; readonly text: string };
  readonly filename?: string;
}
export interface ReasoningPart extends PartBase {
  readonly type: 'reasoning';
  readonly text: string;
  /** The provider's seal over `text`; byte for byte. */
  readonly signature?: string;
  /** Reasoning that only its provider can read; byte for byte. `text` is empty then. */
  readonly redacted?: string;
}
export interface ToolCallPart extends PartBase {
  readonly type: 'tool-call';
  readonly id: string;
  readonly name: string;
  /** The arguments as the model wrote them: JSON text, perhaps cut or invalid. */
  readonly input: string;
}
export interface ToolResultPart extends PartBase {
  readonly type: 'tool-result';
  readonly callId: string;
  readonly parts: readonly Part[];
  readonly isError?: boolean;
}
export interface RefusalPart extends PartBase {
  readonly type: 'refusal';
  readonly text: string;
}
/** A block that only its own dialect understands: written again there, refused elsewhere. */
export interface OpaquePart extends PartBase {
  readonly type: 'opaque';
  readonly dialect: DialectName;
  /** Its wire type, for the message that refuses it. */
  readonly wireType: string;
  readonly value: JsonValue;
}

export type Tool =
  | {
      readonly kind: 'function';
      readonly name: string;
      readonly description?: string;
      /** JSON Schema of the arguments. */
      readonly schema?: Vendor;
      readonly strict?: boolean;
      readonly cache?: CacheMark;
      readonly vendor?: Vendor;
    }
  /** A tool that the provider runs, or one of a kind that only its dialect knows. */
  | {
      readonly kind: 'opaque';
      readonly dialect: DialectName;
      readonly wireType: string;
      readonly name: string;
      readonly value: JsonValue;
    };

export type ToolChoice =
  | { readonly mode: 'auto' | 'none' | 'required' }
  | { readonly mode: 'named'; readonly name: string }
  | { readonly mode: 'allowed'; readonly required: boolean; readonly names: readonly string[] };

export type OutputFormat =
  | { readonly kind: 'text' }
  | { readonly kind: 'json' }
  | {
      readonly kind: 'schema';
      readonly schema: Vendor;
      readonly name?: string;
      readonly description?: string;
      readonly strict?: boolean;
      readonly vendor?: Vendor;
    };
