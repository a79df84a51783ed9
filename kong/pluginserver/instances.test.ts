import { expect, test } from 'vitest';
import { Instances } from './instances.ts';

test('ids fit Kong, and nobody can tell the next one', () => {
  const instances = new Instances<number>(1000);
  const ids = Array.from({ length: 1000 }, (_, index) => instances.add(index));
  expect(new Set(ids).size).toBe(1000);
  for (const [index, id] of ids.entries()) {
    expect(id).toBeGreaterThan(0);
    expect(id).toBeLessThan(2 ** 31);
    expect(instances.find(id)).toBe(index);
  }
  const ascending = ids.filter((id, at) => id > (ids[at - 1] ?? 0)).length;
  expect(ascending).toBeGreaterThan(400);
  expect(ascending).toBeLessThan(600);
});

test('the oldest gives way, and what is removed is gone', () => {
  const instances = new Instances<string>(2);
  const [a, b, c] = [instances.add('a'), instances.add('b'), instances.add('c')];
  expect([a, b, c].map((id) => instances.find(id))).toEqual([undefined, 'b', 'c']);
  instances.remove(b);
  expect(instances.find(b)).toBeUndefined();
});
