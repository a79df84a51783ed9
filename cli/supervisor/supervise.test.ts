import { expect, test } from 'vitest';
import { type Scope, supervise } from './supervise.ts';

test('a signal ends it with 0, and all is undone, last thing first', async () => {
  const undone: string[] = [];
  const code = await supervise(async ({ defer }) => {
    defer(() => undone.push('first'));
    defer(async () => {
      await Promise.resolve();
      undone.push('second');
    });
    process.emit('SIGTERM');
  });
  expect([code, undone]).toEqual([0, ['second', 'first']]);
  expect(process.listenerCount('SIGTERM')).toBe(0);
});

test('a start that fails half-way undoes its half', async () => {
  const undone: string[] = [];
  const failing = supervise(async ({ defer }) => {
    defer(() => undone.push('first'));
    throw new Error('no Envoy');
  });
  await expect(failing).rejects.toThrow('no Envoy');
  expect(undone).toEqual(['first']);
});

test('what dies later ends it', async () => {
  const dying = supervise(async ({ abort }) => {
    setImmediate(() => abort(new Error('Envoy ended')));
  });
  await expect(dying).rejects.toThrow('Envoy ended');
});

test('what a start leaves after the end is undone at once', async () => {
  let late: Scope | undefined;
  await supervise(async (scope) => {
    late = scope;
    process.emit('SIGINT');
  });
  let undone = false;
  late?.defer(() => {
    undone = true;
  });
  expect([late?.signal.aborted, undone]).toEqual([true, true]);
});
