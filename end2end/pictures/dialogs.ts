// What opens: questions before something is lost, menus, forms behind a line, and what is shown once.
import type { Page } from '@playwright/test';
import { externalId } from '../fixtures/api.ts';
import { signIn } from '../fixtures/dashboard.ts';
import { take } from '../fixtures/pictures.ts';
import { marker, remember } from '../fixtures/run.ts';
import { expect, test } from '../fixtures/test.ts';

test.beforeEach(async ({ context, stack }) => signIn(context, stack.server));

/** Opens a question, takes it and goes back. WebAssembly has to be there: without it the question is no modal one. */
async function ask(page: Page, button: RegExp | string, name: string): Promise<void> {
  await page.getByRole('button', { name: button }).first().click();
  await expect(page.locator('dialog:modal')).toBeVisible();
  await take(page, name);
  await page.locator('dialog:modal').getByRole('button', { name: 'Cancel' }).click();
}

async function ready(page: Page): Promise<void> {
  await page.waitForLoadState('networkidle');
}

test('questions', async ({ page, stack }) => {
  test.slow();
  const slug = externalId();
  await stack.api.call('POST', '/workspaces', { name: 'Northwind Traders', slug });
  const { webhook } = await stack.api.call<{ webhook: { id: string } }>('POST', '/webhooks', { url: `${stack.captured.origin}/hooks` });
  const displayName = 'A connection with a name that goes on for longer than anybody would like it to';
  const create = (name: string, key: string): Promise<{ connection: { id: string } }> =>
    stack.api.call('POST', '/connections', { type: 'SECRET_TEXT', integrationName: 'demo-key', displayName: name, externalId: externalId(), secretText: `${key}-${marker()}`, workspaceId: slug });
  const { connection } = await create(displayName, 'dk');
  await create('Rejected key', 'dk-wrong');
  for (const [path, button, name] of [
    [`/connections/${connection.id}`, /^Delete…/, 'ask-connection'],
    ['/api-keys', /^Delete…/, 'ask-api-key'],
    ['/workspaces', /^Delete…/, 'ask-workspace'],
    [`/webhooks/${webhook.id}`, /^Rotate secret…/, 'ask-rotate'],
    [`/webhooks/${webhook.id}`, /^Delete…/, 'ask-webhook'],
    ['/integrations/demo-gate', /^Delete…/, 'ask-oauth-app'],
  ] as const) {
    await page.goto(`${stack.origin}${path}`);
    await ready(page);
    await ask(page, button, name);
  }
  // Several at once: chosen, the question, and what became of them.
  await page.goto(`${stack.origin}/connections?workspace=${slug}`);
  await ready(page);
  await page.getByLabel('All on this page').check();
  await take(page, 'bulk-chosen');
  await ask(page, /^Delete…/, 'ask-bulk');
  await page.getByRole('button', { name: /^Test/ }).click();
  await expect(page.getByRole('region', { name: 'What became of them' })).toBeVisible();
  await take(page, 'bulk-report');
});

