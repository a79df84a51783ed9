import fc from 'fast-check';
import { beforeEach, expect, test } from 'vitest';
import { systemRandom } from '../plugins/io/random.ts';
import { type Passage, Tickets } from './ticket.ts';

const passage: Passage = { consumer: { keyId: 'k1', user: 'alice', team: 'support' } };

let nowMs = 0;
const clock = { nowMs: () => nowMs, epochMs: () => 0, after: () => () => {} };
let tickets: Tickets;
beforeEach(() => {
  nowMs = 1000;
  tickets = new Tickets({ clock, random: systemRandom });
});

test('a ticket says what the plugin knew, once', () => {
  const ticket = tickets.issue(passage);
  expect(ticket).toMatch(/^\w{24}$/); // goes through as a header
  expect(tickets.redeem(ticket)).toEqual(passage);
  expect(tickets.redeem(ticket)).toBeUndefined();
});

test('it is good for half a minute', () => {
  const early = tickets.issue(passage);
  const late = tickets.issue(passage);
  nowMs += 29_999;
  expect(tickets.redeem(early)).toEqual(passage);
  nowMs += 1;
  expect(tickets.redeem(late)).toBeUndefined();
});

test('it is good once, however time passes, and nothing is kept for long', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(40_000), fc.boolean()), { maxLength: 20 }), (steps) => {
      const gone: string[] = [];
      for (const [stepMs, used] of steps) {
        nowMs += stepMs;
        const ticket = tickets.issue(passage);
        if (!used) continue;
        expect(tickets.redeem(ticket)).toEqual(passage);
        gone.push(ticket);
        for (const old of gone) expect(tickets.redeem(old)).toBeUndefined();
      }
      for (const _ of [1, 2]) {
        nowMs += 30_000;
        tickets.redeem(tickets.issue(passage));
      }
      expect(tickets.size).toBe(0);
    }),
  );
});

test('one of another process is none', () => {
  const foreign = new Tickets({ clock, random: systemRandom }).issue(passage);
  expect(tickets.redeem(foreign)).toBeUndefined();
});

test.each(['', '__proto__', 'constructor'])('%j is none', (text) => {
  tickets.issue(passage);
  expect(tickets.redeem(text)).toBeUndefined();
});
