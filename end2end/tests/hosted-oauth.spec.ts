// A person connects an account at an OAuth provider, in the same tab: consent, refusal, second thoughts.
import { openLink } from '../fixtures/connect.ts';
import { consent, deny, reachConsent } from '../fixtures/provider.ts';
import { checkA11y, expect, test } from '../fixtures/test.ts';

test('consent: connected as, then back in the application with the ids', async ({ page, stack, application, hasScript }) => {
  const back = `${application.origin()}/back`;
  const issued = await stack.api.connectToken('demo-oauth', { successRedirectUri: `${back}?kept=1`, errorRedirectUri: `${back}?failed=1` });
  await openLink(page, issued.connectUrl);
  await expect(page.locator('h1')).toHaveText('Connect Demo OAuth');
  await page.getByText('will be able to use these permissions').click();
  await expect(page.getByText('profile', { exact: true })).toBeVisible();
  await checkA11y(page);
  expect((await stack.api.session(issued.sessionId)).status).toBe('pending');

  await page.getByRole('button', { name: 'Continue to Demo OAuth' }).click();
  await reachConsent(page, 'alice');
  expect((await stack.api.session(issued.sessionId)).status).toBe('connecting');
  await consent(page);

  await expect(page.locator('h1')).toHaveText('Connected as User alice');
  await expect(page.getByText('alice@example.test')).toBeVisible();
  const session = await stack.api.session(issued.sessionId);
  expect(session.status).toBe('completed');
  if (hasScript) await page.waitForURL(/\/back\?/);
  else await page.getByRole('link', { name: /^Back to/ }).click();
  const arrived = new URL(page.url());
  expect(arrived.origin + arrived.pathname).toBe(back);
  expect(Object.fromEntries(arrived.searchParams)).toEqual({ kept: '1', sessionId: issued.sessionId, connectionId: session.connection?.id });

  const connection = await stack.api.resolve('demo-oauth', issued.externalId);
  expect(connection).toMatchObject({ type: 'PLATFORM_OAUTH2', status: 'ACTIVE', account: { id: 'alice', label: 'User alice', email: 'alice@example.test' } });
  const { accessToken } = await stack.api.credentials(connection.id);
  expect(await stack.peers.main.userinfo(accessToken ?? '')).toMatchObject({ status: 200, body: { sub: 'alice' } });
});

test('without JavaScript the page goes back by itself', async ({ stack, application, otherBrowser }) => {
  const context = await otherBrowser({ javaScriptEnabled: false });
  const page = await context.newPage();
  const issued = await stack.api.connectToken('demo-oauth', { successRedirectUri: `${application.origin()}/back` });
  await openLink(page, issued.connectUrl);
  await page.getByRole('button', { name: 'Continue to Demo OAuth' }).click();
  await consent(page);
  await expect(page.locator('h1')).toHaveText('Connected as User alice');
  await expect(page).toHaveURL(new RegExp(`/back\\?sessionId=${issued.sessionId}&connectionId=conn_`));
});

test('denied, tried again, connected', async ({ page, stack }) => {
  const issued = await stack.api.connectToken('demo-oauth');
  const before = await stack.peers.main.tokenRequests();
  await openLink(page, issued.connectUrl);
  await page.getByRole('button', { name: 'Continue to Demo OAuth' }).click();
  await deny(page);
  await expect(page.locator('h1')).toHaveText('Demo OAuth was not connected');
  await expect(page.getByRole('alert')).toContainText('Access to Demo OAuth was not granted');
  await page.getByText('Details').click();
  await expect(page.getByText('access_denied')).toBeVisible();
  await checkA11y(page);
  expect(await stack.api.session(issued.sessionId)).toMatchObject({ status: 'failed', errorCode: 'access_denied', session: { status: 'FAILED' } });
  expect(await stack.peers.main.tokenRequests()).toBe(before);

  await page.getByRole('button', { name: 'Try again' }).click();
  await consent(page);
  await expect(page.locator('h1')).toHaveText('Connected as User alice');
  await checkA11y(page);
  expect(await stack.api.session(issued.sessionId)).toMatchObject({ status: 'completed', error: null, errorCode: null });
});

test('cancelled: back with an error, nothing was asked of the provider', async ({ page, stack, application, hasScript }) => {
  const before = await stack.peers.main.tokenRequests();
  const back = `${application.origin()}/back`;
  const issued = await stack.api.connectToken('demo-oauth', { successRedirectUri: `${back}?ok=1`, errorRedirectUri: `${back}?failed=1` });
  await openLink(page, issued.connectUrl);
  await page.getByRole('button', { name: 'Cancel' }).click();
  await expect(page.locator('h1')).toHaveText('You cancelled');
  if (hasScript) await page.waitForURL(/\/back\?/);
  else await page.getByRole('link', { name: /^Back to/ }).click();
  expect(Object.fromEntries(new URL(page.url()).searchParams)).toEqual({ failed: '1', sessionId: issued.sessionId, error: 'cancelled' });
  expect(await stack.api.session(issued.sessionId)).toMatchObject({ status: 'cancelled', session: { status: 'FAILED' }, connection: null });
  expect(await stack.peers.main.tokenRequests()).toBe(before);
});

test('a different account: the same connection, said on the page', async ({ page, stack }) => {
  const issued = await stack.api.connectToken('demo-oauth');
  await openLink(page, issued.connectUrl);
  await page.getByRole('button', { name: 'Continue to Demo OAuth' }).click();
  await consent(page, 'alice');
  await expect(page.locator('h1')).toHaveText('Connected as User alice');
  const first = await stack.api.resolve('demo-oauth', issued.externalId);

  await page.getByRole('button', { name: 'Use a different account' }).click();
  await expect(page.getByRole('button', { name: 'Continue to Demo OAuth' })).toBeVisible();
  // At the provider they sign out first, as a person who wants another account does.
  await page.context().clearCookies({ domain: 'provider.localhost' });
  await page.getByRole('button', { name: 'Continue to Demo OAuth' }).click();
  await consent(page, 'bob');
  await expect(page.locator('h1')).toHaveText('Connected as User bob');
  await expect(page.getByText('This is a different account than before.')).toBeVisible();
  await checkA11y(page);
  const second = await stack.api.resolve('demo-oauth', issued.externalId);
  expect(second).toMatchObject({ id: first.id, account: { id: 'bob' } });
});

test('going back and reloading do no harm', async ({ page, stack }) => {
  const issued = await stack.api.connectToken('demo-oauth');
  const before = (await stack.peers.main.count()).authorization_code ?? 0;
  await openLink(page, issued.connectUrl);
  await page.getByRole('button', { name: 'Continue to Demo OAuth' }).click();
  await reachConsent(page, 'alice');
  // Second thoughts: back to our page, and on again. The first attempt is left unfinished.
  await openLink(page, issued.connectUrl);
  await page.getByRole('button', { name: 'Continue to Demo OAuth' }).click();
  await consent(page);
  await expect(page.locator('h1')).toHaveText('Connected as User alice');
  await page.reload();
  await expect(page.locator('h1')).toHaveText('Connected as User alice');
  expect((await stack.peers.main.count()).authorization_code).toBe(before + 1);
});
