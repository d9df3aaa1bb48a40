// The popup in a real browser: pages of a customer's application on a site of its own, our server on another, the provider on a third.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { KeyloomClient } from '../dist/index.js';
import { consent, deny, launch, reachConsent } from './chromium.mjs';
import { listen, SDK, startKeyloom, until } from './harness.mjs';
import { connectByHand } from './person.mjs';

const PAGE = `<!DOCTYPE html><html lang="en"><title>App</title><button>Connect</button><p></p><script type="module" src="/app.js"></script></html>`;
// Everything a test wants to vary is in the address.
const SCRIPT = `
import { ConnectError, popup } from '/sdk/browser.js';
const { options, lazy, auto, snippet } = JSON.parse(decodeURIComponent(location.hash.slice(1)));
window.controller = new AbortController();
const opening = window.open;
window.open = (...given) => {
  window.features = given[2];
  return (window.handle = opening(...given));
};
async function start() {
  window.calls = (window.calls ?? 0) + 1;
  const began = Date.now();
  try {
    const { token, connectUrl, sessionId, expiresAt, ...rest } = options;
    const session = { token, connectUrl, sessionId, expiresAt };
    const given = lazy === 'late' ? { session: () => new Promise((done) => setTimeout(done, 6500, session)) }
      : lazy === 'broken' ? { session: () => Promise.reject(new Error('the backend said no')) }
      : lazy === 'told' ? { session: async (where) => (sessionStorage.setItem('where', where), session) }
      : lazy === 'never' ? { session: () => new Promise(() => {}) } : session;
    window.outcome = { result: await (snippet ? (await import('/snippet.js')).run() : popup({ ...given, ...rest, signal: controller.signal })) };
  } catch (error) {
    window.outcome = { code: error.code, message: error.message, sessionId: error.sessionId, typed: error instanceof ConnectError };
  }
  outcome.took = Date.now() - began;
}
document.querySelector('button').addEventListener('click', start);
if (auto) start();
`;

let stack;
let client;
let browser;
let stopBrowser;
let app;
let context;
let page;
let pageHeaders = {};
let snippet = '';
const origin = () => `http://app.localhost:${app.port}`;

before(async () => {
  [stack, { browser, stop: stopBrowser }] = await Promise.all([startKeyloom(), launch()]);
  client = new KeyloomClient({ apiKey: stack.key, baseUrl: stack.url });
  app = await listen(async (request, response) => {
    const { pathname } = new URL(request.url, 'http://app.localhost');
    const script = (text) => response.setHeader('content-type', 'text/javascript').end(text);
    if (pathname.startsWith('/sdk/')) return script(readFileSync(join(SDK, 'dist', pathname.slice(5))));
    if (pathname === '/app.js') return script(SCRIPT);
    if (pathname === '/snippet.js') return script(snippet);
    if (pathname === '/fake') return response.setHeader('content-type', 'text/html').end('<!DOCTYPE html><title>Another page</title>');
    if (pathname === '/back') return response.setHeader('content-type', 'text/html').end('<!DOCTYPE html><h1>Back in the app</h1>');
    if (pathname.startsWith('/api/v1/')) {
      // The application's backend, which has the key.
      let body = '';
      for await (const chunk of request) body += chunk;
      const headers = { authorization: `Bearer ${stack.key}`, 'content-type': 'application/json' };
      const answer = await fetch(`${stack.url}${pathname}`, { method: request.method, headers, body });
      return response.writeHead(answer.status, { 'content-type': 'application/json' }).end(await answer.text());
    }
    response.writeHead(200, { 'content-type': 'text/html', ...pageHeaders }).end(PAGE);
  });
});
after(async () => {
  await stopBrowser?.();
  await app?.stop();
  await stack?.stop();
});
beforeEach(async () => {
  pageHeaders = {};
  context = await browser.newContext({ reducedMotion: 'reduce' });
  page = await context.newPage();
  page.setDefaultTimeout(15_000);
});
afterEach(() => context.close());

let number = 0;
const token = (integrationName = 'slack', more = {}) =>
  client.connect.createToken({ integrationName, connectionName: 'An account', externalId: `popup-${(number += 1)}`, allowedOrigins: [origin()], ...more });

const visit = (given) => page.goto(`${origin()}/?${(number += 1)}#${encodeURIComponent(JSON.stringify(given))}`);

/** Visits the page and clicks; returns the popup. */
async function open(options, more = {}) {
  await visit({ options, ...more });
  const [popup] = await Promise.all([context.waitForEvent('page'), page.getByRole('button').click()]);
  return popup;
}
const proceed = (popup, name = 'Slack') => popup.getByRole('button', { name: `Continue to ${name}` }).click();
const outcome = (seconds = 20) => until('an outcome', () => page.evaluate(() => window.outcome), seconds);
const isPending = async () => assert.equal(await page.evaluate(() => window.outcome), undefined);
/** As a link would: what Playwright opens by itself has no opener any more. */
const go = (popup, url) => Promise.all([popup.waitForURL(new RegExp(`^${new URL(url).origin}`)), popup.evaluate((to) => void location.assign(to), url)]);
const closedHere = () => page.evaluate(() => window.handle.closed);

