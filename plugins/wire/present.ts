/** `T` with the members that may be undefined made optional. */
type Present<T> = {
  [K in keyof T as undefined extends T[K] ? never : K]: T[K];
} & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

/** The members of `fields` that are there: absent and undefined are not the same to JSON nor to the model. */
export const present = <T extends object>(fields: T): Present<T> => {
  const out: Partial<T> = {};
  for (const key in fields) if (fields[key] !== undefined) out[key] = fields[key];
  return out as unknown as Present<T>; // what is left out was undefined
};
