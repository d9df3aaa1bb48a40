// The dashboard, empty and with something in it.
import { externalId } from '../fixtures/api.ts';
import { breakOne, CLASSES } from '../fixtures/broken.ts';
import { pickService, signIn } from '../fixtures/dashboard.ts';
import { take } from '../fixtures/pictures.ts';
import { consent, reachConsent } from '../fixtures/provider.ts';
import { marker } from '../fixtures/run.ts';
import { ADMIN } from '../fixtures/server.ts';
import { expect, test } from '../fixtures/test.ts';

test.beforeEach(async ({ context, stack }) => signIn(context, stack.server));

test('broken', async ({ page, stack }) => {
  test.slow();
  for (const [weather, { happened }] of CLASSES) {
    const id = await breakOne(page, stack, weather);
    await page.goto(`${stack.origin}/connections/${id}`);
    await expect(page.getByRole('main').getByText(happened).first()).toBeVisible();
    await take(page, `broken-${weather}`);
  }
  await page.goto(`${stack.origin}/connections`);
  await take(page, 'broken-list');
});

test('dashboard', async ({ page, stack }) => {
  const at = (path: string): Promise<unknown> => page.goto(`${stack.origin}${path}`);
  for (const [name, path] of [['connections-empty', '/connections'], ['end-users-empty', '/end-users'], ['workspaces-empty', '/workspaces']] as const) {
    await at(path);
    await take(page, `dash-${name}`);
  }
  await stack.api.call('POST', '/workspaces', { name: 'Northwind Traders', slug: 'northwind' });
  await stack.api.call('POST', '/end-users', { workspaceId: 'northwind', externalId: 'user_42', displayName: 'Carol Danvers', email: 'carol@example.test' });
  for (const [integrationName, displayName, more] of [
    ['openai', 'Production key', {}],
    ['demo-key', 'A connection with a name that goes on for longer than anybody would like it to', { workspaceId: 'northwind', endUserId: 'user_42' }],
    ['demo-key', 'Rejected key', {}],
  ] as const) {
    await stack.api.call('POST', '/connections', { type: 'SECRET_TEXT', integrationName, displayName, externalId: externalId(), secretText: `${displayName === 'Rejected key' ? 'dk-wrong' : 'dk'}-${marker()}`, ...more });
  }
  await pickService(page, stack.origin, 'Demo OAuth', true);
  await take(page, 'dash-new-oauth');
  const [popup] = await Promise.all([page.waitForEvent('popup'), page.getByRole('button', { name: 'Authorize' }).click()]);
  await reachConsent(popup, 'alice');
  await take(page, 'dash-new-oauth-waiting');
  const closed = popup.waitForEvent('close');
  await consent(popup);
  await expect(page).toHaveURL(/created=/);
  await take(page, 'dash-connections');
  await closed;
  await page.getByRole('link', { name: 'Demo OAuth', exact: true }).first().click();
  await expect(page.getByRole('heading', { name: 'Timeline' })).toBeVisible();
  await take(page, 'dash-connection');
  await page.getByRole('button', { name: /^Delete…/ }).click();
  await take(page, 'dash-connection-delete');
  for (const [name, path] of [
    ['picker', '/connections/new?q=goo'],
    ['new-twilio', '/connections/new/twilio'],
    ['new-no-app', '/connections/new/google'],
    ['integrations', '/integrations?q=goo'],
    ['integration', '/integrations/slack'],
    ['integration-oidc', '/integrations/oidc'],
    ['end-users', '/end-users'],
    ['workspaces', '/workspaces'],
    ['workspace', '/workspaces/northwind'],
    ['api-keys', '/api-keys'],
    ['webhooks', '/webhooks'],
    ['events', '/events'],
    ['settings', '/settings'],
    ['not-found', '/connections/conn_nobody'],
  ] as const) {
    await at(path);
    await take(page, `dash-${name}`);
  }
  await at('/settings');
  await page.getByLabel('E-mail').fill('colleague@example.test');
  await page.getByRole('button', { name: 'Make invitation link' }).click();
  await expect(page.getByText('/setup?token=')).toBeVisible();
  await take(page, 'dash-settings-invited');
  await at('/connections');
  await page.getByRole('link', { name: 'Production key' }).click();
  await page.getByLabel('Your password').fill(ADMIN.password);
  await page.getByRole('button', { name: 'Show credential' }).click();
  await expect(page.getByRole('button', { name: 'Hide' })).toBeVisible();
  await take(page, 'dash-connection-revealed');
  await at('/connections/new/demo-custom');
  await expect(page.getByRole('button', { name: /^Show/ })).toBeVisible();
  await page.getByLabel('Account URL').fill('https://evil.example');
  await page.getByLabel('Secret key', { exact: true }).fill(marker());
  await page.getByRole('button', { name: 'Create connection' }).click();
  await expect(page.getByRole('alert')).toBeVisible();
  await take(page, 'dash-new-error');
});
