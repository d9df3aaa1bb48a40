// The hosted connect page in a popup. One file without imports: it is all that a page needs.
//
// Three channels tell how it went, and none can be trusted alone:
//  - a message from the popup: quick, but lost where the provider's pages send a Cross-Origin-Opener-Policy;
//  - `popup.closed`: the same header makes it true while the person is still signing in;
//  - polling the server with the connect token: slower, works everywhere, and decides.

export type ConnectErrorCode =
  /** The person said no at the provider. */
  | 'denied'
  /** The person pressed Cancel on the connect page. */
  | 'cancelled'
  /** The session's time ran out. */
  | 'expired'
  /** Anything else: `message` says what. */
  | 'failed'
  /** The window has gone (or cannot be seen) for `closeGrace` and nothing came of it. */
  | 'popup_closed'
  /** The browser opened no window. With `onBlocked: 'redirect'` the page is on its way to `connectUrl`. */
  | 'popup_blocked'
  /** `timeout` is over. */
  | 'timeout';

/** Why there is no connection. An abort throws the reason of its signal instead. */
export class ConnectError extends Error {
  override readonly name = 'ConnectError';
  readonly code: ConnectErrorCode;
  /** To ask your backend about it later: a session may still complete after its window went out of sight. */
  readonly sessionId: string | undefined;

  constructor(code: ConnectErrorCode, message: string, sessionId?: string) {
    super(message);
    this.code = code;
    this.sessionId = sessionId;
  }
}

export interface ConnectResult {
  connectionId: string;
  integrationName: string;
  externalId: string;
  sessionId: string;
  status: 'completed';
}

/** What `POST /connect/token` answered. */
export interface PopupSession {
  token: string;
  connectUrl: string;
  sessionId?: string;
  expiresAt?: string;
}

interface CommonOptions {
  /** Size in CSS pixels, 480 × 720 by default. */
  width?: number;
  height?: number;
  /** Milliseconds from when the window cannot be seen any more until giving up, 30 000 by default. They run at a tenth of the speed while the page has no focus: the person is elsewhere, perhaps in that window. */
  closeGrace?: number;
  /** Milliseconds in all. Default: until the session expires, 30 minutes if that is not known. */
  timeout?: number;
  /** What to do when the browser opens no window: go to `connectUrl` in this tab (default; give the token redirect URIs), or only reject. */
  onBlocked?: 'redirect' | 'reject';
  /** Aborting closes the window and rejects with the signal's reason. */
  signal?: AbortSignal;
}

/**
 * Either the session, or how to get one: the window is then opened at once, while the click still counts. The function is told where
 * the page will be. Give the token redirect URIs for a `tab` only: a popup that a provider cut off would go there, not close.
 */
export type PopupOptions = CommonOptions & (PopupSession | { session: (where: 'popup' | 'tab') => Promise<PopupSession> });

/** What there is to say about waiting without a window. */
export type ResumeOptions = Pick<CommonOptions, 'closeGrace' | 'timeout' | 'signal'>;

/** What a poll answers. */
interface State {
  status: string;
  sessionStatus: string;
  connectionId: string | null;
  integrationName: string;
  externalId: string;
  sessionId: string;
  error: string | null;
  errorCode: string | null;
  expiresAt: string;
}

const MESSAGE = 'weavz-connect-result';
const DENIED = ['access_denied', 'user_denied', 'user_cancelled_login', 'user_cancelled_authorize'];
/** A failed session can be tried again in its window: so long is waited for that where the window cannot be seen. */
const FAILED_GRACE = 5_000;
const HALF_AN_HOUR = 1_800_000;
/** The server is the one to say that a session has expired: it is given this long to. */
const EXPIRY_SLACK = 5_000;
/** Of one question. */
const POLL_TIMEOUT = 15_000;
/** For `session()`, while an empty window waits. */
const SESSION_PATIENCE = 30_000;
/** If a redirect has not taken the page away by then, it never will. */
const REDIRECT_PATIENCE = 10_000;

/**
 * Opens the connect page and waits for its end. Call it in a click handler, before any `await`.
 *
 * Resolves once the server says that there is a connection. Otherwise rejects with a `ConnectError`; it never waits for ever.
 */
