import { type ClientRequest, Exited, type Proxied, runMethod } from './pdk.ts';
import { KongSocket } from './socket.ts';
import { decode, encode, type Message } from './wire.ts';

/** A plugin on a route, a service, a consumer or everywhere. Any change of Kong's configuration gives all of them new `seq`. */
export interface PluginEntity {
  readonly id: string;
  readonly seq: number;
  readonly config?: Readonly<Record<string, unknown>>;
}

/** How a phase ended: the request goes on, was answered by the plugin, or gets Kong's own 500. */
export type Ending = Verdict & {
  readonly proxied: Proxied;
  /** How often Kong waited for the plugin server. */
  readonly waits: number;
};

type Verdict =
  | { readonly kind: 'proxied' }
  | { readonly kind: 'answered'; readonly exit: Exited }
  | { readonly kind: 'failed'; readonly reason: string };

export interface WorkerOptions {
  readonly socketPath: string;
  readonly pluginName: string;
  /** nginx waits for 60 s. */
  readonly readTimeoutMs?: number;
}

/** Kong does not try this a second time. */
class StartFailed extends Error {
  override readonly name = 'StartFailed';
}

interface Instance {
  readonly seq: number;
  readonly id: number;
}

/** So often Kong may start one event again before we call it endless. */
const mostRestarts = 20;

const plainRequest: ClientRequest = { method: 'GET', path: '/', headers: {} };

/**
 * One worker of Kong 3.9.3 at its end of the plugin socket: kong/runloop/plugin_servers/{plugin,rpc/pb_rpc}.lua in
 * their order of steps, for plugin servers that speak `ProtoBuf:1`.
 */
export class KongWorker {
  /** What Kong logs as it starts instances anew. */
  readonly warnings: string[] = [];
  connectionsOpened = 0;
  readonly #options: WorkerOptions;
  readonly #instances = new Map<string, Promise<Instance>>();
  #idle: KongSocket[] = [];
  #sequence = 0;

  constructor(options: WorkerOptions) {
    this.#options = options;
  }

  /** Runs a phase of a request for which Kong has found this plugin. */
  async run(entity: PluginEntity, phase: string, request: ClientRequest = plainRequest): Promise<Ending> {
    const proxied: Proxied = { calls: [], headers: new Map() };
    const bridge: Bridge = { request, proxied, waits: 0 };
    const ended = (verdict: Verdict): Ending => ({ ...verdict, proxied, waits: bridge.waits });
    for (let restarts = 0; restarts < mostRestarts; restarts++) {
      try {
        const instanceId = await this.#instanceOf(entity);
        await this.#call('cmd_handle_event', { instance_id: instanceId, event_name: phase }, bridge);
        return ended({ kind: 'proxied' });
      } catch (cause) {
        if (cause instanceof Exited) return ended({ kind: 'answered', exit: cause });
        const reason = cause instanceof Error ? cause.message : String(cause);
        const again = /no plugin instance|closed/i.test(reason) && !(cause instanceof StartFailed);
        if (!again) return ended({ kind: 'failed', reason });
        this.#instances.clear();
        this.warnings.push(reason);
      }
    }
    throw new Error(`Kong would start this event again and again: ${this.warnings.at(-1)}`);
  }

  /** Any other call of the protocol; the RpcReturn. */
  ask(call: string, message: Message): Promise<Message> {
    return this.#call(call, message);
  }

  /** Connections that wait for the next call. */
  get idleConnections(): number {
    return this.#idle.filter(({ isClosed }) => !isClosed).length;
  }

  /** The worker dies, or is replaced: it closes no instance. */
  stop(): void {
    for (const socket of this.#idle) socket.close();
    this.#idle = [];
  }

  async #instanceOf(entity: PluginEntity): Promise<number> {
    const claim = this.#instances.get(entity.id);
    const running = claim && (await claim);
    if (running?.seq === entity.seq) return running.id;
    if (this.#instances.get(entity.id) !== claim) return this.#instanceOf(entity); // another request was quicker
    const started = this.#start(entity);
    this.#instances.set(entity.id, started);
    started.catch(() => this.#instances.delete(entity.id));
    const { id } = await started;
    if (running) await this.#call('cmd_close_instance', { instance_id: running.id });
    return id;
  }

  async #start({ id, seq, config = {} }: PluginEntity): Promise<Instance> {
    const marks = {
      __plugin_id: id,
      __seq__: seq,
      __key__: `plugins:${id}`,
      __ws_id: 'default',
      route_id: id,
    };
    const settings = Buffer.from(JSON.stringify({ ...config, ...marks }));
    const message = { name: this.#options.pluginName, config: settings };
    const returned = await this.#call('cmd_start_instance', message).catch((cause) => {
      throw new StartFailed(String(cause));
    });
    const status = returned.instance_status as { instance_id: number } | undefined;
    if (!status) throw new StartFailed("attempt to index field 'instance_status' (a nil value)");
    return { seq, id: status.instance_id };
  }

  async #call(call: string, message: Message, bridge?: Bridge): Promise<Message> {
    const { readTimeoutMs = 60_000 } = this.#options;
    const sequence = ++this.#sequence;
    const socket = await this.#connect();
    try {
      socket.waits = 0;
      socket.write(encode('RpcCall', { sequence, [call]: message }));
      while (bridge) {
        const method = (await socket.read(readTimeoutMs)).toString('utf8');
        if (method === '') break;
        const args = await socket.read(readTimeoutMs);
        socket.write(runMethod(method, args, bridge));
      }
      const returned = decode('RpcReturn', await socket.read(readTimeoutMs));
      if (returned.sequence !== sequence) throw new Error('assertion failed: msg.sequence == msg_id');
      this.#idle.push(socket);
      return returned;
    } catch (cause) {
      socket.close();
      throw cause;
    } finally {
      if (bridge) bridge.waits += socket.waits;
    }
  }

  async #connect(): Promise<KongSocket> {
    for (let socket = this.#idle.pop(); socket; socket = this.#idle.pop())
      if (!socket.isClosed) return socket;
    this.connectionsOpened++;
    return KongSocket.open(this.#options.socketPath);
  }
}

interface Bridge {
  readonly request: ClientRequest;
  readonly proxied: Proxied;
  waits: number;
}
