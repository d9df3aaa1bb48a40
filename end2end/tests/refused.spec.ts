// What must not work: strangers' links, second browsers, replays. (Expiry by time is tested in Rust, where the clock can be moved:
// the shortest life of a token is a minute, which no journey should wait for.)
import { openLink } from '../fixtures/connect.ts';
import { consent, consentAndHold, reachConsent } from '../fixtures/provider.ts';
import { checkA11y, expect, test } from '../fixtures/test.ts';

test('a link that nobody issued, and no link at all', async ({ page, stack }) => {
  const unknown = `cst_${'A'.repeat(43)}`;
  for (const path of [`/connect?token=${unknown}`, '/connect?token=', '/connect', '/connect/cs_01a20c1360ef7200ba5e3321a7bf839a']) {
    const answer = await page.goto(`${stack.origin}${path}`);
    expect(answer?.status(), path).toBeGreaterThanOrEqual(400);
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('This link is not valid');
    expect(await page.content()).not.toContain(unknown);
  }
  await checkA11y(page);
});

test('the same link again after the end: the same browser sees how it ended, another sees nothing of it', async ({ page, stack, otherBrowser }) => {
  const issued = await stack.api.connectToken('demo-oauth');
  await openLink(page, issued.connectUrl);
  await page.getByRole('button', { name: 'Continue to Demo OAuth' }).click();
  await consent(page);
  await expect(page.locator('h1')).toHaveText('Connected as User alice');
  const requests = await stack.peers.main.tokenRequests();
  await openLink(page, issued.connectUrl);
  await expect(page.locator('h1')).toHaveText('Connected as User alice');
  await expect(page.getByRole('button', { name: /Continue/ })).toHaveCount(0);

  const stranger = await (await otherBrowser()).newPage();
  await openLink(stranger, issued.connectUrl);
  await expect(stranger.getByRole('heading', { level: 1 })).toHaveText('Already open elsewhere');
  expect(await stranger.content()).not.toContain('alice');
  await checkA11y(stranger);
  expect(await stack.peers.main.tokenRequests()).toBe(requests);
});

test('the browser that acts first has it; looking alone binds nothing', async ({ page, stack, otherBrowser }) => {
  const issued = await stack.api.connectToken('demo-oauth');
  // Scanners of mail and chat follow links, and ask for headers only.
  const scanner = await otherBrowser();
  expect((await scanner.request.head(issued.connectUrl)).status()).toBe(200);
  expect((await scanner.request.get(issued.connectUrl, { headers: { 'user-agent': 'Slackbot-LinkExpanding 1.0', purpose: 'prefetch' } })).status()).toBe(200);
  const second = await (await otherBrowser()).newPage();
  await openLink(second, issued.connectUrl);
  await expect(second.getByRole('button', { name: 'Continue to Demo OAuth' })).toBeVisible();
  expect((await stack.api.session(issued.sessionId)).status).toBe('pending');

  await openLink(page, issued.connectUrl);
  await page.getByRole('button', { name: 'Continue to Demo OAuth' }).click();
  await reachConsent(page, 'alice');
  // The page of the other browser is still open; its button comes too late.
  await second.getByRole('button', { name: 'Continue to Demo OAuth' }).click();
  await expect(second.getByRole('heading', { level: 1 })).toHaveText('Already open elsewhere');
  await consent(page);
  await expect(page.locator('h1')).toHaveText('Connected as User alice');
});

test('an answer of the provider counts once, and only in the browser that asked', async ({ page, stack, otherBrowser }) => {
  const issued = await stack.api.connectToken('demo-oauth');
  await openLink(page, issued.connectUrl);
  await page.getByRole('button', { name: 'Continue to Demo OAuth' }).click();
  const before = await stack.peers.main.tokenRequests();
  // The answer is held back, as an attacker would who lets somebody else use it.
  const callback = await consentAndHold(page);
  expect(callback).toContain('code=');

  const stranger = await (await otherBrowser()).newPage();
  const refused = await stranger.goto(callback);
  expect(refused?.status()).toBe(400);
  await expect(stranger.getByRole('heading', { level: 1 })).toHaveText('This belongs to another browser');
  await checkA11y(stranger);
  expect(await stack.peers.main.tokenRequests()).toBe(before);
  expect((await stack.api.session(issued.sessionId)).status).toBe('connecting');

  // A stranger with an open session of their own is no better off.
  const other = await stack.api.connectToken('demo-oauth');
  await openLink(stranger, other.connectUrl);
  await stranger.getByRole('button', { name: 'Continue to Demo OAuth' }).click();
  await reachConsent(stranger, 'mallory');
  await stranger.goto(callback);
  await expect(stranger.getByRole('heading', { level: 1 })).toHaveText('This belongs to another browser');
  expect(await stack.peers.main.tokenRequests()).toBe(before);

  await page.goto(callback);
  await expect(page.locator('h1')).toHaveText('Connected as User alice');
  expect(await stack.peers.main.tokenRequests()).toBe(before + 1);

  const replayed = await page.goto(callback);
  expect(replayed?.status()).toBe(400);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('This step is over');
  await checkA11y(page);
  expect(await stack.peers.main.tokenRequests()).toBe(before + 1);
  // A provider that sees a code twice revokes what it gave for it: it has not seen it twice.
  const { connection } = await stack.api.session(issued.sessionId);
  const { accessToken } = await stack.api.credentials(connection?.id ?? '');
  expect((await stack.peers.main.userinfo(accessToken ?? '')).status).toBe(200);
});

test('malformed and mixed-up answers end in words, not in a token request', async ({ page, stack }) => {
  const before = await stack.peers.main.tokenRequests();
  const paths = ['demo-oauth', 'demo-oauth?code=x', 'demo-oauth?state=unknown&code=x', 'demo-oauth?state=a&state=b&code=x', 'nobody?state=a&code=x', `demo-oauth?state=${'x'.repeat(9000)}&code=x`];
  for (const path of paths) {
    const answer = await page.goto(`${stack.origin}/oauth/callback/${path}`);
    expect(answer?.status(), path.slice(0, 60)).toBe(400);
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  }

  const issued = await stack.api.connectToken('demo-oauth');
  await openLink(page, issued.connectUrl);
  await page.getByRole('button', { name: 'Continue to Demo OAuth' }).click();
  // Another server's answer to our question (mix-up): the `iss` differs, and nothing of what it says is shown.
  const answer = new URL(await consentAndHold(page));
  answer.search = String(new URLSearchParams({ state: answer.searchParams.get('state') ?? '', error: 'x', error_description: 'BEWARE', iss: 'https://evil.example' }));
  await page.goto(answer.href);
  await expect(page.locator('h1')).toHaveText('Demo OAuth was not connected');
  await expect(page.getByRole('alert')).toContainText('another authorization server');
  expect(await page.content()).not.toContain('BEWARE');
  expect(await stack.peers.main.tokenRequests()).toBe(before);
});

test('a path of nothing answers with a page that says so and leads on', async ({ page, stack }) => {
  // Complaints of the page (a style sheet that its own policy blocks, say) fail this as they fail every spec.
  const answer = await page.goto(`${stack.origin}/nothing/here`);
  expect(answer?.status()).toBe(404);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('There is nothing here');
  await checkA11y(page);
});