export async function popup(options: PopupOptions): Promise<ConnectResult> {
  if (typeof window === 'undefined') throw new ConnectError('failed', 'popup() works in browsers only');
  options.signal?.throwIfAborted();
  const address = 'session' in options ? 'about:blank' : checked(options).connectUrl;
  // Nothing may be awaited before this line: browsers open windows only while they handle a click.
  const opened = window.open(address, '_blank', features(options));
  // Some blockers answer with a window that is closed already.
  const blocked = !opened || opened.closed;
  let session: PopupSession;
  try {
    session = 'session' in options ? checked(await made(options.session(blocked ? 'tab' : 'popup'), options.signal)) : options;
  } catch (error) {
    opened?.close();
    throw error;
  }
  if (blocked) return redirect(session, options);
  if ('session' in options) opened.location.replace(session.connectUrl);
  return watch(opened, session, options);
}

/**
 * Goes on waiting where an earlier load of this page left off: with `popup` its promise is lost, the session is not. Also for the page
 * that the connect page came back to in the same tab. Ends as `popup` does; no window can be seen from here, so `closeGrace` runs at once.
 */
export async function resume(session: PopupSession, options: ResumeOptions = {}): Promise<ConnectResult> {
  if (typeof window === 'undefined') throw new ConnectError('failed', 'resume() works in browsers only');
  options.signal?.throwIfAborted();
  return watch(undefined, checked(session), options);
}

/** For `connect.popup(…)`, as the whole client has it. */
export const connect = { popup, resume };

function checked<T extends PopupSession>(session: T): T {
  const { protocol } = new URL(session.connectUrl, location.href);
  // A `javascript:` address would run in this page.
  if (protocol !== 'https:' && protocol !== 'http:') throw new ConnectError('failed', 'connectUrl must be an http or https address');
  if (!session.token.startsWith('cst_')) throw new ConnectError('failed', 'popup() needs the token of connect.createToken (cst_…): others cannot be polled');
  return session;
}

/** The session, unless the caller gives up first or nothing comes. */
function made(session: Promise<PopupSession>, signal?: AbortSignal): Promise<PopupSession> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new ConnectError('timeout', 'session() gave nothing in time')), SESSION_PATIENCE);
    signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
    session.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

function features({ width = 480, height = 720 }: CommonOptions): string {
  // Centred over this window, also on a second screen, and never larger than the screen.
  const [w, h] = [Math.min(width, screen.availWidth), Math.min(height, screen.availHeight)];
  const left = Math.round(screenX + (outerWidth - w) / 2);
  const top = Math.round(screenY + Math.max(0, (outerHeight - h) / 2));
  return `popup=yes,width=${w},height=${h},left=${left},top=${top}`;
}

async function redirect(session: PopupSession, { onBlocked, signal }: CommonOptions): Promise<never> {
  if (onBlocked !== 'reject') {
    location.assign(session.connectUrl);
    // The page goes away here. If it does not (someone chose to stay, or came back), the caller is told.
    await new Promise((resolve) => setTimeout(resolve, REDIRECT_PATIENCE));
    signal?.throwIfAborted();
  }
  throw new ConnectError('popup_blocked', 'The browser did not open a window', session.sessionId);
}

