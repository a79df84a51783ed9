import type { Duplex } from 'node:stream';
import { emptyFrame, FrameReader, frame } from './frames.ts';

/** Kong has left in the middle of an event. */
export class KongGone extends Error {
  override readonly name = 'KongGone';
}

type Reply = PromiseWithResolvers<Buffer>;

/**
 * One connection of a Kong worker. Kong sends a call and waits; until it has the answer, we may have it run PDK methods:
 * a frame with the name, one with the arguments, and back comes one with the result. Kong takes them one after the
 * other from the socket, so several may be sent at once, and the end of the event with them.
 */
export class Channel {
  readonly #socket: Duplex;
  readonly #frames = new FrameReader();
  /** One place for every result that is on its way, in order; `undefined` when nobody waits for it. */
  readonly #replies: (Reply | undefined)[] = [];
  #outgoing: Buffer[] = [];
  #spent = false;

  /** `onCall` gets the payload of each call; what it throws breaks the connection and goes to `onBroken`. */
  constructor(
    socket: Duplex,
    { onCall, onBroken }: { onCall: (call: Buffer) => void; onBroken: (cause: unknown) => void },
  ) {
    this.#socket = socket;
    socket.on('error', () => {}); // 'close' follows
    socket.on('close', () => this.#close());
    socket.on('data', (chunk) => {
      try {
        for (const payload of this.#frames.push(chunk)) this.#take(payload, onCall);
      } catch (cause) {
        onBroken(cause);
        socket.destroy();
      }
    });
  }

  /** Nothing more can be said on it: Kong is gone, or ends its request. */
  get spent(): boolean {
    return this.#spent;
  }

  /** Has Kong run a PDK method; the result comes encoded as the method's message. Rejects with `KongGone`. */
  call(method: string, args: Uint8Array): Promise<Buffer> {
    if (this.#spent) return Promise.reject(new KongGone());
    const reply = Promise.withResolvers<Buffer>();
    this.#run(method, args, reply);
    return reply.promise;
  }

  /** As `call`, for a method without a result. When it fails in Kong, the request ends in Kong's own 500. */
  send(method: string, args: Uint8Array): void {
    if (!this.#spent) this.#run(method, args, undefined);
  }

  /** As `send`, for a method from which Kong does not come back: it is the last that is said here. */
  sendLast(method: string, args: Uint8Array): void {
    this.send(method, args);
    this.#close();
  }

  /** Ends the event that Kong waits for. */
  endEvent(rpcReturn: Uint8Array): void {
    this.#write(emptyFrame, frame(rpcReturn));
  }

  /** Answers a call other than an event. */
  answer(rpcReturn: Uint8Array): void {
    this.#write(frame(rpcReturn));
  }

  /** Closes the connection when what was said is out. */
  hangUp(): void {
    this.#flush();
    this.#socket.end();
  }

  #run(method: string, args: Uint8Array, reply: Reply | undefined): void {
    this.#replies.push(reply);
    this.#write(frame(Buffer.from(method)), frame(args));
  }

  #take(payload: Buffer, onCall: (call: Buffer) => void): void {
    if (this.#spent) return;
    if (this.#replies.length > 0) this.#replies.shift()?.resolve(payload);
    else onCall(payload);
  }

  /** What is said in one turn of the event loop leaves in one piece. */
  #write(...frames: readonly Buffer[]): void {
    if (this.#outgoing.length === 0) process.nextTick(() => this.#flush());
    this.#outgoing.push(...frames);
  }

  #flush(): void {
    if (this.#outgoing.length > 0 && this.#socket.writable) this.#socket.write(Buffer.concat(this.#outgoing));
    this.#outgoing = [];
  }

  #close(): void {
    this.#spent = true;
    for (const reply of this.#replies.splice(0)) reply?.reject(new KongGone());
  }
}