test('opened', async ({ page, stack }) => {
  test.slow();
  const { connection } = await stack.api.call<{ connection: { id: string } }>('POST', '/connections', { type: 'SECRET_TEXT', integrationName: 'demo-key', displayName: 'Opened', externalId: externalId(), secretText: `dk-${marker()}` });
  const at = async (path: string): Promise<void> => {
    await page.goto(`${stack.origin}${path}`);
    await ready(page);
  };
  await at(`/connections/${connection.id}`);
  await page.getByText('Rename', { exact: true }).first().click();
  await page.getByText('TypeScript', { exact: true }).click();
  await page.getByText('Python', { exact: true }).click();
  await take(page, 'open-connection');
  await page.getByRole('button', { name: 'Test', exact: true }).click();
  await expect(page.getByText('accepts this credential')).toBeVisible();
  await take(page, 'open-connection-tested');
  await page.getByLabel('Your password').fill('not the password');
  await page.getByRole('button', { name: 'Show credential' }).click();
  await expect(page.getByText('That is not your password').first()).toBeVisible();
  await take(page, 'open-reveal-wrong');

  await at('/connections');
  await page.setViewportSize({ width: 390, height: 844 });
  await page.locator('#menu').getByText('Menu').click();
  await take(page, 'open-menu', { widths: [390] });

  await at('/api-keys');
  await page.getByLabel('Name').fill('Production backend');
  await page.getByRole('button', { name: 'Create API key' }).click();
  const key = page.getByText(/^wvz_/).first();
  await expect(key).toBeVisible();
  remember((await key.textContent()) ?? '');
  await take(page, 'once-api-key');

  await at('/webhooks');
  await page.getByLabel('URL').fill(`${stack.captured.origin}/hooks/once`);
  await page.getByRole('button', { name: 'Create webhook' }).click();
  await expect(page.getByText('The signing secret. Copy it now')).toBeVisible();
  remember((await page.locator('code').filter({ hasText: /^whsec_/ }).first().textContent()) ?? '');
  await take(page, 'once-webhook-secret');

  await at('/integrations/demo-gate');
  await page.getByText('Change', { exact: true }).first().click();
  await page.getByRole('button', { name: /^Check/ }).click();
  await expect(page.getByRole('main').locator('.alert').first()).toBeVisible();
  await take(page, 'open-oauth-app');

  const input = page.getByRole('combobox', { name: 'Search everything' });
  await at('/connections');
  await expect(async () => {
    await page.keyboard.press('Control+k');
    await expect(page.locator('#palette').getByRole('option').first()).toBeVisible({ timeout: 1000 });
  }).toPass();
  await take(page, 'palette-start');
  await input.fill('nothing is called so');
  await expect(page.getByText('Nothing found.')).toBeVisible();
  await take(page, 'palette-nothing');
});

test('people', async ({ page, stack, otherBrowser }) => {
  test.slow();
  const email = `a-colleague-with-a-long-name.${externalId()}@subdomain.example.test`;
  await page.goto(`${stack.origin}/settings`);
  const invite = page.getByRole('button', { name: 'Make invitation link' });
  await expect(invite).toBeEnabled();
  await page.getByLabel('E-mail').fill(email);
  await page.locator('#invite-role').selectOption('viewer');
  await invite.click();
  const href = await page.locator('code').filter({ hasText: '/setup?token=' }).innerText();
  remember(new URL(href).searchParams.get('token') ?? '');
  await page.getByLabel('E-mail').fill(`waiting.${externalId()}@example.test`);
  await invite.click();
  await expect(page.getByText('Invited as', { exact: false })).toHaveCount(2);
  remember(new URL(await page.locator('code').filter({ hasText: '/setup?token=' }).innerText()).searchParams.get('token') ?? '');
  const theirs = await (await otherBrowser()).newPage();
  await theirs.goto(href);
  await take(theirs, 'invitation');
  const password = marker();
  await theirs.getByLabel('Password', { exact: true }).fill(password);
  await theirs.getByLabel('Password again').fill(password);
  await theirs.getByRole('button', { name: 'Join' }).click();
  await expect(theirs).toHaveURL(/\/connections/);
  await page.goto(`${stack.origin}/settings`);
  await ready(page);
  await take(page, 'settings-members');
  await ask(page, `Remove… ${email}`, 'ask-member');
  await page.getByLabel('Current password').fill('not this one');
  await page.getByLabel('New password').fill('short');
  await page.getByRole('button', { name: 'Change password' }).click();
  await expect(page.getByRole('alert')).toBeVisible();
  await take(page, 'settings-password-wrong');
  // The one who looks only.
  const { connection } = await stack.api.call<{ connection: { id: string } }>('POST', '/connections', { type: 'SECRET_TEXT', integrationName: 'demo-key', displayName: 'Looked at', externalId: externalId(), secretText: `dk-${marker()}` });
  const { workspace } = await stack.api.call<{ workspace: { id: string } }>('POST', '/workspaces', { name: 'Looked at', slug: externalId() });
  for (const [path, name] of [
    ['/connections', 'connections'],
    [`/connections/${connection.id}`, 'connection'],
    ['/connections/new/openai', 'new'],
    ['/integrations/demo-gate', 'integration'],
    ['/integrations/bring-your-own', 'bring-your-own'],
    [`/workspaces/${workspace.id}`, 'workspace'],
    ['/api-keys', 'api-keys'],
    ['/settings', 'settings'],
  ] as const) {
    await theirs.goto(`${stack.origin}${path}`);
    await ready(theirs);
    await take(theirs, `viewer-${name}`);
  }
});
