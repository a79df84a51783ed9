import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { isTimeZone, type Period, windowAfter, windowAt, windowBefore } from './windows.ts';

const at = (iso: string): number => Date.parse(iso);
const spanOf = (per: Period, zone: string, iso: string): string[] => {
  const { startMs, endMs } = windowAt(per, zone, at(iso));
  return [startMs, endMs].map((ms) => new Date(ms).toISOString());
};
const hours = (per: Period, zone: string, iso: string): number => {
  const { startMs, endMs } = windowAt(per, zone, at(iso));
  return (endMs - startMs) / 3_600_000;
};

describe('windowAt', () => {
  it.each<[Period, string, string, string, string]>([
    ['minute', 'UTC', '2026-11-28T13:04:59.999Z', '2026-11-28T13:04:00.000Z', '2026-11-28T13:05:00.000Z'],
    ['hour', 'Asia/Kolkata', '2026-11-28T13:04:00Z', '2026-11-28T12:30:00.000Z', '2026-11-28T13:30:00.000Z'],
    ['day', 'Europe/Berlin', '2026-11-28T23:00:00Z', '2026-11-28T23:00:00.000Z', '2026-11-29T23:00:00.000Z'],
    ['week', 'UTC', '2026-11-29T12:00:00Z', '2026-11-23T00:00:00.000Z', '2026-11-30T00:00:00.000Z'],
    [
      'month',
      'America/New_York',
      '2026-03-20T00:00:00Z',
      '2026-03-01T05:00:00.000Z',
      '2026-04-01T04:00:00.000Z',
    ],
    ['month', 'UTC', '1969-12-31T23:59:59Z', '1969-12-01T00:00:00.000Z', '1970-01-01T00:00:00.000Z'],
  ])('%s in %s', (per, zone, iso, start, end) => {
    expect(spanOf(per, zone, iso)).toEqual([start, end]);
  });

  it('gives days 23 and 25 hours', () => {
    expect(hours('day', 'Europe/Berlin', '2026-03-29T12:00:00Z')).toBe(23);
    expect(hours('day', 'Europe/Berlin', '2026-10-25T12:00:00Z')).toBe(25);
    expect(hours('day', 'Australia/Lord_Howe', '2026-04-05T00:00:00Z')).toBe(24.5);
  });

  it('begins a day whose midnight is skipped at the skip', () => {
    // Clocks in Cairo go from 00:00 to 01:00 on the last Friday of April.
    expect(spanOf('day', 'Africa/Cairo', '2026-04-24T12:00:00Z')[0]).toBe('2026-04-23T22:00:00.000Z');
  });

  it('makes two windows of an hour that is repeated', () => {
    const first = windowAt('hour', 'Europe/Berlin', at('2026-10-25T00:30:00Z'));
    const second = windowAt('hour', 'Europe/Berlin', at('2026-10-25T01:30:00Z'));
    expect(second.startMs).toBe(first.endMs);
    expect(second.key).not.toBe(first.key);
  });

  it('refuses an unknown zone', () => {
    expect(() => windowAt('day', 'Mars/Olympus', 0)).toThrow(RangeError);
    expect([isTimeZone('Mars/Olympus'), isTimeZone('Europe/Paris')]).toEqual([false, true]);
  });
});

const zones = [
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'America/St_Johns',
  'America/Havana',
  'America/Sao_Paulo',
  'Asia/Kathmandu',
  'Africa/Cairo',
  'Australia/Lord_Howe',
  'Pacific/Apia',
  'Pacific/Kiritimati',
  'Pacific/Niue',
];
const periods: Period[] = ['minute', 'hour', 'day', 'week', 'month'];
const lengthMs = { minute: 6e4, hour: 36e5, day: 864e5, week: 6048e5, month: 30 * 864e5 };

/** Any moment, or one near a change of a zone's clocks, which happen on the hour or half of it. */
const moments = fc.oneof(
  fc.integer({ min: at('2005-01-01'), max: at('2040-01-01') }),
  fc
    .tuple(
      fc.integer({ min: at('2005-01-01') / 18e5, max: at('2040-01-01') / 18e5 }),
      fc.constantFrom(-1, 0, 1),
    )
    .map(([halfHours, by]) => halfHours * 18e5 + by),
);

test('windows hold their moment, follow without a gap, and have one key each', () => {
  const property = fc.property(
    fc.constantFrom(...zones),
    fc.constantFrom(...periods),
    moments,
    (zone, per, now) => {
      const window = windowAt(per, zone, now);
      expect(window.startMs).toBeLessThanOrEqual(now);
      expect(window.endMs).toBeGreaterThan(now);
      expect(window.endMs - window.startMs).toBeLessThanOrEqual(lengthMs[per] * 2);
      const [before, after] = [windowBefore(per, zone, window), windowAfter(per, zone, window)];
      expect([before.endMs, after.startMs]).toEqual([window.startMs, window.endMs]);
      expect(windowAt(per, zone, window.startMs)).toEqual(window);
      expect(windowAt(per, zone, window.endMs - 1)).toEqual(window);
      expect(new Set([before.key, window.key, after.key]).size).toBe(3);
    },
  );
  fc.assert(property, { numRuns: 300 });
});