test('success: the result, confirmed by the server; the window is centred and closes', async () => {
  const issued = await token();
  const polled = [];
  page.on('request', (request) => request.method() === 'POST' && polled.push(request.url()));
  const popup = await open({ ...issued, width: 500, height: 600 });
  assert.deepEqual(await popup.evaluate(() => [innerWidth, innerHeight]), [500, 600]);
  // What was asked for: where a window then is, is up to a window manager, which there is none of here.
  const [asked, left, top] = await page.evaluate(() => [features, Math.round(screenX + (outerWidth - 500) / 2), Math.round(screenY + (outerHeight - 600) / 2)]);
  assert.equal(asked, `popup=yes,width=500,height=600,left=${left},top=${top}`);
  const closed = popup.waitForEvent('close');
  await proceed(popup);
  await consent(popup);
  const { result } = await outcome();
  await closed;
  const { connection } = await client.connect.getSession(issued.sessionId);
  assert.deepEqual(result, { connectionId: connection.id, integrationName: 'slack', externalId: connection.externalId, sessionId: issued.sessionId, status: 'completed' });
  assert.ok(polled.length > 0 && polled.every((url) => url === `${stack.url}/api/v1/connect/session/poll`));
});

test('the message makes it quick: with the clock standing still, no poll would be due', async () => {
  await page.clock.install();
  const popup = await open(await token());
  await proceed(popup);
  await reachConsent(popup);
  await page.clock.pauseAt(Date.now() + 5_000);
  await page.waitForTimeout(1000);
  const polls = [];
  page.on('request', (request) => request.url().endsWith('/poll') && request.method() === 'POST' && polls.push(request));
  await popup.locator('button[type=submit]').click();
  await popup.waitForURL(/\/connect\/cs_/);
  await page.waitForTimeout(500);
  assert.equal(polls.length, 0);
  await page.clock.runFor(150);
  assert.equal((await outcome(5)).result.status, 'completed');
  assert.equal(polls.length, 1);
});

test('a provider that cuts the popup off (COOP): closed from here, and it ends well', async () => {
  const issued = await token('coop');
  const popup = await open(issued);
  await proceed(popup, 'Coop');
  await reachConsent(popup);
  await until('the cut', closedHere);
  await page.waitForTimeout(2500);
  await isPending();
  const closed = popup.waitForEvent('close');
  await popup.locator('button[type=submit]').click();
  const { result } = await outcome();
  assert.equal(result.sessionId, issued.sessionId);
  await closed;
});

test('an application that itself sends COOP: cut off from the start, and it ends well', async () => {
  pageHeaders = { 'cross-origin-opener-policy': 'same-origin' };
  const popup = await open(await token());
  await until('the cut', closedHere);
  await proceed(popup);
  await consent(popup);
  assert.equal((await outcome()).result.status, 'completed');
});

test('an application that itself sends COOP, and a session that comes late', async () => {
  pageHeaders = { 'cross-origin-opener-policy': 'same-origin' };
  const popup = await open(await token(), { lazy: 'late' });
  await proceed(popup);
  await consent(popup);
  assert.equal((await outcome()).result.status, 'completed');
});

test('window closed before anything happened: popup_closed after the grace time, not before', async () => {
  const issued = await token();
  const popup = await open({ ...issued, closeGrace: 3000 });
  await popup.getByRole('button', { name: 'Cancel' }).waitFor();
  await popup.close();
  await page.waitForTimeout(1500);
  await isPending();
  const { code, typed, sessionId, took } = await outcome();
  assert.deepEqual([code, typed, sessionId], ['popup_closed', true, issued.sessionId]);
  assert.ok(took >= 3000 && took < 9000, `${took} ms`);
});

test('window closed while the server was still at it: the connection is found', async () => {
  const issued = await token();
  const popup = await open(issued);
  await proceed(popup);
  await reachConsent(popup);
  await fetch(`${stack.slack.origin}/_delay?ms=1500`, { method: 'POST' });
  const { received } = await (await fetch(`${stack.slack.origin}/_received`)).json();
  await popup.locator('button[type=submit]').click({ noWaitAfter: true });
  await until('the exchange', async () => (await (await fetch(`${stack.slack.origin}/_received`)).json()).received > received);
  await popup.close();
  assert.equal((await outcome()).result.sessionId, issued.sessionId);
});

