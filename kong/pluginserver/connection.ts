import type { Duplex } from 'node:stream';
import type { Clock } from '../../plugins/ports/clock.ts';
import { Channel } from './channel.ts';
import type { Instances } from './instances.ts';
import { decodeRpcCall, encodeDone, encodeInstanceStatus, type RpcCall } from './messages.ts';
import { isPhase, type Phases, type PluginModule } from './module.ts';
import { type Exit, type Kong, kongOver } from './pdk.ts';

/** Told of what went wrong on our side; `at` is a phase, `start-instance` or `connection`. */
export type FaultListener = (fault: { at: string; cause: unknown }) => void;

export interface ConnectionOptions<World> {
  readonly module: PluginModule<World>;
  readonly world: World;
  readonly instances: Instances<Phases>;
  /** What the client is told when a phase throws or takes too long. */
  readonly faultExit: Exit;
  readonly onFault: FaultListener;
  readonly clock: Clock;
  /** A phase that takes longer is ended with its `faultExit`. */
  readonly phaseTimeoutMs: number;
}

type HandleEvent = Extract<RpcCall, { kind: 'handle-event' }>;

/** In place of a plugin that cannot be made from its settings: an event without a handler is refused. */
const refusesAll: Phases = {};

/**
 * Answers one connection of a Kong worker. Every call is answered, whatever happens to it: a connection that closes in
 * the middle of an event makes Kong start it again at once, without limit.
 */
export class Connection<World> {
  readonly #socket: Duplex;
  readonly #options: ConnectionOptions<World>;
  readonly #channel: Channel;
  #isBusy = false;
  #isClosing = false;

  constructor(socket: Duplex, options: ConnectionOptions<World>) {
    this.#socket = socket;
    this.#options = options;
    this.#channel = new Channel(socket, {
      onCall: (bytes) => this.#take(decodeRpcCall(bytes)),
      onBroken: (cause) => options.onFault({ at: 'connection', cause }),
    });
  }

  closeWhenIdle(): void {
    this.#isClosing = true;
    if (!this.#isBusy) this.#channel.hangUp();
  }

  breakOff(): void {
    this.#socket.destroy();
  }

  #take(call: RpcCall): void {
    const { instances, module } = this.#options;
    const { sequence } = call;
    switch (call.kind) {
      case 'start-instance': {
        const instanceId = instances.add(this.#makePlugin(call.config));
        return this.#channel.answer(encodeInstanceStatus(sequence, { name: module.Name, instanceId }));
      }
      case 'close-instance': {
        const { instanceId } = call;
        instances.remove(instanceId);
        return this.#channel.answer(encodeInstanceStatus(sequence, { name: module.Name, instanceId }));
      }
      case 'handle-event':
        void this.#handle(call);
        return;
      case 'other': // names, schemas and settings are nobody's business here
        return this.#channel.answer(encodeDone(sequence));
    }
  }

  #makePlugin(config: string): Phases {
    const { module, world, onFault } = this.#options;
    try {
      return new module.Plugin(JSON.parse(config), world);
    } catch (cause) {
      onFault({ at: 'start-instance', cause });
      return refusesAll;
    }
  }

  async #handle(call: HandleEvent): Promise<void> {
    const instance = this.#options.instances.find(call.instanceId);
    if (!instance) return this.#askForRestart(call.instanceId);
    this.#isBusy = true;
    await this.#run(call, instance);
    this.#isBusy = false;
    if (this.#isClosing) this.#channel.hangUp();
  }

  async #run({ sequence, phase }: HandleEvent, instance: Phases): Promise<void> {
    const { clock, phaseTimeoutMs } = this.#options;
    const fail = (cause: unknown) => this.#fail(phase, cause);
    const stopTimer = clock.after(phaseTimeoutMs, () => fail(new Error(`longer than ${phaseTimeoutMs} ms`)));
    try {
      await runPhase(instance, { phase, kong: kongOver(this.#channel) });
      if (!this.#channel.spent) this.#channel.endEvent(encodeDone(sequence));
    } catch (cause) {
      fail(cause);
    } finally {
      stopTimer();
    }
  }

  /** Nothing passes on a fault: the client is answered here and now. */
  #fail(phase: string, cause: unknown): void {
    if (this.#channel.spent) return;
    this.#options.onFault({ at: phase, cause });
    const { status, body, headers } = this.#options.faultExit;
    kongOver(this.#channel).response.exit(status, body, headers);
  }

  /**
   * The protocol has no errors, but Kong takes the name of a method that it does not know for one, and starts its
   * instances anew when it reads these words (3.9.3, pb_rpc.lua). It uses the connection no more.
   */
  #askForRestart(instanceId: number): void {
    this.#channel.sendLast(`no plugin instance #${instanceId}`, new Uint8Array(0));
    this.#channel.hangUp();
  }
}

const runPhase = (instance: Phases, { phase, kong }: { phase: string; kong: Kong }): void | Promise<void> => {
  const handler = isPhase(phase) ? instance[phase] : undefined;
  if (!handler) throw new Error(`there is nothing here for the phase ${phase}`);
  return handler.call(instance, kong);
};
