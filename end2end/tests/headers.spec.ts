// What protects the pages, seen from outside: headers on every kind of answer, no framing, no cross-site posts, no leaking of
// where one came from.
import type { APIResponse } from '@playwright/test';
import { openLink } from '../fixtures/connect.ts';
import { consent } from '../fixtures/provider.ts';
import { expect, test } from '../fixtures/test.ts';

test('every kind of answer carries the headers', async ({ request, stack }) => {
  const issued = await stack.api.connectToken('demo-oauth');
  const get = (path: string): Promise<APIResponse> => request.get(`${stack.origin}${path}`, { maxRedirects: 0 });
  const post = (path: string, headers: Record<string, string> = { origin: stack.origin }): Promise<APIResponse> =>
    request.post(`${stack.origin}${path}`, { form: { email: 'x@example.test', password: 'not the password' }, headers, maxRedirects: 0 });
  const arrival = await get(`/connect?token=${issued.token}`);
  const kinds: [string, APIResponse, number][] = [
    ['arrival', arrival, 303],
    ['hosted page', await get(`/connect/${issued.sessionId}`), 200],
    ['bad link', await get('/connect?token=cst_nobody'), 401],
    ['portal without a token', await get('/connect/portal'), 401],
    ['cancelled', await post(`/connect/${issued.sessionId}/cancel`), 303],
    ['callback', await get('/oauth/callback/demo-oauth?state=x&code=y'), 400],
    ['callback by form_post', await post('/oauth/callback/demo-oauth', { origin: 'https://provider.example' }), 200],
    ['sign-in', await get('/login'), 200],
    ['wrong password', await post('/login'), 401],
    ['set-up, closed', await get('/setup'), 303],
    ['a page behind sign-in', await get('/connections'), 303],
    ['dashboard authorize, signed out', await post('/dashboard/authorize'), 303],
    ['cross-site post', await post('/login', { origin: 'https://evil.example' }), 403],
    ['a path of nothing', await get('/nothing/here'), 404],
    ['a method of nothing', await request.delete(`${stack.origin}/login`, { headers: { origin: stack.origin } }), 405],
    ['a large body', await request.post(`${stack.origin}/login`, { data: 'x'.repeat(300_000), headers: { origin: stack.origin } }), 413],
    ['API without a key', await get('/api/v1/connections'), 401],
    ['API, nothing there', await get('/api/v1/nothing'), 404],
    ['poll', await request.post(`${stack.origin}/api/v1/connect/session/poll`, { data: { token: issued.token } }), 200],
    ['health', await get('/healthz'), 200],
    ['style sheet', await get('/connect.css'), 200],
    ['script', await get('/connect.js'), 200],
  ];
  for (const [kind, answer, status] of kinds) {
    const headers = answer.headers();
    expect.soft(answer.status(), kind).toBe(status);
    expect.soft(headers['content-security-policy'], kind).toContain("default-src 'none'");
    expect.soft(headers['content-security-policy'], kind).toContain("frame-ancestors 'none'");
    expect.soft(headers['content-security-policy'], kind).not.toMatch(/unsafe-inline|'unsafe-eval'/);
    expect.soft(headers['x-content-type-options'], kind).toBe('nosniff');
    expect.soft(headers['referrer-policy'], kind).toBe('same-origin');
    expect.soft(headers['x-request-id'], kind).toMatch(/^req_/);
    expect.soft(headers.server, kind).toBeUndefined();
    // Any COOP on these would cut a popup off from the page that opened it.
    const inPopup = ['arrival', 'hosted page', 'bad link', 'cancelled', 'callback', 'callback by form_post', 'portal without a token'].includes(kind);
    if (inPopup) expect.soft(headers['cross-origin-opener-policy'], kind).toBeUndefined();
    // Pages are kept by nobody.
    if (headers['content-type']?.startsWith('text/html') && answer.status() !== 404) expect.soft(headers['cache-control'], kind).toBe('no-store');
    // Only polling is for pages of other sites.
    expect.soft(headers['access-control-allow-origin'], kind).toBe(kind === 'poll' ? '*' : undefined);
    expect.soft(headers['access-control-allow-credentials'], kind).toBeUndefined();
  }
  const cookies = arrival.headersArray().filter(({ name }) => name.toLowerCase() === 'set-cookie');
  expect(cookies).toHaveLength(1);
  expect(cookies[0]?.value).toMatch(/; HttpOnly/);
  expect(cookies[0]?.value).toMatch(/; SameSite=Lax/);
  expect(cookies[0]?.value).not.toContain(issued.token);
});

