import type { GatewayError } from '../refusals.ts';
import type { JsonValue } from '../wire/json.ts';
import type { UpstreamDialectName, Vendor } from './request.ts';
import type { FinishReason, Usage } from './usage.ts';

/**
 * An answer as a short stream: a whole JSON body decodes to the same events as SSE.
 *
 * Order: `message-start`, then for each part `part-start`, its deltas, `part-stop`, then one `finish` per choice,
 * `usage`, `message-stop`. Parts may interleave (parallel tool calls). `usage` may come at any time and more than
 * once: the last one holds. `message-stop` says that the upstream ended its answer properly; an answer without
 * it was cut. `part` counts from 0 over the whole answer, choices included.
 */
export type ModelEvent =
  | MessageStart
  | PartStart
  | { readonly type: 'text-delta'; readonly part: number; readonly text: string; readonly vendor?: Vendor }
  | {
      readonly type: 'reasoning-delta';
      readonly part: number;
      readonly text: string;
      readonly vendor?: Vendor;
    }
  | { readonly type: 'reasoning-signature'; readonly part: number; readonly signature: string }
  | { readonly type: 'tool-input-delta'; readonly part: number; readonly json: string }
  | { readonly type: 'citation'; readonly part: number; readonly citation: Citation }
  /** OpenAI's `logprobs` object of one choice, as it came. */
  | { readonly type: 'logprobs'; readonly choice: number; readonly value: JsonValue }
  /** One vector of embeddings; `index` is the place of its input. Base64 is little-endian float32. */
  | { readonly type: 'embedding'; readonly index: number; readonly vector: readonly number[] | string }
  | GeneratedImage
  | { readonly type: 'part-stop'; readonly part: number; readonly vendor?: Vendor }
  | { readonly type: 'usage'; readonly usage: Usage; readonly vendor?: Vendor }
  | Finish
  | { readonly type: 'error'; readonly error: GatewayError }
  | { readonly type: 'ping' }
  | { readonly type: 'message-stop' }
  /** An event or chunk field that only its own dialect understands. */
  | {
      readonly type: 'raw';
      readonly dialect: UpstreamDialectName;
      readonly wireType: string;
      readonly value: JsonValue;
    };

/** One image, whole: its bytes or where they lie. */
export interface GeneratedImage {
  readonly type: 'image';
  readonly index: number;
  readonly base64?: string;
  readonly url?: string;
  /** The prompt as the model rewrote it. */
  readonly revisedPrompt?: string;
}

export interface MessageStart {
  readonly type: 'message-start';
  readonly id: string;
  /** The model that answered, by the provider's name for it. */
  readonly responseModel: string;
  readonly createdSeconds?: number;
  /** Whose wire fields the `vendor` bags of this answer hold; absent when it has none. */
  readonly dialect?: UpstreamDialectName;
  readonly vendor?: Vendor;
}

export interface PartStart {
  readonly type: 'part-start';
  readonly part: number;
  readonly choice: number;
  readonly kind: 'text' | 'reasoning' | 'tool-call' | 'refusal' | 'opaque';
  /** Of a tool call: the id that its result will name. */
  readonly id?: string;
  /** Of a tool call: the tool. */
  readonly name?: string;
  /** Of reasoning that only its provider can read; byte for byte. */
  readonly redacted?: string;
  /** Of an opaque part that is an image, whole: for dialects that have another place for one. */
  readonly image?: { readonly mediaType: string; readonly base64: string };
  readonly vendor?: Vendor;
}

export interface Finish {
  readonly type: 'finish';
  readonly choice: number;
  readonly reason: FinishReason;
  readonly stopSequence?: string;
  /** The provider's own word, when it says more than `reason`. */
  readonly rawReason?: string;
  readonly vendor?: Vendor;
}

export interface Citation {
  readonly url?: string;
  readonly title?: string;
  readonly citedText?: string;
  /** Code-point offsets in the text of its part, end exclusive. */
  readonly start?: number;
  readonly end?: number;
  readonly vendor?: Vendor;
}
