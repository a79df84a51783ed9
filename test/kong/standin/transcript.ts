import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decode, type Message } from './wire.ts';

/** One line of a recording of a Kong and a plugin server that speak `ProtoBuf:1`. */
interface Line {
  readonly conn: number;
  readonly dir?: 'kong->server' | 'server->kong';
  readonly kind?: string;
  /** The payload of the frame, base64; left out where it is long or names a path of the machine. */
  readonly raw?: string;
  readonly bytes?: number;
}

/** A frame of a recording; `payload` is undefined where the recording left it out. */
export interface RecordedFrame {
  readonly connection: number;
  readonly from: 'kong' | 'server';
  readonly kind: 'RpcCall' | 'RpcReturn' | 'method' | 'arguments' | 'result' | 'end';
  readonly payload: Buffer | undefined;
}

const kinds: Readonly<Record<string, RecordedFrame['kind']>> = {
  RpcCall: 'RpcCall',
  RpcReturn: 'RpcReturn',
  'PDK method name': 'method',
  'PDK arguments': 'arguments',
  'PDK result': 'result',
  '(empty) end of event': 'end',
};

/** Reads test/kong/fixtures/protobuf.jsonl: a real Kong 3.9.3 with a small experimental server, 24 November 2026. */
export const readTranscript = (): readonly RecordedFrame[] =>
  readFileSync(join(import.meta.dirname, '../fixtures/protobuf.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line)
    .flatMap(({ conn, dir, kind = '', raw }) => {
      const known = kinds[kind];
      if (dir === undefined || known === undefined) return [];
      const payload = raw === undefined ? undefined : Buffer.from(raw, 'base64');
      return [{ connection: conn, from: dir === 'kong->server' ? 'kong' : 'server', kind: known, payload }];
    });

/** A call of Kong's with everything that followed until the next one. */
export interface RecordedCall {
  readonly call: Message;
  readonly payload: Buffer;
  readonly frames: readonly RecordedFrame[];
}

/** The calls of a recording, without those of which the recording left out a part. */
export const recordedCalls = (frames: readonly RecordedFrame[]): RecordedCall[] => {
  const starts = frames.flatMap(({ kind }, at) => (kind === 'RpcCall' ? [at] : []));
  return starts.flatMap((start, index) => {
    const following = frames.slice(start + 1, starts[index + 1]);
    const payload = frames[start]?.payload;
    if (!payload || following.some((frame) => frame.payload === undefined)) return [];
    return [{ call: decode('RpcCall', payload), payload, frames: following }];
  });
};
