import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { PluginModule } from '../../kong/pluginserver/module.ts';
import type { Kong } from '../../kong/pluginserver/pdk.ts';
import { type PluginServer, startPluginServer } from '../../kong/pluginserver/server.ts';
import { systemClock } from '../../plugins/io/clock.ts';
import { Exited } from './standin/pdk.ts';
import { KongSocket } from './standin/socket.ts';
import { type RecordedCall, type RecordedFrame, readTranscript, recordedCalls } from './standin/transcript.ts';
import { decode, encode, type Message } from './standin/wire.ts';

/** What the recorded server did in the event that runs now. */
interface Script {
  frames: readonly RecordedFrame[];
}

class Replay {
  readonly #script: Script;

  constructor(_config: unknown, script: Script) {
    this.#script = script;
  }

  async access(kong: Kong): Promise<void> {
    for (const [at, { kind, payload }] of this.#script.frames.entries()) {
      if (kind !== 'method') continue;
      const args = this.#script.frames[at + 1]?.payload ?? Buffer.alloc(0);
      await runRecorded(kong, String(payload), args);
    }
  }
}

/** As a plugin would: through the PDK where it has the method. */
const runRecorded = async (kong: Kong, method: string, args: Buffer): Promise<void> => {
  if (method === 'kong.response.exit') {
    const { status, body } = decode('ExitArgs', args);
    kong.response.exit(Number(status), Buffer.from(body as Uint8Array).toString(), {});
  } else if (method === 'kong.service.request.set_header') {
    const { k, v } = decode('KV', args);
    kong.service.request.setHeader(String(k), (v as { stringValue: string }).stringValue);
  } else await kong.call(method, args);
};

const replay: PluginModule<Script> = {
  Name: 'p-pb',
  Version: '1.0.0',
  Priority: 1,
  Schema: [],
  Plugin: Replay,
};

let directory: string;
let server: PluginServer;
const script: Script = { frames: [] };

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'nexus-kong-'));
  server = await startPluginServer({
    module: replay,
    world: script,
    socketPath: join(directory, 's'),
    faultExit: () => ({ status: 503, body: '{}', headers: {} }),
    onFault: ({ cause }) => {
      throw cause;
    },
    clock: systemClock,
    phaseTimeoutMs: 5000,
  });
});

afterEach(async () => {
  await server.close(1000);
  rmSync(directory, { recursive: true });
});
