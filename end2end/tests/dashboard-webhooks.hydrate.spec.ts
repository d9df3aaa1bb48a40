// Webhooks and the log in the dashboard.
import { randomBytes } from 'node:crypto';
import { signIn } from '../fixtures/dashboard.ts';
import { remember } from '../fixtures/run.ts';
import { checkA11y, expect, test } from '../fixtures/test.ts';

test.beforeEach(async ({ context, stack }) => signIn(context, stack.server));

test('a webhook: its secret once, a test, a new secret, a replay, and gone', async ({ page, stack }) => {
  const url = `${stack.captured.origin}/hook-${randomBytes(3).toString('hex')}`;
  await page.goto(`${stack.origin}/webhooks`);
  const urlField = page.getByLabel('URL');
  await expect(async () => {
    await urlField.fill('http://example.com/');
    await page.getByRole('button', { name: 'Create webhook' }).click();
    await expect(page.getByText('url may not be called from here').first()).toBeVisible({ timeout: 3000 });
  }).toPass({ timeout: 20_000 });
  await urlField.fill(url);
  await page.getByRole('checkbox', { name: 'connection.error' }).check();
  await page.getByRole('button', { name: 'Create webhook' }).click();
  await expect(page.getByText('Copy it now: it is not shown again.')).toBeVisible();
  const secret = remember((await page.getByText(/^whsec_/).first().textContent()) ?? '');
  expect(secret).toMatch(/^whsec_/);
  await checkA11y(page);

  await page.getByRole('link', { name: url }).click();
  await expect(page.getByText('Told of: connection.error')).toBeVisible();
  expect(await page.content()).not.toContain(secret);
  await page.getByRole('button', { name: 'Send test' }).click();
  await expect(page.getByRole('status').filter({ hasText: 'The test message was delivered.' })).toBeVisible();
  const row = page.getByRole('row').filter({ hasText: 'webhook.test' });
  await expect(row).toHaveCount(1);
  await expect(row).toContainText('Delivered');
  await checkA11y(page);
  await row.getByRole('button', { name: 'Replay' }).click();
  await expect(row).toHaveCount(2);
  await page.getByRole('button', { name: 'Rotate secret…' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Rotate secret' }).click();
  await expect(page.getByText('Copy it now: it is not shown again.')).toBeVisible();
  expect(remember((await page.getByText(/^whsec_/).first().textContent()) ?? '')).not.toBe(secret);
  await page.getByRole('button', { name: 'Delete…' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete webhook' }).click();
  await expect(page).toHaveURL(/\/webhooks$/);
  await expect(page.getByRole('link', { name: url })).toHaveCount(0);
});

test('the log, narrowed to a type', async ({ page, stack }) => {
  await page.goto(`${stack.origin}/events?type=login.started`);
  await expect(page.getByRole('row').filter({ hasText: 'login.started' }).first()).toBeVisible();
  await checkA11y(page);
  await page.goto(`${stack.origin}/events?type=nothing`);
  await expect(page.getByText('No event fits')).toBeVisible();
});
