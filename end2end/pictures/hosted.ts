// The hosted pages, the sign-in and the set-up.
import { openLink } from '../fixtures/connect.ts';
import { consent, deny } from '../fixtures/provider.ts';
import { Server } from '../fixtures/server.ts';
import { marker, remember } from '../fixtures/run.ts';
import { expect, test } from '../fixtures/test.ts';
import { take } from '../fixtures/pictures.ts';

const workspaceSlug = 'pictures';

test('oauth', async ({ page, stack, otherBrowser }) => {
  await stack.api.call('POST', '/workspaces', { name: 'Northwind Traders', slug: workspaceSlug, accent: '#0f766e' });
  const issued = await stack.api.connectToken('demo-oauth', { workspaceId: workspaceSlug, endUserId: 'user_42' });
  await openLink(page, issued.connectUrl);
  await take(page, 'oauth-pending');
  await page.getByText('will be able to use').click();
  await take(page, 'oauth-pending-scopes');
  const other = await (await otherBrowser()).newPage();
  await page.getByRole('button', { name: 'Continue to Demo OAuth' }).click();
  await deny(page);
  await expect(page.locator('h1')).toContainText('was not connected');
  await take(page, 'oauth-failed');
  await openLink(other, issued.connectUrl);
  await take(other, 'elsewhere');
  await page.getByRole('button', { name: 'Try again' }).click();
  await consent(page);
  await expect(page.locator('h1')).toContainText('Connected as');
  await take(page, 'oauth-connected');
  await page.getByRole('button', { name: 'Use a different account' }).click();
  await page.context().clearCookies({ domain: 'provider.localhost' });
  await page.getByRole('button', { name: 'Continue to Demo OAuth' }).click();
  await consent(page, 'a-very-long-account-name.of-somebody@subdomain.example.test');
  await expect(page.locator('h1')).toContainText('Connected as');
  await take(page, 'oauth-connected-other');
});

test('which account', async ({ page, stack }) => {
  stack.captured.sites = [
    { id: 's1', name: 'Northwind Traders', url: 'https://northwind.example' },
    { id: 's2', name: 'A site whose name is so long that it needs a second line on a phone', url: 'https://a-rather-long-address.of-somebody.example' },
    { id: 's3', name: 'Contoso' },
  ];
  const issued = await stack.api.connectToken('demo-sites');
  await openLink(page, issued.connectUrl);
  await page.getByRole('button', { name: 'Continue to Demo Sites' }).click();
  await consent(page);
  await expect(page.locator('h1')).toHaveText('Which site?');
  await take(page, 'which-account');
  await page.getByRole('radio', { name: /Contoso/ }).focus();
  await page.keyboard.press('Space');
  await take(page, 'which-account-chosen');
  await page.getByRole('button', { name: 'Connect', exact: true }).click();
  await expect(page.locator('h1')).toContainText('Connected as');
  await take(page, 'which-account-connected');
  stack.captured.sites.pop();
  const id = (await stack.api.resolve('demo-sites', issued.externalId)).id;
  await openLink(page, (await stack.api.connectToken('demo-sites', { connectionId: id, language: 'de' })).connectUrl);
  await page.locator('button.primary').click();
  await consent(page);
  await expect(page.getByRole('radio')).toHaveCount(2);
  await take(page, 'which-account-gone');
});

test('forms', async ({ page, stack }) => {
  const issued = await stack.api.connectToken('demo-custom');
  await openLink(page, issued.connectUrl);
  await take(page, 'form');
  await page.getByLabel('Account URL').fill('https://evil.example');
  await page.getByLabel('Retries').fill('many');
  await page.getByLabel('Secret key').fill(marker());
  await page.getByRole('button', { name: 'Connect' }).click();
  await expect(page.getByRole('alert')).toBeVisible();
  await take(page, 'form-error');
  const key = await stack.api.connectToken('openai');
  await openLink(page, key.connectUrl);
  await take(page, 'form-key');
  const either = await stack.api.connectToken('demo-either');
  await openLink(page, either.connectUrl);
  await take(page, 'form-choice');
  const twilio = await stack.api.connectToken('twilio', { props: { username: 'AC00000000000000000000000000000000' }, authMethodKey: 'basic' });
  await openLink(page, twilio.connectUrl);
  await take(page, 'form-locked');
  await page.getByRole('button', { name: 'Cancel' }).click();
  await expect(page.locator('h1')).toHaveText('You cancelled');
  await take(page, 'cancelled');
});

test('problems', async ({ page, stack }) => {
  await page.goto(`${stack.origin}/connect?token=cst_nobody`);
  await take(page, 'bad-link');
  await page.goto(`${stack.origin}/oauth/callback/demo-oauth?state=x&code=y`);
  await take(page, 'callback-refused');
  await page.goto(`${stack.origin}/nothing/here`);
  await take(page, 'not-found');
});

test('portal', async ({ page, stack }) => {
  await stack.api.call('POST', '/workspaces', { name: 'Contoso', slug: 'portal-pictures' });
  const { endUser } = await stack.api.call<{ endUser: { id: string } }>('POST', '/end-users', { workspaceId: 'portal-pictures', externalId: 'user_7' });
  for (const integrationName of ['demo-oauth', 'openai', 'slack']) await stack.api.call('POST', '/workspaces/portal-pictures/integrations', { integrationName });
  const { connectUrl, token } = await stack.api.call<{ connectUrl: string; token: string }>('POST', `/end-users/${endUser.id}/connect-token`, {});
  remember(token);
  await page.goto(connectUrl);
  await take(page, 'portal-question');
  await page.getByRole('button', { name: 'Yes, go on' }).click();
  await take(page, 'portal-empty');
  const key = { type: 'SECRET_TEXT', integrationName: 'openai', externalId: 'user_7', secretText: `sk-${marker()}`, workspaceId: 'portal-pictures', endUserId: 'user_7' };
  await stack.api.call('POST', '/connections', key);
  await page.goto(connectUrl);
  await take(page, 'portal');
});

test('expired', async ({ page, stack }) => {
  const issued = await stack.api.connectToken('demo-oauth', { expiresIn: 60 });
  await page.goto(issued.connectUrl);
  // A minute is the shortest life there is.
  await expect.poll(async () => (await stack.api.session(issued.sessionId)).status, { timeout: 70_000 }).toBe('expired');
  await page.reload();
  await expect(page.locator('h1')).toContainText('expired');
  await take(page, 'expired');
});

test('sign-in', async ({ page, stack }) => {
  await page.goto(`${stack.origin}/login`);
  await take(page, 'login');
  await page.getByLabel('E-mail').fill('somebody@example.test');
  await page.getByLabel('Password', { exact: true }).fill('not the right one');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByRole('alert')).toBeVisible();
  await take(page, 'login-wrong');
});

test('set-up', async ({ page }) => {
  const server = await Server.start({ admin: false });
  try {
    await page.goto(`${server.origin}/setup`);
    await take(page, 'setup-closed');
    await page.goto(/(http\S+\/setup\?token=\S+)/.exec(server.stdout())?.[1] ?? '');
    await page.getByLabel('E-mail').fill('first@example.test');
    await page.getByLabel('Password', { exact: true }).fill('long enough for it');
    await page.getByLabel('Password again').fill('something else');
    await take(page, 'setup');
    await page.getByRole('button', { name: 'Create admin' }).click();
    await expect(page.getByText('not the same')).toBeVisible();
    await take(page, 'setup-error');
  } finally {
    await page.close();
    await server.stop();
  }
});
