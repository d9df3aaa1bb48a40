// One request: address, key, timeout, retries, and an error that says what the server said.
import { errorFromAnswer, KeyloomError, NetworkError, TimeoutError } from './errors.js';

export interface ClientOptions {
  /** `wvz_…`. Belongs on a server, never into a browser. */
  apiKey: string;
  /** Where Keyloom is, without `/api/v1`. Default: the environment's `KEYLOOM_PUBLIC_URL`. */
  baseUrl?: string;
  /** Milliseconds for each attempt, 30 000 by default; 0 for none. */
  timeout?: number;
  /** How often a request is tried again, 2 by default. */
  maxRetries?: number;
  /** Instead of the global `fetch`. */
  fetch?: typeof globalThis.fetch;
}

/** What can be said about every single call. */
export interface RequestOptions {
  /** Ends the call, also while it waits for its next attempt. */
  signal?: AbortSignal;
  /** Milliseconds for each attempt. */
  timeout?: number;
  maxRetries?: number;
  /** Of a POST that creates or changes; made up where it is not given. */
  idempotencyKey?: string;
  headers?: Record<string, string>;
}

export type Query = Record<string, string | number | boolean | undefined>;

export interface Call {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Below `/api/v1`. */
  path: string;
  query?: Query | undefined;
  body?: unknown;
  /** A POST that changes nothing by being repeated, and so needs no idempotency key. */
  repeatable?: boolean;
  /** False where a token in the body takes the key's place. */
  authorize?: boolean;
}

const FIRST_DELAY = 500;
const LONGEST_DELAY = 8_000;
/** A server that wants to be left alone for longer than this gets its wish: the caller hears of it instead. */
const LONGEST_RETRY_AFTER = 60;
/** Longest that a timer can wait; beyond it, it would fire at once. */
const LONGEST_TIMER = 2 ** 31 - 1;

interface Runtime {
  process?: { env?: Record<string, string | undefined>; versions?: { node?: string } };
}
const runtime = (globalThis as Runtime).process;

/** Fills ids into a path. `.` and `..` would lead elsewhere, an empty one to the list instead of the item. */
export function path(parts: TemplateStringsArray, ...ids: string[]): string {
  const segments = ids.map((id) => {
    if (typeof id !== 'string' || id === '' || id === '.' || id === '..') throw new TypeError(`not an id: ${JSON.stringify(id)}`);
    return encodeURIComponent(id);
  });
  return String.raw({ raw: parts }, ...segments);
}

export class Transport {
  readonly baseUrl: string;
  // Private to the language, so that logging a client does not log its key.
  readonly #apiKey: string;
  readonly #timeout: number;
  readonly #maxRetries: number;
  readonly #fetch: typeof globalThis.fetch;

