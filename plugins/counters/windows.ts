/** How long a calendar window is. Weeks begin on Monday. */
export type Period = 'minute' | 'hour' | 'day' | 'week' | 'month';

/** One window of a calendar: [startMs, endMs) in milliseconds since 1970. */
export interface CalendarWindow {
  /** Tells it from the other windows of the same period and zone. No colon in it. */
  readonly key: string;
  readonly startMs: number;
  readonly endMs: number;
}

/**
 * The window of a calendar in which `epochMs` lies. Windows of one period and zone (an IANA name) follow one another
 * without a gap, whatever the zone does with its clocks: a day may have 23 or 25 hours, an hour that is repeated is two
 * windows. Throws a `RangeError` for an unknown zone. The present window is remembered until its end.
 */
export const windowAt = (per: Period, zone: string, epochMs: number): CalendarWindow => {
  const calendar = calendarOf(per, zone);
  const { last } = calendar;
  if (last && last.startMs <= epochMs && epochMs < last.endMs) return last;
  const window = calendar.windowAt(epochMs);
  calendar.last = window;
  return window;
};

const before = new WeakMap<CalendarWindow, CalendarWindow>();

/** The window that ends where `window`, one of `windowAt`, begins. */
export const windowBefore = (per: Period, zone: string, window: CalendarWindow): CalendarWindow => {
  const known = before.get(window);
  if (known) return known;
  const found = calendarOf(per, zone).windowAt(window.startMs - 1);
  before.set(window, found);
  return found;
};

/** The window that begins where `window` ends. */
export const windowAfter = (per: Period, zone: string, window: CalendarWindow): CalendarWindow =>
  calendarOf(per, zone).windowAt(window.endMs);

/** Whether it is the IANA name of a time zone that this machine knows. */
export const isTimeZone = (zone: string): boolean => {
  try {
    return Boolean(new Intl.DateTimeFormat('en', { timeZone: zone }));
  } catch {
    return false;
  }
};

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

interface Calendar {
  readonly windowAt: (epochMs: number) => CalendarWindow;
  last: CalendarWindow | undefined;
}

const calendars = new Map<string, Map<Period, Calendar>>();

const calendarOf = (per: Period, zone: string): Calendar => {
  const ofZone = calendars.get(zone);
  const known = ofZone?.get(per);
  if (known) return known;
  const calendar: Calendar = { windowAt: windowFinder(per, localClock(zone)), last: undefined };
  if (ofZone) ofZone.set(per, calendar);
  else calendars.set(zone, new Map([[per, calendar]]));
  return calendar;
};

/** What clocks on the walls of a zone show beyond UTC at a moment, in milliseconds. */
type LocalClock = (epochMs: number) => number;

const localClock = (zone: string): LocalClock => {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    calendar: 'gregory',
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  return (epochMs) => {
    const shown: Record<string, number> = {};
    for (const { type, value } of format.formatToParts(epochMs)) shown[type] = Number(value);
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = shown;
    return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(epochMs / 1000) * 1000;
  };
};

const windowFinder = (per: Period, offsetAt: LocalClock): Calendar['windowAt'] => {
  if (per === 'minute') return ticking(minuteMs, offsetAt);
  if (per === 'hour') return ticking(hourMs, offsetAt);
  return ofWholeDays(dayCounts[per], offsetAt);
};

/** Windows that are equally long, but for a change of the zone's offset, which begins a new one. */
const ticking =
  (lengthMs: number, offsetAt: LocalClock): Calendar['windowAt'] =>
  (epochMs) => {
    const offset = offsetAt(epochMs);
    const tick = Math.floor((epochMs + offset) / lengthMs) * lengthMs - offset;
    const sameOffset = (at: number) => offsetAt(at) === offset;
    const startMs = sameOffset(tick) ? tick : firstIn(tick, epochMs, sameOffset);
    const nextTick = tick + lengthMs;
    const endMs = sameOffset(nextTick - 1) ? nextTick : firstIn(epochMs, nextTick, (at) => !sameOffset(at));
    return { key: new Date(startMs).toISOString().slice(0, 19).replaceAll(':', ''), startMs, endMs };
  };

/** Windows that begin with a day, counted by an index: which one has a day (days since 1970), which day begins one. */
interface DayCount {
  readonly indexOf: (day: number) => number;
  readonly firstDayOf: (index: number) => number;
}

const dayCounts: Readonly<Record<'day' | 'week' | 'month', DayCount>> = {
  day: { indexOf: (day) => day, firstDayOf: (index) => index },
  week: {
    indexOf: (day) => Math.floor((day + 3) / 7), // 1970 began on a Thursday
    firstDayOf: (index) => index * 7 - 3,
  },
  month: {
    indexOf: (day) => {
      const date = new Date(day * dayMs);
      return date.getUTCFullYear() * 12 + date.getUTCMonth();
    },
    firstDayOf: (index) => Date.UTC(Math.floor(index / 12), ((index % 12) + 12) % 12) / dayMs,
  },
};

const ofWholeDays = ({ indexOf, firstDayOf }: DayCount, offsetAt: LocalClock): Calendar['windowAt'] => {
  const localDay = (at: number) => Math.floor((at + offsetAt(at)) / dayMs);
  /** Offsets lie within 15 hours of UTC. A midnight that is skipped is the moment of the skip. */
  const startOf = (index: number): number => {
    const day = firstDayOf(index);
    const utcMidnight = day * dayMs;
    return firstIn(utcMidnight - 15 * hourMs, utcMidnight + 15 * hourMs, (at) => localDay(at) >= day);
  };
  return (epochMs) => {
    let index = indexOf(localDay(epochMs));
    // Clocks that were set back over midnight show a day for a second time: the later one is that of the next window.
    while (startOf(index) > epochMs) index--;
    while (startOf(index + 1) <= epochMs) index++;
    const key = new Date(firstDayOf(index) * dayMs).toISOString().slice(0, 10);
    return { key, startMs: startOf(index), endMs: startOf(index + 1) };
  };
};

/** The first whole millisecond in (from, to] for which `holds`, which is false at `from`, true at `to` and changes once. */
const firstIn = (from: number, to: number, holds: (at: number) => boolean): number => {
  let [no, yes] = [from, to];
  while (yes - no > 1) {
    const middle = Math.floor((no + yes) / 2);
    if (holds(middle)) yes = middle;
    else no = middle;
  }
  return yes;
};