test('blocked, to redirect: this tab goes to the connect page and comes back', async () => {
  const issued = await token('slack', { successRedirectUri: `${origin()}/back` });
  await visit({ options: issued, auto: true });
  await page.getByRole('button', { name: 'Continue to Slack' }).click();
  await consent(page);
  await page.waitForURL(`${origin()}/back?*`);
  const back = new URL(page.url()).searchParams;
  assert.equal(back.get('sessionId'), issued.sessionId);
  assert.match(back.get('connectionId'), /^conn_/);
});

test('blocked, and the session still to be had: it is said that a tab is meant', async () => {
  await visit({ options: await token(), auto: true, lazy: 'told' });
  await page.getByRole('button', { name: 'Continue to Slack' }).waitFor();
  await page.goto(`${origin()}/fake`);
  assert.equal(await page.evaluate(() => sessionStorage.getItem('where')), 'tab');
});

test('blocked, to reject', async () => {
  await visit({ options: { ...(await token()), onBlocked: 'reject' }, auto: true });
  const { code, typed } = await outcome();
  assert.deepEqual([code, typed], ['popup_blocked', true]);
  assert.ok(page.url().startsWith(origin()));
});

test('denied at the provider: still open for another try, which counts', async () => {
  const popup = await open(await token());
  await proceed(popup);
  await deny(popup);
  await popup.getByRole('heading', { name: 'Slack was not connected' }).waitFor();
  await page.waitForTimeout(2500);
  await isPending();
  await popup.getByRole('button', { name: 'Try again' }).click();
  await consent(popup);
  assert.equal((await outcome()).result.status, 'completed');
});

test('denied at the provider, then the window closed: told so, without the grace time', async () => {
  const issued = await token();
  const popup = await open(issued);
  await proceed(popup);
  await deny(popup);
  await popup.getByRole('heading', { name: 'Slack was not connected' }).waitFor();
  // The page has to have noticed while the window was there, as it would with a person's speed.
  await page.waitForTimeout(1500);
  const closed = Date.now();
  await popup.close();
  const { code, message, sessionId } = await outcome();
  assert.deepEqual([code, message, sessionId], ['denied', 'Access to Slack was not granted', issued.sessionId]);
  assert.ok(Date.now() - closed < 9000);
});

test('denied at a provider that cut the window off: told so', async () => {
  const issued = await token('coop');
  const popup = await open(issued);
  await proceed(popup, 'Coop');
  await deny(popup);
  const { code, sessionId } = await outcome();
  assert.deepEqual([code, sessionId], ['denied', issued.sessionId]);
});

test('cancelled on the connect page', async () => {
  const popup = await open(await token());
  await popup.getByRole('button', { name: 'Cancel' }).click();
  assert.equal((await outcome(5)).code, 'cancelled');
});

test('the page is loaded anew midway: resume() waits on', async () => {
  const issued = await token();
  const popup = await open(issued);
  await proceed(popup);
  await reachConsent(popup);
  await page.reload();
  assert.equal(await page.evaluate(() => window.outcome), undefined);
  const [result] = await Promise.all([
    page.evaluate(async (session) => (await import('/sdk/browser.js')).resume(session), issued),
    consent(popup),
  ]);
  assert.equal(result.connectionId, (await client.connect.getSession(issued.sessionId)).connectionId);
});

test('resume() of what has an end already, of what nobody goes on with, and of what is no session', async () => {
  await page.goto(`${origin()}/fake`);
  const resume = (session, options) =>
    page.evaluate(async ([given, more]) => (await import('/sdk/browser.js')).resume(given, more).catch(({ code, sessionId }) => ({ code, sessionId })), [session, options]);
  const [cancelled, abandoned] = [await token(), await token()];
  await connectByHand(cancelled.connectUrl, { cancel: true });
  assert.deepEqual(await resume(cancelled), { code: 'cancelled', sessionId: cancelled.sessionId });
  assert.deepEqual(await resume(abandoned, { closeGrace: 1500 }), { code: 'popup_closed', sessionId: abandoned.sessionId });
  assert.equal((await resume({ ...abandoned, token: 'eut_x' })).code, 'failed');
});

test('timeout closes the window', async () => {
  const popup = await open({ ...(await token()), timeout: 1500 });
  const closed = popup.waitForEvent('close');
  const { code, took } = await outcome();
  assert.equal(code, 'timeout');
  assert.ok(took >= 1500 && took < 5000, `${took} ms`);
  await closed;
});

test('the session expires: told so, although the window is open', async () => {
  const issued = await token();
  // The server's shortest session lasts a minute. That the page learns of its end is what is tried here.
  await open({ ...issued, expiresAt: new Date(Date.now() + 2500).toISOString() });
  const { code, took } = await outcome();
  assert.equal(code, 'expired');
  assert.ok(took >= 2500 && took < 12_000, `${took} ms`);
});