async function watch(opened: Window | undefined, session: PopupSession, options: CommonOptions): Promise<ConnectResult> {
  const { closeGrace = 30_000, signal } = options;
  const { origin } = new URL(session.connectUrl, location.href);
  let sessionId = session.sessionId;
  let wake = (): void => undefined;

  const onMessage = ({ origin: from, source, data }: MessageEvent): void => {
    if (from !== origin || (opened && source !== opened) || typeof data !== 'object' || data?.type !== MESSAGE) return;
    if (sessionId !== undefined && data.sessionId !== sessionId) return;
    // Only a hint to ask now: what counts is what the server says.
    wake();
  };
  const nudge = (): void => wake();
  addEventListener('message', onMessage);
  // Coming back to this page, perhaps because the window closed.
  addEventListener('focus', nudge);
  document.addEventListener('visibilitychange', nudge);
  signal?.addEventListener('abort', nudge);

  const started = Date.now();
  let unseenFor = 0;
  let before = started;
  let status = '';
  let expiresAt = session.expiresAt;
  let trouble = '';
  try {
    for (;;) {
      const { end, reason } = deadline(started, expiresAt, options.timeout);
      const answer = await poll(session, Math.min(POLL_TIMEOUT, Math.max(1_000, end - Date.now())), signal);
      signal?.throwIfAborted();
      const state = typeof answer === 'string' ? undefined : answer;
      trouble = typeof answer === 'string' ? ` (${answer})` : '';
      sessionId ??= state?.sessionId;
      expiresAt ??= state?.expiresAt;
      if (state?.status === 'COMPLETED' && state.connectionId) {
        const { connectionId, integrationName, externalId } = state;
        return { connectionId, integrationName, externalId, sessionId: state.sessionId, status: 'completed' };
      }
      const now = Date.now();
      // A change of status is a sign of life, whatever the window looks like from here.
      if ((opened && !opened.closed) || (state && state.status !== status)) unseenFor = 0;
      // A timer that was held up (a sleeping computer) is not time that anybody had.
      else unseenFor += Math.min(now - before, 5_000) * (document.hasFocus() ? 1 : 0.1);
      before = now;
      status = state?.status ?? status;
      const ended = state?.status === 'FAILED' ? failure(state) : undefined;
      // The connect page offers another try after a failure, and none after these.
      if (ended && (ended.code === 'cancelled' || ended.code === 'expired')) throw ended;
      if (ended && unseenFor >= Math.min(closeGrace, FAILED_GRACE)) throw ended;
      if (now >= end) throw ended ?? new ConnectError(reason, reason === 'expired' ? 'The session has expired' : 'Nothing came of it in time', sessionId);
      if (unseenFor >= closeGrace) throw new ConnectError('popup_closed', `The window was closed before anything was connected${trouble}`, sessionId);
      const pause = Math.min(now - started < 60_000 ? 1_000 : 3_000, end - now);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, pause);
        wake = () => {
          clearTimeout(timer);
          // Not at once: focus and visibility change together, and polls are limited.
          setTimeout(resolve, 100);
        };
      });
      signal?.throwIfAborted();
    }
  } catch (error) {
    // What the page was told to be over must not go on in the window.
    opened?.close();
    throw error;
  } finally {
    removeEventListener('message', onMessage);
    removeEventListener('focus', nudge);
    document.removeEventListener('visibilitychange', nudge);
    signal?.removeEventListener('abort', nudge);
  }
}

function deadline(started: number, expiresAt: string | undefined, timeout: number | undefined): { end: number; reason: 'timeout' | 'expired' } {
  const expiry = Date.parse(expiresAt ?? '') + EXPIRY_SLACK;
  // A clock that is far off makes a session look expired from the start: then it is no help.
  const known = expiry > started + EXPIRY_SLACK;
  const limit = started + (timeout ?? (known ? Infinity : HALF_AN_HOUR));
  return known && expiry <= limit ? { end: expiry, reason: 'expired' } : { end: limit, reason: 'timeout' };
}

function failure({ sessionStatus, errorCode, error, sessionId }: State): ConnectError {
  const code = sessionStatus === 'cancelled' || sessionStatus === 'expired' ? sessionStatus : DENIED.includes(errorCode ?? '') ? 'denied' : 'failed';
  return new ConnectError(code, error ?? 'The connection was not made', sessionId);
}

/** The session's state, or in words why it could not be asked for this time. Throws where asking again would not help. */
async function poll({ token, connectUrl, sessionId }: PopupSession, timeout: number, signal?: AbortSignal): Promise<State | string> {
  const controller = new AbortController();
  const stop = (): void => controller.abort();
  const timer = setTimeout(stop, timeout);
  signal?.addEventListener('abort', stop);
  try {
    // Beside the connect page, also where Keyloom lives below a path.
    const answer = await fetch(new URL('api/v1/connect/session/poll', new URL(connectUrl, location.href)), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token }),
      credentials: 'omit',
      cache: 'no-store',
      signal: controller.signal,
    });
    if (answer.ok) return (await answer.json()) as State;
    // Too many polls, a restart, a proxy: it passes. A refusal does not.
    if (answer.status >= 500 || answer.status === 429) return `the server answered ${answer.status}`;
    const said = (await answer.json().catch(() => undefined)) as { error?: string } | undefined;
    throw new ConnectError('failed', said?.error ?? `The server answered ${answer.status}`, sessionId);
  } catch (error) {
    if (error instanceof ConnectError) throw error;
    return 'the server could not be reached: does a Content-Security-Policy forbid it in connect-src?';
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', stop);
  }
}