test('a page asked for under another name leads to the right one', async ({ request, stack }) => {
  const elsewhere = stack.origin.replace('localhost', '127.0.0.1');
  const answer = await request.get(`${elsewhere}/login?next=/integrations`, { maxRedirects: 0 });
  expect(answer.headers().location).toBe(`${stack.origin}/login?next=/integrations`);
  expect((await request.get(`${elsewhere}/healthz`)).status()).toBe(200);
});

test('a form of another site does nothing', async ({ page, stack, application }) => {
  const issued = await stack.api.connectToken('demo-key');
  await openLink(page, issued.connectUrl);
  await page.route(`${application.origin('evil')}/trap`, (route) =>
    route.fulfill({
      contentType: 'text/html',
      body: `<!DOCTYPE html><title>Win</title><form method="post" action="${stack.origin}/connect/${issued.sessionId}"><input name="method" value="api-key"><input name="props.secretText" value="dk-theirs"><button>Win</button></form>`,
    }),
  );
  await page.goto(`${application.origin('evil')}/trap`);
  const [answer] = await Promise.all([page.waitForResponse((response) => response.url().includes(issued.sessionId)), page.getByRole('button', { name: 'Win' }).click()]);
  expect(answer.status()).toBe(403);
  expect((await stack.api.session(issued.sessionId)).status).toBe('pending');
  // The same with everything a browser would send, cookie included, as a sibling site could.
  const cookies = await page.context().cookies(stack.origin);
  const forged = await page.request.post(`${stack.origin}/connect/${issued.sessionId}`, {
    form: { method: 'api-key', 'props.secretText': 'dk-theirs' },
    headers: { origin: 'http://evil.localhost', cookie: cookies.map(({ name, value }) => `${name}=${value}`).join('; ') },
  });
  expect(forged.status()).toBe(403);
  const silent = await page.request.post(`${stack.origin}/connect/${issued.sessionId}`, { form: { method: 'api-key', 'props.secretText': 'dk-theirs' } });
  expect(silent.status(), 'a request that does not say where it comes from').toBe(403);
  expect((await stack.api.session(issued.sessionId)).status).toBe('pending');
});

test('no other site can put our pages into a frame', async ({ page, stack, application, problems }) => {
  problems.expect(/frame-ancestors|X-Frame-Options/);
  // Chromium's own error page, in the frame, trips over JavaScript being off.
  problems.expect(/TrustedTypePolicy/);
  const issued = await stack.api.connectToken('demo-key');
  for (const target of [issued.connectUrl, `${stack.origin}/login`, `${stack.origin}/oauth/callback/demo-oauth?state=x`]) {
    await page.goto(`${application.origin('evil')}/frame?src=${encodeURIComponent(target)}`);
    await expect.poll(() => page.frames().at(1)?.url(), { message: target }).toMatch(/^chrome-error:/);
  }
});

test('the token is seen by nobody else on the way to the provider and back', async ({ page, stack, application }) => {
  const foreign: { url: string; referer: string | undefined }[] = [];
  page.on('request', (request) => {
    if (!request.url().startsWith(stack.origin)) foreign.push({ url: request.url(), referer: request.headers().referer });
  });
  const issued = await stack.api.connectToken('demo-oauth', { successRedirectUri: `${application.origin()}/back` });
  await openLink(page, issued.connectUrl);
  await page.getByRole('button', { name: 'Continue to Demo OAuth' }).click();
  await consent(page);
  await page.waitForURL(/\/back\?/);
  expect(foreign.length).toBeGreaterThan(3);
  for (const { url, referer } of foreign) {
    expect(url).not.toContain('cst_');
    // Nothing of ours: at most the provider's own pages among themselves.
    expect(referer ?? '').not.toContain(stack.origin);
  }
});
