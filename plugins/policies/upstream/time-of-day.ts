/** Is it within a span of the day, such as `22:00-06:00`, in a time zone? Its end is not part of it. */
export const hoursMatcher = (hours: string, timeZone: string): ((epochMs: number) => boolean) => {
  const [from = 0, to = 0] = hours.split('-').map(minutesOf);
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  // A zone's clock is asked once a minute: to ask costs more than all else that routing does.
  let knownMinute = Number.NaN;
  let within = false;
  return (epochMs) => {
    const minute = Math.floor(epochMs / 60_000);
    if (minute === knownMinute) return within;
    knownMinute = minute;
    const now = minutesOf(format.format(epochMs));
    within = from <= to ? now >= from && now < to : now >= from || now < to;
    return within;
  };
};

const minutesOf = (time: string): number => {
  const [hours = 0, minutes = 0] = time.split(':').map(Number);
  return hours * 60 + minutes;
};
