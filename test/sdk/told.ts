import { isJsonObject, type JsonObject, type JsonValue } from '../../plugins/wire/json.ts';

/** What a program can see of a failed call. */
export interface Told {
  /** Name of the error's class. */
  readonly is: string;
  /** Of HTTP; absent for an error inside a stream. */
  readonly status?: number;
  /** Our stable code, where this SDK shows it, or else the provider's. */
  readonly code?: string;
  readonly message: string;
}

/** An error of any JavaScript SDK. The AI SDK wraps the last of several attempts. */
export const toldBy = (error: unknown): Told => {
  if (!(error instanceof Error)) return { is: typeof error, message: JSON.stringify(error) };
  const members = error as Error & Record<string, JsonValue | undefined>;
  if (members.lastError) return toldBy(members.lastError);
  const status = members.status ?? members.statusCode;
  const code = members.errorCode ?? members.code ?? codeIn(members.responseBody ?? error.message);
  return {
    is: error.constructor.name.replace(/^_+/, ''),
    ...(typeof status === 'number' ? { status } : {}),
    ...(typeof code === 'string' ? { code } : {}),
    message: error.message,
  };
};

/** The code in an error body of any dialect: SDKs without a member for it hand out the body. */
const codeIn = (body: JsonValue): JsonValue | undefined => {
  const error = typeof body === 'string' ? objectIn(body).error : undefined;
  if (!isJsonObject(error)) return undefined;
  const { code, details } = error;
  if (Array.isArray(details)) return details.filter(isJsonObject)[0]?.reason;
  return isJsonObject(details) ? details.error_code : code;
};

const objectIn = (text: string): JsonObject => {
  try {
    const value: unknown = JSON.parse(text.slice(text.indexOf('{')));
    return isJsonObject(value) ? value : {};
  } catch {
    return {};
  }
};
