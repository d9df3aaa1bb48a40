import { popup, resume, type ConnectResult, type PopupOptions, type PopupSession, type ResumeOptions } from '../browser.js';
import { TimeoutError } from '../errors.js';
import { path, sleep, type RequestOptions, type Transport } from '../http.js';
import type { ConnectPoll, ConnectSession, ConnectToken, NewConnectToken } from '../types.js';

export interface WaitOptions extends Omit<RequestOptions, 'timeout' | 'idempotencyKey'> {
  /** Milliseconds in all, 120 000 by default. */
  timeout?: number;
  /** Milliseconds between two polls with a token, 1 000 by default. With a session id the server is asked to wait instead. */
  interval?: number;
}

/** Seconds that the server holds a question. Below what proxies cut off. */
const LONG_POLL = 25;
const SETTLED = ['completed', 'failed', 'expired', 'cancelled', 'COMPLETED', 'FAILED'];

export class Connect {
  readonly #http: Transport;

  constructor(http: Transport) {
    this.#http = http;
  }

  createToken(input: NewConnectToken, options?: RequestOptions): Promise<ConnectToken> {
    return this.#http.request({ method: 'POST', path: '/connect/token', body: input }, options);
  }

  /** How a session is doing. With `wait` (seconds, up to 60) the server answers once it has an end, or the time is up. */
  getSession(id: string, { wait, ...options }: RequestOptions & { wait?: number } = {}): Promise<ConnectSession> {
    // The server's patience comes on top of that for the network.
    const timeout = wait === undefined ? {} : { timeout: (options.timeout ?? 15_000) + wait * 1000 };
    return this.#http.request({ method: 'GET', path: path`/connect/session/${id}`, query: { wait } }, { ...options, ...timeout });
  }

  /** What the holder of a connect token may know; the token takes the API key's place. */
  poll(token: string, options?: RequestOptions): Promise<ConnectPoll> {
    return this.#http.request({ method: 'POST', path: '/connect/session/poll', body: { token }, repeatable: true, authorize: false }, options);
  }

  /** Waits for the end of a session, whichever it is. Throws a `TimeoutError` with code `CONNECT_TIMEOUT` if there is none in time. */
  wait(sessionId: `cs_${string}`, options?: WaitOptions): Promise<ConnectSession>;
  wait(token: `cst_${string}`, options?: WaitOptions): Promise<ConnectPoll>;
  wait(sessionIdOrToken: string, options?: WaitOptions): Promise<ConnectSession | ConnectPoll>;
  async wait(sessionIdOrToken: string, { timeout = 120_000, interval = 1_000, ...options }: WaitOptions = {}): Promise<ConnectSession | ConnectPoll> {
    const deadline = Date.now() + timeout;
    const isToken = sessionIdOrToken.startsWith('cst_');
    for (;;) {
      const left = Math.max(0, deadline - Date.now());
      const state = isToken
        ? await this.poll(sessionIdOrToken, options)
        : await this.getSession(sessionIdOrToken, { ...options, wait: Math.min(LONG_POLL, Math.ceil(left / 1000)) });
      if (SETTLED.includes(state.status)) return state;
      if (Date.now() >= deadline) throw new TimeoutError(`The connect session had no end within ${timeout} ms`, { status: 0, code: 'CONNECT_TIMEOUT' });
      if (isToken) await sleep(Math.min(interval, Math.max(0, deadline - Date.now())), options.signal);
    }
  }

  /**
   * For `completion: 'verified'`: says who came back, as your own sign-in tells. Pass on the `code` that came to your redirect URI beside
   * `sessionId`: it proves that theirs is the browser that connected.
   */
  complete(sessionId: string, input: { endUserId: string; code?: string }, options?: RequestOptions): Promise<ConnectSession> {
    return this.#http.request({ method: 'POST', path: path`/connect/session/${sessionId}/complete`, body: input }, options);
  }

  /** In a browser: see `@keyloom/sdk/browser`, which needs no API key. */
  popup(options: PopupOptions): Promise<ConnectResult> {
    return popup(options);
  }

  /** In a browser, after a reload: goes on waiting. */
  resume(session: PopupSession, options?: ResumeOptions): Promise<ConnectResult> {
    return resume(session, options);
  }
}
