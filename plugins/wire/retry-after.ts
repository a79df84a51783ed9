/** The headers that `retryAfterMs` reads. */
export const retryAfterHeaders = ['retry-after', 'retry-after-ms', 'date'] as const;

/**
 * When an upstream wants to be asked again, in milliseconds: `retry-after-ms`, or `retry-after` in seconds or as a date,
 * which counts from the answer's own `date` so that no clock of ours matters (RFC 9110, 10.2.3). Undefined when it says
 * nothing that can be read. Header names are lower-case.
 */
export const retryAfterMs = (headers: ReadonlyMap<string, string>): number | undefined => {
  const milliseconds = amount(headers.get('retry-after-ms'));
  if (milliseconds !== undefined) return milliseconds;
  const after = headers.get('retry-after');
  if (after === undefined) return undefined;
  const seconds = amount(after);
  if (seconds !== undefined) return Math.ceil(seconds * 1000);
  const delayMs = Date.parse(after) - Date.parse(headers.get('date') ?? '');
  return Number.isNaN(delayMs) ? undefined : Math.max(0, delayMs);
};

const amount = (text: string | undefined): number | undefined =>
  text !== undefined && /^\s*\d+(\.\d+)?\s*$/.test(text) ? Number(text) : undefined;
