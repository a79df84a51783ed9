/** Statuses below 500 of an answer that another upstream may do better: the fault may be this one's alone. */
export const retriableStatuses = [401, 402, 403, 404, 408, 409, 429] as const;

/** True for the status of an answer that no client gets to see while there is another upstream to try. */
export const movesOn = (status: number): boolean =>
  status >= 500 || retriableStatuses.some((retriable) => retriable === status);