  constructor(options: ClientOptions) {
    const baseUrl = options.baseUrl ?? runtime?.env?.['KEYLOOM_PUBLIC_URL'];
    if (!options.apiKey) throw new TypeError('apiKey is required');
    if (!baseUrl) throw new TypeError('baseUrl is required (or KEYLOOM_PUBLIC_URL in the environment)');
    // Throws where it is not a URL.
    this.baseUrl = new URL(baseUrl).href.replace(/[?#].*$/, '').replace(/\/+$/, '');
    this.#apiKey = options.apiKey;
    this.#timeout = options.timeout ?? 30_000;
    this.#maxRetries = options.maxRetries ?? 2;
    // Called as a plain function: browsers refuse a `fetch` that is called as a method of something else.
    this.#fetch = options.fetch ?? ((...given) => globalThis.fetch(...given));
  }

  async request<T>(call: Call, options: RequestOptions = {}): Promise<T> {
    const { signal } = options;
    const url = this.#url(call);
    const init = this.#init(call, options);
    const timeout = options.timeout ?? this.#timeout;
    const maxRetries = options.maxRetries ?? this.#maxRetries;
    for (let attempt = 0; ; attempt += 1) {
      signal?.throwIfAborted();
      let failure: KeyloomError;
      try {
        return await this.#attempt<T>(url, init, timeout, signal);
      } catch (error) {
        if (!(error instanceof KeyloomError)) throw error;
        failure = error;
      }
      if (attempt >= maxRetries || !mayPass(failure) || (failure.retryAfter ?? 0) > LONGEST_RETRY_AFTER) throw failure;
      await sleep(delayBefore(attempt, failure.retryAfter), signal);
    }
  }

  #url({ path, query }: Call): string {
    const given = Object.entries(query ?? {}).filter(([, value]) => value !== undefined);
    const text = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
    return `${this.baseUrl}/api/v1${path}${text && `?${text}`}`;
  }

  #init({ method, body, authorize, repeatable }: Call, options: RequestOptions): RequestInit {
    const headers: Record<string, string> = { accept: 'application/json' };
    if (authorize !== false) headers['authorization'] = `Bearer ${this.#apiKey}`;
    if (body !== undefined) headers['content-type'] = 'application/json';
    // One key for all attempts of a call: that is what makes them one.
    if (method === 'POST' && !repeatable) headers['idempotency-key'] = options.idempotencyKey ?? randomKey();
    // A browser says what it is by itself, and would ask the server whether it may say something else.
    if (runtime?.versions?.node) headers['user-agent'] = 'keyloom-sdk-typescript/0.1.0';
    for (const [name, value] of Object.entries(options.headers ?? {})) headers[name.toLowerCase()] = value;
    return { method, headers, redirect: 'manual', ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
  }

  async #attempt<T>(url: string, init: RequestInit, timeout: number, signal: AbortSignal | undefined): Promise<T> {
    const controller = new AbortController();
    const timer = timeout > 0 && timeout <= LONGEST_TIMER ? setTimeout(() => controller.abort(), timeout) : undefined;
    const stop = (): void => controller.abort();
    signal?.addEventListener('abort', stop);
    try {
      const response = await this.#fetch(url, { ...init, signal: controller.signal });
      if (response.type === 'opaqueredirect' || (response.status >= 300 && response.status < 400)) {
        // Followed, a POST would turn into a GET and the key might go to another host.
        const where = response.headers.get('location') ?? 'elsewhere';
        throw new KeyloomError(`${this.baseUrl} redirects to ${where}: correct baseUrl`, { status: response.status, code: 'REDIRECTED' });
      }
      const body = parse(await response.text());
      if (!response.ok) throw errorFromAnswer(response.status, response.headers, body);
      if (body === undefined) throw new KeyloomError(`${this.baseUrl} did not answer with JSON: is it Keyloom?`, { status: response.status, code: 'NOT_JSON' });
      return body as T;
    } catch (error) {
      if (error instanceof KeyloomError) throw error;
      signal?.throwIfAborted();
      if (controller.signal.aborted) throw new TimeoutError(`No answer within ${timeout} ms`, { status: 0, code: 'TIMEOUT', cause: error });
      throw new NetworkError(`${this.baseUrl} could not be reached`, { status: 0, code: 'NETWORK_ERROR', cause: error });
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', stop);
    }
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Whether another attempt may do better. None does harm: a POST that creates or changes has an idempotency key, so it counts once. */
function mayPass({ status, code, retryAfter }: KeyloomError): boolean {
  // No answer, or turned away at the door.
  if (status === 0 || status === 429 || status === 503) return true;
  // An earlier attempt is still at it: its answer is worth waiting for.
  if (code === 'IDEMPOTENCY_CONFLICT') return retryAfter !== undefined;
  // A gateway's have no code of ours. With one, a provider failed, and Keyloom has already tried again.
  return (status === 502 || status === 504) && code === `HTTP_${status}`;
}

/** Full jitter: many clients that failed together do not come back together. */
function delayBefore(attempt: number, retryAfter: number | undefined): number {
  const spread = Math.random() * Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** attempt);
  return retryAfter === undefined ? spread : retryAfter * 1000 + spread;
}

export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, ms);
    signal?.addEventListener('abort', stop, { once: true });
  });
}

/** `crypto.randomUUID` is missing on pages without TLS. */
function randomKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
