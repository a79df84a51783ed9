import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import type { Reply, Step } from '../../examples/demo/provider/reply.ts';
import type { Call } from '../../examples/demo/provider/server.ts';
import { isJsonObject, type JsonValue } from '../../plugins/wire/json.ts';

/** One request that a provider saw, and what becomes of its answer: an entry lives until the answer has ended. */
export interface JournalEntry {
  /** When it had come whole: milliseconds since 1970. */
  readonly epochMs: number;
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** Parsed; as text when it is no JSON. */
  readonly body: JsonValue;
  /** Absent when neither the body nor the path names one. */
  readonly model?: string;
  /** 0 until the answer begins. */
  readonly status: number;
  /** Of the answer's body. */
  readonly bytesWritten: number;
  /**
   * `open`: still being answered. `complete`: sent to its end. `cut`: broken off by this provider. `left`: the other side
   * closed the connection before the end.
   */
  readonly ended: 'open' | 'complete' | 'cut' | 'left';
}

/** Everything that one provider saw, oldest first. */
export class Journal {
  #entries: JournalEntry[] = [];

  get entries(): readonly JournalEntry[] {
    return this.#entries;
  }

  /** The newest. Throws when nothing was seen. */
  get last(): JournalEntry {
    const last = this.#entries.at(-1);
    if (!last) throw new Error('the provider saw no request');
    return last;
  }

  clear(): void {
    this.#entries = [];
  }

  /** Enters `call`. Returns `reply` again, to be sent through `response`, with every step of it counted. */
  enter(call: Call, reply: Reply, response: ServerResponse): Reply {
    const body = parsed(call.body);
    const sent = new Sent(reply, response);
    this.#entries.push({
      epochMs: Date.now(),
      method: call.method,
      path: call.path,
      headers: call.headers,
      body,
      ...modelOf(call.path, body),
      get status() {
        return sent.begun ? response.statusCode : 0;
      },
      get bytesWritten() {
        return sent.bytes;
      },
      get ended() {
        return sent.ended;
      },
    });
    return { ...reply, steps: sent.steps() };
  }
}

const modelOf = (path: string, body: JsonValue): { model?: string } => {
  if (isJsonObject(body) && typeof body.model === 'string') return { model: body.model };
  const [, model] = /\/models\/([^/:]+):/.exec(path) ?? [];
  return model === undefined ? {} : { model: decodeURIComponent(model) };
};

/** How far a reply has got. */
class Sent {
  readonly #reply: Reply;
  readonly #response: ServerResponse;
  #closed = false;
  #allSteps = false;
  begun = false;
  bytes = 0;

  constructor(reply: Reply, response: ServerResponse) {
    this.#reply = reply;
    this.#response = response;
    response.once('close', () => {
      this.#closed = true;
    });
  }

  get ended(): JournalEntry['ended'] {
    if (this.#response.writableFinished) return 'complete';
    if (!this.#closed) return 'open';
    return this.#allSteps && /cut|reset/.test(this.#reply.ending) ? 'cut' : 'left';
  }

  *steps(): Generator<Step> {
    for (const step of this.#reply.steps) {
      yield step;
      // Asked for the next one: this one is written.
      this.begun = true;
      this.bytes += Buffer.byteLength(step.bytes);
    }
    this.#allSteps = true;
  }
}

const parsed = (body: Buffer): JsonValue => {
  const text = body.toString('utf8');
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return text;
  }
};
