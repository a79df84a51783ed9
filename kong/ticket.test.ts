import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Consumer } from '../plugins/exchange.ts';
import { type TicketedCall, Tickets } from './ticket.ts';

const alice: Consumer = { keyId: 'k1', user: 'alice', team: 'support' };
const call: TicketedCall = { method: 'POST', path: '/v1/messages?beta=true', bodyBytes: 120 };

let nowMs = 0;
let lastId = 0;
const clock = { nowMs: () => nowMs, epochMs: () => 0, after: () => () => {} };
const random = { unit: () => 0.5, id: () => `id-${++lastId}` };
let tickets: Tickets;
beforeEach(() => {
  nowMs = 1000;
  tickets = new Tickets({ clock, random });
});

test('a ticket says whose call it is, once', () => {
  const ticket = tickets.issue(alice, call);
  expect(ticket).toMatch(/^[\w-]+\.[\w-]+$/); // goes through as a header
  expect(tickets.redeem(ticket, call)).toEqual(alice);
  expect(tickets.redeem(ticket, call)).toBeUndefined();
});

test('it is good for half a minute, and never again after its use', () => {
  const early = tickets.issue(alice, call);
  const late = tickets.issue(alice, call);
  nowMs += 29_999;
  expect(tickets.redeem(early, call)).toEqual(alice);
  expect(tickets.redeem(early, call)).toBeUndefined();
  nowMs += 1;
  expect(tickets.redeem(late, call)).toBeUndefined();
});

test('use is remembered as long as it matters, however time passes', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(20_000), { maxLength: 20 }), (steps) => {
      const used: string[] = [];
      for (const stepMs of steps) {
        nowMs += stepMs;
        const ticket = tickets.issue(alice, call);
        expect(tickets.redeem(ticket, call)).toEqual(alice);
        used.push(ticket);
        for (const old of used) expect(tickets.redeem(old, call)).toBeUndefined();
      }
    }),
  );
});

describe('it is for one call', () => {
  test.each<[string, Partial<TicketedCall>]>([
    ['another method', { method: 'GET' }],
    ['another path', { path: '/v1/models?beta=true' }],
    ['more of a path', { path: '/x/v1/messages?beta=true' }],
    ['another query', { path: '/v1/messages' }],
    ['a longer body', { bodyBytes: 121 }],
    ['a body of unknown length', { bodyBytes: undefined }],
  ])('not for %s', (_, change) => {
    const ticket = tickets.issue(alice, call);
    expect(tickets.redeem(ticket, { ...call, ...change })).toBeUndefined();
    expect(tickets.redeem(ticket, call)).toEqual(alice); // a call that it is not for does not use it up
  });

  test('of which a route may take off a prefix', () => {
    const ticket = tickets.issue(alice, { ...call, path: '/ai/v1/messages?beta=true' });
    expect(tickets.redeem(ticket, call)).toEqual(alice);
  });

  test('whose query is no path', () => {
    const ticket = tickets.issue(alice, { ...call, path: '/v1/models?/v1/messages' });
    expect(tickets.redeem(ticket, { ...call, path: '/v1/messages' })).toBeUndefined();
  });

  test('with a body of any length when the client announced none', () => {
    const ticket = tickets.issue(alice, { ...call, bodyBytes: undefined });
    expect(tickets.redeem(ticket, call)).toEqual(alice);
  });
});

describe('what we did not write is none', () => {
  test('not one of another process', () => {
    const foreign = new Tickets({ clock, random }).issue(alice, call);
    expect(tickets.redeem(foreign, call)).toBeUndefined();
  });

  test('not with any change', () => {
    const ticket = tickets.issue(alice, call);
    const changed = fc.tuple(fc.nat(ticket.length - 1), fc.string({ maxLength: 2 }));
    fc.assert(
      fc.property(changed, ([at, text]) => {
        const forged = ticket.slice(0, at) + text + ticket.slice(at + 1);
        fc.pre(forged !== ticket);
        expect(tickets.redeem(forged, call)).toBeUndefined();
      }),
    );
    expect(tickets.redeem(ticket, call)).toEqual(alice);
  });

  test.each(['', '.', 'e30', 'e30.', '.e30'])('not %j', (text) => {
    expect(tickets.redeem(text, call)).toBeUndefined();
  });
});
