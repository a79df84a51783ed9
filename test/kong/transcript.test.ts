import { afterEach, beforeEach, expect, test } from 'vitest';
import type { PluginModule } from '../../kong/pluginserver/module.ts';
import type { Kong } from '../../kong/pluginserver/pdk.ts';
import { startTestServer, type TestServer } from './standin/plugin-server.ts';
import { KongSocket } from './standin/socket.ts';
import {
  type RecordedCall,
  type RecordedFrame,
  readTranscript,
  recordedCalls,
} from './standin/transcript.ts';
import { decode, encode, type Message } from './standin/wire.ts';

/** What the recorded server did in the event that runs now. */
interface Script {
  frames: readonly RecordedFrame[];
}

/** Does what the recorded plugin did. */
class Replay {
  readonly #script: Script;

  constructor(_config: unknown, script: Script) {
    this.#script = script;
  }

  async access(kong: Kong): Promise<void> {
    const { frames } = this.#script;
    for (const [at, { kind, payload }] of frames.entries()) {
      if (kind === 'method')
        await callAsPlugin(kong, String(payload), frames[at + 1]?.payload ?? Buffer.alloc(0));
    }
  }
}

const callAsPlugin = async (kong: Kong, method: string, args: Buffer): Promise<void> => {
  if (method === 'kong.response.exit') {
    const { status, body } = decode('ExitArgs', args);
    kong.response.exit(Number(status), String(body), {});
  } else if (method === 'kong.service.request.set_header') {
    const { k, v } = decode('KV', args);
    kong.service.request.setHeader(String(k), (v as { stringValue: string }).stringValue);
  } else await kong.call(method, args);
};

const module: PluginModule<Script> = {
  Name: 'p-pb',
  Version: '1.0.0',
  Priority: 1,
  Schema: [],
  Plugin: Replay,
};

const script: Script = { frames: [] };
let server: TestServer;
beforeEach(async () => {
  server = await startTestServer({ module, world: script });
});
afterEach(() => server.stop());

/** Ids of instances: in the recording they count up from 1, ours are random. */
const ours = new Map<unknown, unknown>();

const withOurInstance = ({ call, payload }: RecordedCall): Buffer => {
  const [name, arg] = Object.entries(call).find(([key]) => key.startsWith('cmd_')) ?? [];
  const { instance_id: id, ...rest } = (arg ?? {}) as Message;
  if (name === undefined || id === undefined) return payload;
  return encode('RpcCall', { ...call, [name]: { ...rest, instance_id: ours.get(id) } });
};

const expectSame = (
  mine: Buffer,
  { kind, payload = Buffer.alloc(0) }: RecordedFrame,
  method: string,
): void => {
  if (kind === 'RpcReturn') expectSameReturn(decode('RpcReturn', mine), decode('RpcReturn', payload));
  else if (method === 'kong.response.exit' && kind === 'arguments')
    expect(decode('ExitArgs', mine)).toMatchObject(decode('ExitArgs', payload));
  else expect(mine).toEqual(payload);
};

const expectSameReturn = (mine: Message, recorded: Message): void => {
  const status = recorded.instance_status as Message | undefined;
  const myStatus = mine.instance_status as Message | undefined;
  if (status?.instance_id !== undefined) ours.set(status.instance_id, myStatus?.instance_id);
  const instance = status?.instance_id === undefined ? {} : { instance_id: ours.get(status.instance_id) };
  expect(mine).toMatchObject({ ...recorded, ...(status && { instance_status: { ...status, ...instance } }) });
  expect(['name', 'instance_id']).toEqual(expect.arrayContaining(Object.keys(myStatus ?? {}))); // never the settings
};

test('a real Kong would hear from us what it heard when it was recorded', async () => {
  const calls = recordedCalls(readTranscript());
  expect(calls).toHaveLength(11);
  let socket = await KongSocket.open(server.socketPath);
  for (const recorded of calls) {
    script.frames = recorded.frames;
    let method = '';
    socket.write(withOurInstance(recorded));
    for (const frame of recorded.frames) {
      if (frame.from === 'kong') {
        socket.write(frame.payload ?? Buffer.alloc(0));
        continue;
      }
      const mine = await socket.read(1000);
      if (frame.kind === 'method') method = String(mine);
      expectSame(mine, frame, method);
    }
    if (method !== 'kong.response.exit') continue;
    socket.close(); // as Kong does: the event is never answered
    socket = await KongSocket.open(server.socketPath);
  }
  socket.close();
  expect(server.faults).toEqual([]);
});
