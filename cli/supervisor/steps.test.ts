import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { Steps } from './steps.ts';

/** Steps and what they print, colours taken off. */
const printed = (isTTY: boolean, signal = new AbortController().signal) => {
  const texts: string[] = [];
  const out = { isTTY, columns: 20, write: (text: string) => texts.push(stripVTControlCharacters(text)) };
  return { steps: new Steps(signal, out), texts };
};

test('one line a step, with its last note and its seconds', async () => {
  const { steps, texts } = printed(false);
  const result = await steps.run('Envoy', (note) => {
    note('downloading');
    note('1.40.0');
    return 7;
  });
  expect(result).toBe(7);
  expect(texts).toEqual([expect.stringMatching(/^✓ Envoy: 1\.40\.0 \d+\.\d\d s\n$/)]);
});

test('a step that fails is marked, and fails', async () => {
  const { steps, texts } = printed(false);
  const failing = steps.run('workers', () => Promise.reject(new Error('why')));
  await expect(failing).rejects.toThrow('why');
  expect(texts).toEqual(['✗ workers\n']);
});

test('a terminal shows what goes on, in one line', async () => {
  const { steps, texts } = printed(true);
  await steps.run('Envoy', (note) => note('a note that is longer than the terminal is wide'));
  expect(texts).toEqual([
    '\r… Envoy',
    '\r… Envoy: a note tha',
    expect.stringMatching(/^\r✓ Envoy: a note.* s\n$/),
  ]);
});

test('once the end has begun no step begins, and the one it interrupts is silent', async () => {
  const ending = new AbortController();
  const { steps, texts } = printed(false, ending.signal);
  const interrupted = steps.run('Envoy', () => {
    ending.abort();
    throw new Error('interrupted');
  });
  await expect(interrupted).rejects.toThrow('interrupted');
  await expect(steps.run('workers', () => 1)).rejects.toThrow(/abort/);
  expect(texts).toEqual([]);
});
