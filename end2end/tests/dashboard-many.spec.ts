// Several connections at once, one workspace at a time, links for end users, webhooks and logos.
import { Buffer } from 'node:buffer';
import { externalId } from '../fixtures/api.ts';
import { signIn } from '../fixtures/dashboard.ts';
import { marker, remember } from '../fixtures/run.ts';
import { checkA11y, expect, test } from '../fixtures/test.ts';

test.beforeEach(async ({ context, stack }) => signIn(context, stack.server));

test('several connections are tested, then deleted after a question', async ({ page, stack, hasScript }) => {
  const prefix = `Bulk ${externalId()}`;
  const ids: string[] = [];
  for (const [name, secret] of [['good', `dk-${marker()}`], ['bad', `dk-wrong-${marker()}`]] as const) {
    const input = { type: 'SECRET_TEXT', integrationName: 'demo-key', externalId: externalId(), displayName: `${prefix} ${name}`, secretText: secret };
    ids.push((await stack.api.call<{ connection: { id: string } }>('POST', '/connections', input)).connection.id);
  }
  await page.goto(`${stack.origin}/connections?q=${encodeURIComponent(prefix)}`);
  if (hasScript) await expect(page.getByRole('button', { name: 'Test those chosen' })).toBeDisabled();
  for (const name of ['good', 'bad']) await page.getByRole('checkbox', { name: `Choose ${prefix} ${name}` }).check();
  await checkA11y(page);
  await page.getByRole('button', { name: 'Test those chosen' }).click();
  await expect(page.getByText('2 connections tested: 1 well, 1 failed.')).toBeVisible();
  await checkA11y(page);

  for (const name of ['good', 'bad']) await page.getByRole('checkbox', { name: `Choose ${prefix} ${name}` }).check();
  await page.getByRole('button', { name: /^Delete…/ }).click();
  const dialog = page.getByRole('dialog', { name: 'Delete the chosen connections?' });
  await checkA11y(page);
  await dialog.getByRole('button', { name: 'Delete them' }).click();
  await expect(page.getByText('2 connections to delete: 2 deleted.')).toBeVisible();
  await expect(page.getByRole('checkbox', { name: `Choose ${prefix}` })).toHaveCount(0);
  for (const id of ids) await expect(stack.api.call('GET', `/connections/${id}`)).rejects.toThrow(/404/);
});

test('one workspace, an end user of it, and a link for them', async ({ page, stack, hasScript }) => {
  const slug = externalId();
  const { workspace } = await stack.api.call<{ workspace: { id: string } }>('POST', '/workspaces', { name: `Team ${slug}`, slug });
  await stack.api.call('POST', '/end-users', { workspaceId: workspace.id, externalId: `user-${slug}` });
  await page.goto(`${stack.origin}/end-users`);
  const chosen = new RegExp(`/end-users\\?workspace=${workspace.id}`);
  await page.locator('#switch-workspace').selectOption({ label: `Team ${slug}` });
  if (!hasScript) await page.getByRole('button', { name: 'Switch' }).click();
  await expect(page).toHaveURL(chosen);
  await expect(page.getByText('1 end user,')).toBeVisible();
  await checkA11y(page);
  await page.getByRole('link', { name: `user-${slug}` }).click();
  await expect(page.getByRole('heading', { level: 1, name: `user-${slug}` })).toBeVisible();
  await checkA11y(page);
  await page.getByLabel('Service').selectOption({ label: 'Demo Key' });
  await page.getByRole('button', { name: 'Make link' }).click();
  const link = page.locator('code').filter({ hasText: '/connect?token=' });
  await expect(link).toBeVisible();
  const url = (await link.textContent()) ?? '';
  remember(new URL(url).searchParams.get('token') ?? '');
  expect(page.url()).not.toContain('token=');
  await page.goto(url);
  await expect(page.getByRole('heading', { level: 1 })).toContainText(/Did you start this/);
});

test('a webhook gets another URL and other events', async ({ page, stack }) => {
  const url = `${stack.captured.origin}/before-${externalId()}`;
  const { webhook } = await stack.api.call<{ webhook: { id: string } }>('POST', '/webhooks', { url });
  await page.goto(`${stack.origin}/webhooks/${webhook.id}`);
  await page.getByText('Change URL and events').click();
  await page.getByLabel('URL', { exact: true }).fill(`${url}-after`);
  await page.getByRole('checkbox', { name: 'connection.error' }).check();
  await checkA11y(page);
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('Saved.')).toBeVisible();
  await expect(page.getByText('Told of: connection.error')).toBeVisible();
  await expect(page.getByRole('heading', { name: `${url}-after` })).toBeVisible();
});

test('a logo is uploaded, and shown to end users from here', async ({ page, stack }) => {
  const slug = externalId();
  const { workspace } = await stack.api.call<{ workspace: { id: string } }>('POST', '/workspaces', { name: `Logo ${slug}`, slug });
  await page.goto(`${stack.origin}/workspaces/${workspace.id}`);
  const png = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==';
  await page.getByLabel('Picture').setInputFiles({ name: 'logo.png', mimeType: 'image/png', buffer: Buffer.from(png, 'base64') });
  await page.getByRole('button', { name: 'Upload logo' }).click();
  await expect(page.getByRole('img', { name: 'The logo' })).toBeVisible();
  await checkA11y(page);
  const { connectUrl } = await stack.api.connectToken('demo-key', { workspaceId: workspace.id });
  await page.goto(connectUrl);
  await expect(page.locator('img.asker')).toHaveAttribute('src', new RegExp(`^/connect/logo/${workspace.id}/[0-9a-f]{16}\\.png$`));
});
