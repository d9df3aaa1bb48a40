// The hosted pages in each language, and those that few people see.
import { externalId } from '../fixtures/api.ts';
import { openLink } from '../fixtures/connect.ts';
import { signIn } from '../fixtures/dashboard.ts';
import { take } from '../fixtures/pictures.ts';
import { consent, deny } from '../fixtures/provider.ts';
import { marker, remember } from '../fixtures/run.ts';
import { expect, test } from '../fixtures/test.ts';

for (const language of ['en', 'de', 'fr', 'es', 'pt', 'ja']) {
  test(`language ${language}`, async ({ page, stack }) => {
    test.slow();
    const slug = externalId();
    await stack.api.call('POST', '/workspaces', { name: 'Northwind Traders', slug, language });
    const user = { workspaceId: slug, endUserId: 'user_42' };
    const shot = (name: string): Promise<void> => take(page, `${language}-${name}`, { widths: [390] });
    const issued = await stack.api.connectToken('demo-oauth', { ...user, language });
    await page.goto(issued.connectUrl);
    await shot('question');
    await page.locator('form[action$="/started"] button').click();
    await page.locator('.scopes summary').click();
    await shot('start');
    await page.locator('button.primary').click();
    await deny(page);
    await expect(page.getByRole('alert')).toBeVisible();
    await shot('refused');
    await page.locator('button.primary').click();
    await consent(page);
    await expect(page.locator('.check')).toBeVisible();
    await shot('connected');
    await openLink(page, (await stack.api.connectToken('demo-custom', { ...user, language })).connectUrl);
    await page.locator('input[type=text]').first().fill('https://evil.example');
    await page.locator('input[type=password]').fill(marker());
    await page.locator('button.primary').click();
    await expect(page.getByRole('alert')).toBeVisible();
    await shot('form');
    await openLink(page, (await stack.api.connectToken('demo-either', { ...user, language })).connectUrl);
    await shot('choice');
    await page.locator('form[action$="/cancel"] button').click();
    await expect(page.locator('.primary')).toHaveCount(0);
    await shot('cancelled');
    stack.captured.sites = [{ id: 's1', name: 'Northwind', url: 'https://northwind.example' }, { id: 's2', name: 'Southwind' }];
    await openLink(page, (await stack.api.connectToken('demo-sites', { ...user, language })).connectUrl);
    await page.locator('button.primary').click();
    await consent(page);
    await expect(page.getByRole('radio')).toHaveCount(2);
    await shot('which');
  });
}

test('portal with something in it', async ({ page, stack }) => {
  const slug = externalId();
  await stack.api.call('POST', '/workspaces', { name: 'Contoso', slug });
  const { endUser } = await stack.api.call<{ endUser: { id: string } }>('POST', '/end-users', { workspaceId: slug, externalId: 'user_7', displayName: 'Carol Danvers' });
  const link = async (more: Record<string, unknown> = {}): Promise<string> => {
    const { connectUrl, token } = await stack.api.call<{ connectUrl: string; token: string }>('POST', `/end-users/${endUser.id}/connect-token`, more);
    remember(token);
    return connectUrl;
  };
  await page.goto(await link());
  await page.getByRole('button', { name: 'Yes, go on' }).click();
  await take(page, 'portal-nothing');
  for (const integrationName of ['demo-key', 'demo-oauth', 'slack']) await stack.api.call('POST', `/workspaces/${slug}/integrations`, { integrationName });
  for (const key of ['dk', 'dk-wrong']) {
    const input = { type: 'SECRET_TEXT', integrationName: 'demo-key', displayName: `A key of Carol (${key})`, externalId: externalId(), secretText: `${key}-${marker()}`, workspaceId: slug, endUserId: 'user_7' };
    const { connection } = await stack.api.call<{ connection: { id: string } }>('POST', '/connections', input);
    await stack.api.call('POST', `/connections/${connection.id}/test`);
  }
  await page.goto(await link());
  await page.getByRole('button', { name: 'Yes, go on' }).click();
  await expect(page.getByRole('button', { name: /^Test/ })).toHaveCount(2);
  await take(page, 'portal-some');
  await page.getByRole('button', { name: /^Test/ }).first().click();
  await take(page, 'portal-tested');
  await page.getByRole('button', { name: /^Test/ }).last().click();
  await take(page, 'portal-tested-last');
  await page.goto(await link({ integrationName: 'demo-oauth' }));
  await page.getByRole('button', { name: 'Yes, go on' }).click();
  await take(page, 'portal-one');
});

test('few see', async ({ page, context, stack, application }) => {
  test.slow();
  const slug = externalId();
  await stack.api.call('POST', '/workspaces', { name: 'Northwind Traders', slug });
  const user = { workspaceId: slug, endUserId: 'user_42' };
  const verified = await stack.api.connectToken('demo-oauth', { ...user, completion: 'verified', successRedirectUri: `${application.origin()}/back` });
  await openLink(page, verified.connectUrl);
  await page.getByRole('button', { name: 'Continue to Demo OAuth' }).click();
  await page.route('**/connect.js', (route) => route.fulfill({ contentType: 'text/javascript', body: '' }));
  await consent(page);
  await expect(page.locator('h1')).toContainText('is confirming');
  await take(page, 'awaiting-confirmation');
  const back = await stack.api.connectToken('demo-key', { ...user, successRedirectUri: `${application.origin()}/back` });
  await openLink(page, back.connectUrl);
  await page.getByLabel('API key').fill(`dk-${marker()}`);
  await page.locator('button.primary').click();
  await expect(page.locator('.check')).toBeVisible();
  await take(page, 'connected-back');
  await page.unroute('**/connect.js');
  await page.goto((await stack.api.connectToken('demo-key', user)).connectUrl);
  await page.getByRole('button', { name: 'No', exact: true }).click();
  await expect(page.locator('h1')).toHaveText('Nothing was connected');
  await take(page, 'not-started');
  const foreign = await stack.api.connectToken('demo-key', { allowedOrigins: [application.origin()] });
  const site = application.origin('evil');
  await page.route(`${site}/start`, (route) => route.fulfill({ contentType: 'text/html', body: `<!DOCTYPE html><title>Start</title><a href="${foreign.connectUrl}">Connect</a>` }));
  await page.goto(`${site}/start`);
  await page.getByRole('link', { name: 'Connect' }).click();
  await take(page, 'foreign');
  // Without WebAssembly a link stands on a page of its own.
  const { endUsers } = await stack.api.call<{ endUsers: { id: string }[] }>('GET', `/end-users?workspaceId=${slug}`);
  await signIn(context, stack.server);
  await page.goto(`${stack.origin}/end-users/${endUsers[0]?.id}`);
  await page.locator('form[action="/dashboard/connect-link"]').evaluate((form: HTMLFormElement) => form.submit());
  await expect(page.locator('h1')).toContainText('Connect link');
  remember(new URL(await page.locator('#link').innerText()).searchParams.get('token') ?? '');
  await take(page, 'link-without-script');
  await page.goto(`${stack.origin}/docs/api`);
  await take(page, 'api-reference', { whole: false });
});
