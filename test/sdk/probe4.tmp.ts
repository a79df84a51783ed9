import OpenAI from 'openai';
import { hashKey } from '../../plugins/config/keys.ts';
import { startStack } from '../e2e/stack.tmp.ts';
import { startProvider } from '../fakes/provider.ts';

const oa = await startProvider({ dialect: 'openai', key: 'k', eventGapMs: Number(process.env.GAP ?? 0) });
const stack = await startStack({
  configText: JSON.stringify({
    version: 1,
    providers: { oa: { dialect: 'openai', baseUrl: `${oa.url}/v1`, key: '${env:K}' } },
    models: {
      stall: { candidates: [{ provider: 'oa', model: 'fault-stall-stream-3' }] },
      ok: { candidates: [{ provider: 'oa', model: 'gpt' }] },
    },
    limits: { streamIdleTimeoutMs: Number(process.env.IDLE ?? 600) },
    keys: [{ hash: hashKey('c'), user: 'u', application: 'a' }],
  }),
  env: { K: 'k' },
});
const { spawn: sp } = await import('node:child_process'); if (process.env.GDB) { const { execSync } = await import('node:child_process'); const pid = execSync('pgrep -n -P ' + process.pid + ' envoy').toString().trim(); console.log('envoy', pid); sp('gdb', ['-q','-nx','-p', pid, '-x', '/tmp/sdkprobe/watch.py', '-ex', 'continue', '-ex', 'info registers rdi', '-ex', 'kill', '-ex', 'quit'], { stdio: ['ignore', 'inherit', 'inherit'] }); await new Promise(r => setTimeout(r, 8000)); }
const client = new OpenAI({ apiKey: 'c', baseURL: `${stack.url}/v1`, maxRetries: 0 });
await new Promise((r) => setTimeout(r, Number(process.env.DELAY ?? 0)));
const t0 = Date.now();
try {
  for await (const c of await client.chat.completions.create({
    model: process.env.MODEL ?? 'stall',
    messages: [{ role: 'user', content: 'x' }],
    stream: true,
  }))
    console.log(Date.now() - t0, JSON.stringify(c.choices));
} catch (e) {
  console.log(Date.now() - t0, String(e), (e as { cause?: unknown }).cause);
}
for (let i = 0; i < 5; i++) {
  try {
    const a = await client.chat.completions.create({
      model: 'ok',
      messages: [{ role: 'user', content: 'x' }],
    });
    console.log('ok', a.choices[0]?.message.content?.slice(0, 10));
  } catch (e) {
    console.log(String(e), (e as { cause?: { cause?: unknown } }).cause?.cause);
  }
  await new Promise((r) => setTimeout(r, 500));
}
console.log(
  stack.workers[0]?.log().slice(-2000),
  stack.workers[0]?.process.exitCode,
  stack.workers[0]?.process.signalCode,
);
const { readFileSync } = await import('node:fs');
console.log(readFileSync(stack.accessLog, 'utf8'));
await stack.stop();
await oa.close();
