import { z } from 'zod';
import type { JsonSchema } from '../plugins/config/json-schema.ts';

/** One field of a Kong schema: its name and what Kong checks. Source: Kong 3.9.3, kong/db/schema/init.lua. */
export type KongField = Readonly<Record<string, KongType>>;

interface KongType {
  readonly type: 'string' | 'boolean' | 'integer' | 'number';
  readonly description?: string;
  readonly required?: boolean;
  readonly default?: unknown;
  readonly one_of?: readonly unknown[];
}

/**
 * The fields of a plugin's settings as Kong's schema has them, one for each key of the zod object. Throws on what
 * Kong's schema or this function cannot express. Patterns stay with zod: Kong knows Lua's only.
 */
export const kongFields = (settings: z.ZodObject): KongField[] => {
  const { properties = {}, required = [] } = z.toJSONSchema(settings, { io: 'input' }) as JsonSchema;
  return Object.entries(properties).map(([name, schema]) => ({
    [name]: { ...kongType(name, schema), ...(required.includes(name) && { required: true }) },
  }));
};

const kongType = (
  name: string,
  { type, description, default: fallback, enum: allowed }: JsonSchema,
): KongType => {
  if (type !== 'string' && type !== 'boolean' && type !== 'integer' && type !== 'number')
    throw new Error(`${name}: Kong's schema has no field for ${type ?? 'this'}`);
  return {
    type,
    ...(description !== undefined && { description }),
    ...(fallback !== undefined && { default: fallback }),
    ...(allowed && { one_of: allowed }),
  };
};
