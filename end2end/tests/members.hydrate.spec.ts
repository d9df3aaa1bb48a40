// A colleague is invited, joins, and cannot do what a viewer may not; a credential is shown after the password.
import { externalId } from '../fixtures/api.ts';
import { signIn } from '../fixtures/dashboard.ts';
import { ADMIN } from '../fixtures/server.ts';
import { marker, remember } from '../fixtures/run.ts';
import { checkA11y, expect, test } from '../fixtures/test.ts';

test.beforeEach(async ({ context, stack }) => signIn(context, stack.server));

test('invited, joined, looks only, removed', async ({ page, otherBrowser, stack }) => {
  const email = `${externalId()}@example.com`;
  await page.goto(`${stack.origin}/settings`);
  // It can be pressed as soon as the link can be shown, and not before.
  const invite = page.getByRole('button', { name: 'Make invitation link' });
  await expect(invite).toBeEnabled();
  await page.getByLabel('E-mail').fill(email);
  await page.locator('#invite-role').selectOption('viewer');
  await invite.click();
  const link = page.locator('code').filter({ hasText: '/setup?token=' });
  await expect(link).toBeVisible();
  await checkA11y(page);
  const password = marker();
  const href = await link.innerText();
  remember(new URL(href).searchParams.get('token') ?? '');
  const context = await otherBrowser();
  const theirs = await context.newPage();
  await theirs.goto(href);
  await expect(theirs.getByLabel('E-mail')).toHaveValue(email);
  await theirs.getByLabel('Password', { exact: true }).fill(password);
  await theirs.getByLabel('Password again').fill(password);
  await theirs.getByRole('button', { name: 'Join' }).click();
  await expect(theirs).toHaveURL(/\/connections/);
  await theirs.goto(`${stack.origin}/api-keys`);
  await expect(theirs.getByRole('heading', { name: 'API keys' })).toBeVisible();
  await expect(theirs.getByRole('button', { name: 'Create API key' })).toHaveCount(0);
  await page.reload();
  await expect(invite).toBeEnabled();
  await page.getByRole('button', { name: `Remove… ${email}` }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Remove member' }).click();
  await expect(page.getByText('Removed, and signed out everywhere.')).toBeVisible();
  await theirs.goto(`${stack.origin}/connections`);
  await expect(theirs).toHaveURL(/\/login/);
});

test('a credential is shown after the password, and only then', async ({ page, stack }) => {
  const secret = `dk-${marker()}`;
  const { connection } = await stack.api.call<{ connection: { id: string } }>('POST', '/connections', {
    type: 'SECRET_TEXT',
    integrationName: 'demo-key',
    externalId: externalId(),
    secretText: secret,
  });
  await page.goto(`${stack.origin}/connections/${connection.id}`);
  expect(await page.content()).not.toContain(secret);
  await expect(page.getByRole('button', { name: 'Show credential' })).toBeEnabled();
  await page.getByLabel('Your password').fill('not the password');
  await page.getByRole('button', { name: 'Show credential' }).click();
  await expect(page.getByText('That is not your password').first()).toBeVisible();
  await page.getByLabel('Your password').fill(ADMIN.password);
  await page.getByRole('button', { name: 'Show credential' }).click();
  await expect(page.getByText(secret)).toBeVisible();
  await checkA11y(page);
  await page.getByRole('button', { name: 'Hide' }).click();
  await expect(page.getByText(secret)).toHaveCount(0);
});
