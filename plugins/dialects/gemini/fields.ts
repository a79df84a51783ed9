import { isJsonObject, type JsonValue } from '../../wire/json.ts';
import { Fields } from '../fields.ts';
import { snakeOf } from './wire.ts';

/**
 * As Google reads JSON: members may be spelled in snake_case as well, numbers may come as strings, and one entry without the
 * list around it (`"parts": {"text": "Hi"}`, as in many of Google's own examples).
 */
export class ProtoFields extends Fields {
  protected override namesOf(key: string): readonly string[] {
    return [key, snakeOf(key)];
  }

  protected override numberOf(value: JsonValue): number | undefined {
    const isNumeric = typeof value === 'string' && value.trim() !== '' && Number.isFinite(Number(value));
    return isNumeric ? Number(value) : super.numberOf(value);
  }

  override optionalList(key: string): JsonValue[] | undefined {
    const only = this.peek(key);
    if (!isJsonObject(only)) return super.optionalList(key);
    this.take(key);
    return [only];
  }
}
