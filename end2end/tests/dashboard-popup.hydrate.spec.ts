// The Authorize button: a popup to the provider, and the row appears without a reload.
import type { Page } from '@playwright/test';
import { externalId } from '../fixtures/api.ts';
import { pickService, signIn } from '../fixtures/dashboard.ts';
import { consent, deny } from '../fixtures/provider.ts';
import { checkA11y, expect, test } from '../fixtures/test.ts';

test.beforeEach(async ({ context, stack }) => signIn(context, stack.server));

/** Something that a reload would wipe out. */
const mark = (page: Page): Promise<void> => page.evaluate(() => void ((window as unknown as { stayed: boolean }).stayed = true));
const stayed = (page: Page): Promise<boolean> => page.evaluate(() => (window as unknown as { stayed?: boolean }).stayed === true);

for (const [service, integration] of [['Demo OAuth', 'demo-oauth'], ['Demo COOP', 'demo-coop']] as const) {
  test(`${service}: consent in the popup, which closes; the row appears without a reload`, async ({ page, stack }) => {
    await pickService(page, stack.origin, service, true);
    await mark(page);
    const id = externalId();
    await page.getByLabel('Display name').fill('By popup');
    await page.getByLabel('External ID').fill(id);
    await checkA11y(page);
    const [popup] = await Promise.all([page.waitForEvent('popup'), page.getByRole('button', { name: 'Authorize' }).click()]);
    await expect(page.getByText(`Waiting for ${service}…`)).toBeVisible();
    await checkA11y(page);
    const closed = popup.waitForEvent('close');
    await consent(popup);
    await expect(page).toHaveURL(/\/connections\?created=conn_/);
    await expect(page.getByRole('status').filter({ hasText: 'By popup: connected as User alice' })).toBeVisible();
    await expect(page.getByRole('row').filter({ hasText: id })).toContainText('User alice');
    expect(await stayed(page)).toBe(true);
    await closed;
    const connection = await stack.api.resolve(integration, id);
    const { accessToken } = await stack.api.credentials(connection.id);
    const provider = integration === 'demo-oauth' ? stack.peers.main : stack.peers.coop;
    expect((await provider.userinfo(accessToken ?? '')).status).toBe(200);
  });
}

test('denied, and tried again in the same popup', async ({ page, stack }) => {
  await pickService(page, stack.origin, 'Demo OAuth', true);
  const id = externalId();
  await page.getByLabel('External ID').fill(id);
  const [popup] = await Promise.all([page.waitForEvent('popup'), page.getByRole('button', { name: 'Authorize' }).click()]);
  await deny(popup);
  await expect(page.getByText('Access to Demo OAuth was not granted')).toBeVisible();
  await popup.getByRole('button', { name: 'Try again' }).click();
  await consent(popup);
  await expect(page.getByRole('row').filter({ hasText: id })).toBeVisible();
});

test('refused before the provider: said on the page, the popup closes, nothing typed is lost', async ({ page, stack }) => {
  await pickService(page, stack.origin, 'Demo OAuth', true);
  const id = externalId();
  await page.getByLabel('External ID').fill(id);
  await page.getByLabel('End user').fill('nobody in particular');
  const [popup] = await Promise.all([page.waitForEvent('popup'), page.getByRole('button', { name: 'Authorize' }).click()]);
  const closed = popup.waitForEvent('close');
  await expect(page.getByRole('status').filter({ hasText: /workspace/i })).toBeVisible();
  await closed;
  await expect(page.getByLabel('External ID')).toHaveValue(id);
  await checkA11y(page);
  await page.getByLabel('End user').fill('');
  const [second] = await Promise.all([page.waitForEvent('popup'), page.getByRole('button', { name: 'Try again' }).click()]);
  await consent(second);
  await expect(page.getByRole('row').filter({ hasText: id })).toBeVisible();
});

test('a blocked popup: there and back in the same tab', async ({ page, stack }) => {
  await page.addInitScript(() => {
    window.open = () => null;
  });
  await pickService(page, stack.origin, 'Demo OAuth', true);
  const id = externalId();
  await page.getByLabel('External ID').fill(id);
  await page.getByRole('button', { name: 'Authorize' }).click();
  await consent(page);
  await expect(page).toHaveURL(/\/connections\?/);
  await expect(page.getByRole('row').filter({ hasText: id })).toBeVisible();
});

test('reconnected from its page: the same connection, another account is said', async ({ page, context, stack }) => {
  await pickService(page, stack.origin, 'Demo OAuth', true);
  const id = externalId();
  await page.getByLabel('External ID').fill(id);
  let [popup] = await Promise.all([page.waitForEvent('popup'), page.getByRole('button', { name: 'Authorize' }).click()]);
  const closed = popup.waitForEvent('close');
  await consent(popup);
  // The next one would be the same window while this is open.
  await closed;
  await page.getByRole('row').filter({ hasText: id }).getByRole('link').click();
  await context.clearCookies({ domain: 'provider.localhost' });
  [popup] = await Promise.all([page.waitForEvent('popup'), page.getByRole('button', { name: 'Reconnect' }).click()]);
  const before = await stack.api.resolve('demo-oauth', id);
  await consent(popup, 'bob');
  await expect(page.getByText('Reconnected, but as another account than before: User bob')).toBeVisible();
  expect(await stack.api.resolve('demo-oauth', id)).toMatchObject({ id: before.id, account: { id: 'bob' } });
});
