import type { JsonValue } from '../../wire/json.ts';
import { Fields } from '../fields.ts';
import { snakeOf } from './wire.ts';

/** As Google reads JSON: members may be spelled in snake_case as well, and numbers may come as strings. */
export class ProtoFields extends Fields {
  protected override namesOf(key: string): readonly string[] {
    return [key, snakeOf(key)];
  }

  protected override numberOf(value: JsonValue): number | undefined {
    const isNumeric = typeof value === 'string' && value.trim() !== '' && Number.isFinite(Number(value));
    return isNumeric ? Number(value) : super.numberOf(value);
  }
}
