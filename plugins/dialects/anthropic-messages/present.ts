/** `T` with the members that may be undefined made optional. */
type Present<T> = {
  [K in keyof T as undefined extends T[K] ? never : K]: T[K];
} & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

/** The members of `fields` that are there: for objects whose optional members must be absent, not undefined. */
export const present = <T extends object>(fields: T): Present<T> => {
  const out: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(fields)) if (value !== undefined) out[key] = value;
  return out as Present<T>;
};
