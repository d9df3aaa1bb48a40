/** What a field of the request should have been. */
export interface FieldError {
  /** Where: `props.base_url`. */
  path: string;
  /** `REQUIRED`, `INVALID`, `UNKNOWN`, `TOO_LONG`, `OUT_OF_RANGE`. */
  code: string;
  /** A sentence for a person. */
  message: string;
}

export interface ErrorInfo {
  status: number;
  code: string;
  details?: Record<string, unknown> | undefined;
  requestId?: string | undefined;
  suggestion?: string | undefined;
  retryAfter?: number | undefined;
  cause?: unknown;
}

/** Everything that this SDK throws, except for an abort, which throws the reason of its signal. */
export class KeyloomError extends Error {
  /** HTTP status; 0 where there was no answer. */
  readonly status: number;
  /** For machines: `VALIDATION_ERROR`, `CONNECTION_NOT_FOUND`, `NETWORK_ERROR`, … */
  readonly code: string;
  /** Further facts, such as `existingId` of a duplicate. */
  readonly details: Readonly<Record<string, unknown>>;
  /** The fields that were wrong, if it is about fields. */
  readonly fields: readonly FieldError[];
  /** To find the request in the server's log. */
  readonly requestId: string | undefined;
  /** What to do next, where the server knows. */
  readonly suggestion: string | undefined;
  /** Seconds after which trying again makes sense. */
  readonly retryAfter: number | undefined;

  constructor(message: string, info: ErrorInfo) {
    super(message, info.cause === undefined ? undefined : { cause: info.cause });
    this.name = new.target.name;
    this.status = info.status;
    this.code = info.code;
    this.details = info.details ?? {};
    this.fields = Array.isArray(this.details['fields']) ? (this.details['fields'] as FieldError[]) : [];
    this.requestId = info.requestId;
    this.suggestion = info.suggestion;
    this.retryAfter = info.retryAfter;
  }
}

/** 400, 405, 413, 415 and other refusals of the request as such. */
export class BadRequestError extends KeyloomError {}
/** 400 with `VALIDATION_ERROR`: see `fields`. */
export class ValidationError extends BadRequestError {}
/** 401: no key or token, or not a valid one. */
export class AuthenticationError extends KeyloomError {}
/** 403: the key's rights do not include this, or what was named belongs to another scope. */
export class PermissionDeniedError extends KeyloomError {}
/** 404: there is no such thing, or this key cannot see it. */
export class NotFoundError extends KeyloomError {}
/** 409 and 412: it exists already, is ambiguous, or changed meanwhile. */
export class ConflictError extends KeyloomError {}
/** 429: too many requests. */
export class RateLimitError extends KeyloomError {}
/** 5xx, also where a provider failed (`PROVIDER_ERROR`, `REFRESH_FAILED`). */
export class ServerError extends KeyloomError {}
/** No answer at all. */
export class NetworkError extends KeyloomError {}
/** No answer in time. */
export class TimeoutError extends KeyloomError {}

type ErrorClass = new (message: string, info: ErrorInfo) => KeyloomError;

function classFor(status: number, code: string): ErrorClass {
  if (code === 'VALIDATION_ERROR') return ValidationError;
  if (status === 401) return AuthenticationError;
  if (status === 403) return PermissionDeniedError;
  if (status === 404) return NotFoundError;
  if (status === 409 || status === 412) return ConflictError;
  if (status === 429) return RateLimitError;
  if (status >= 500) return ServerError;
  return status >= 400 ? BadRequestError : KeyloomError;
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
const string = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/** The error that an answer of the server describes; proxies in between answer in their own words. */
export function errorFromAnswer(status: number, headers: Headers, body: unknown): KeyloomError {
  const said = isObject(body) ? body : {};
  const code = string(said['code']) ?? `HTTP_${status}`;
  const message = string(said['error']) ?? `The server answered ${status}`;
  return new (classFor(status, code))(message, {
    status,
    code,
    details: isObject(said['details']) ? said['details'] : undefined,
    requestId: string(said['requestId']) ?? headers.get('x-request-id') ?? undefined,
    suggestion: string(said['suggestion']),
    retryAfter: parseRetryAfter(headers.get('retry-after')),
  });
}

/** Seconds, or an HTTP date (RFC 9110, 10.2.3). */
export function parseRetryAfter(header: string | null, now = Date.now()): number | undefined {
  if (header === null || header.trim() === '') return undefined;
  const seconds = Number(header);
  if (Number.isFinite(seconds)) return Math.max(0, seconds);
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, (date - now) / 1000);
}
