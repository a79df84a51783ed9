import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test, onTestFinished } from 'vitest';
import { chat, endingsOf, startPlace } from './place.ts';
test('explore', async () => {
  const place = await startPlace({ providers: { a: { dialect: 'openai', key: 'k-a', latencyMs: 5 } }, models: { m: ['a/x'] }, workers: 3 });
  onTestFinished(() => place.stop());
  for (const how of ['SIGKILL', 'SIGSTOP', 'SIGTERM'] as const) {
    const t0 = performance.now();
    const res: {at: number, ms: number, status: number, text: string}[] = [];
    const calls: Promise<void>[] = [];
    let eventAt = Infinity;
    for (let i = 0; i < 240; i++) {
      while (performance.now() - t0 < i * 25) await sleep(2);
      if (i === 40) { eventAt = performance.now() - t0; place.stack.workers[0].process.kill(how); }
      if (i === 160) { if (how === 'SIGSTOP') place.stack.workers[0].process.kill('SIGCONT'); else void place.stack.restart(0); }
      const at = performance.now() - t0;
      calls.push(chat(place.url, { model: 'm' }).then(a => { res.push({ at, ms: performance.now() - t0 - at, status: a.status, text: a.text }); }, e => { res.push({ at, ms: 0, status: 0, text: String(e) }); }));
    }
    await Promise.all(calls);
    const bad = res.filter(r => r.status !== 200);
    console.log(how, eventAt, bad.length, bad, 'slowest', res.map(r => Math.round(r.ms)).sort((a, b) => b - a).slice(0, 15));
    console.log(place.seen().length);
    for (const w of place.stack.workers) console.log(await endingsOf(w), w.log());
    console.log(place.stack.envoy.log());
  }
  console.log(await (await fetch(place.url)).text());
});