test('an abort closes the window', async () => {
  const popup = await open(await token());
  const closed = popup.waitForEvent('close');
  await page.evaluate(() => window.controller.abort(new Error('enough')));
  assert.equal((await outcome(5)).message, 'enough');
  await closed;
});

test('a session that comes late: the window opens in the click, long before there is an address', async () => {
  const popup = await open(await token(), { lazy: 'late' });
  assert.equal(popup.url(), 'about:blank');
  await proceed(popup);
  await consent(popup);
  assert.equal((await outcome()).result.status, 'completed');
});

test('a session that cannot be had, or never comes: the empty window closes', async () => {
  let popup = await open(await token(), { lazy: 'broken' });
  assert.equal((await outcome(5)).message, 'the backend said no');
  await until('closed', () => popup.isClosed());
  popup = await open(await token(), { lazy: 'never' });
  await page.evaluate(() => window.controller.abort(new Error('enough')));
  assert.equal((await outcome(5)).message, 'enough');
  await until('closed', () => popup.isClosed());
});

test('forged messages are not believed: wrong source, wrong origin, wrong session, and right ones without a connection', async () => {
  const issued = await token();
  const popup = await open(issued);
  await popup.getByRole('button', { name: 'Cancel' }).waitFor();
  const forged = { type: 'weavz-connect-result', status: 'success', sessionStatus: 'completed', connectionId: 'conn_forged', integrationName: 'slack', externalId: 'x', sessionId: issued.sessionId, error: null };
  // From the page itself, as any script or frame in it could.
  await page.evaluate((message) => window.postMessage(message, '*'), forged);
  // From the popup's own origin and window, before there is anything.
  await popup.evaluate(([message, target]) => window.opener.postMessage(message, target), [forged, origin()]);
  await popup.evaluate(([message, target]) => window.opener.postMessage({ ...message, status: 'error', sessionStatus: 'cancelled' }, target), [forged, origin()]);
  await popup.evaluate(([message, target]) => window.opener.postMessage({ ...message, sessionId: 'cs_other' }, target), [forged, origin()]);
  // From the right window, which went to another origin.
  await go(popup, `http://other.localhost:${app.port}/fake`);
  await popup.evaluate(([message, target]) => window.opener.postMessage(message, target), [forged, origin()]);
  await page.waitForTimeout(2500);
  await isPending();
  await go(popup, issued.connectUrl);
  await proceed(popup);
  await consent(popup);
  const { result } = await outcome();
  assert.equal(result.connectionId, (await client.connect.getSession(issued.sessionId)).connectionId);
});

test('a server that is away for a while does not end it; one that refuses does', async () => {
  const issued = await token();
  let away = true;
  await page.route('**/session/poll', (route) => (away ? route.fulfill({ status: 503, body: 'restarting' }) : route.continue()));
  const popup = await open(issued);
  await proceed(popup);
  await consent(popup);
  await page.waitForTimeout(2000);
  await isPending();
  away = false;
  assert.equal((await outcome()).result.sessionId, issued.sessionId);

  const refused = await open(await token('slack', { allowedOrigins: ['https://elsewhere.example'] }));
  const { code, message } = await outcome();
  assert.equal(code, 'failed');
  assert.match(message, /allowedOrigins/);
  await until('closed', () => refused.isClosed());
});

test('addresses and tokens that cannot work are refused before a window opens', async () => {
  for (const [options, expected] of [
    [{ token: 'cst_x', connectUrl: 'javascript:alert(1)' }, /http/],
    [{ token: 'eut_x', connectUrl: `${stack.url}/connect/portal?token=eut_x` }, /cst_/],
  ]) {
    await visit({ options });
    await page.getByRole('button').click();
    assert.match((await outcome(5)).message, expected);
    assert.equal(context.pages().length, 1);
  }
});

test("the documentation's snippet, with the whole client in the page and the key in the application's backend", async () => {
  const { workspace } = await client.workspaces.create({ name: 'Acme', slug: 'acme' });
  const text = readFileSync(join(SDK, 'test/snippets/popup.ts'), 'utf8').replaceAll('YOUR_WORKSPACE_ID', workspace.id);
  snippet = `import { WeavzClient } from '/sdk/index.js';
    const client = new WeavzClient({ apiKey: 'held-by-the-backend', baseUrl: location.origin });
    export async function run() { ${text}; return result; }`;
  const logged = [];
  page.on('console', (message) => logged.push(message.text()));
  const popup = await open({}, { snippet: true });
  await proceed(popup);
  await consent(popup);
  const { result } = await outcome();
  assert.equal(result.externalId, 'tenant_123_slack');
  await until('the log', () => logged.includes(`Connection created: ${result.connectionId}`));
});
