// What happens elsewhere shows without a reload, and nothing jumps; the picker goes by arrow keys.
import { externalId } from '../fixtures/api.ts';
import { signIn } from '../fixtures/dashboard.ts';
import { marker } from '../fixtures/run.ts';
import { checkA11y, expect, test } from '../fixtures/test.ts';

test.beforeEach(async ({ context, stack }) => signIn(context, stack.server));

test('a connection appears, is renamed and goes, while the focus and the choice stay', async ({ page, stack }) => {
  const prefix = `Live ${externalId()}`;
  const create = async (name: string): Promise<string> => {
    const input = { type: 'SECRET_TEXT', integrationName: 'demo-key', externalId: externalId(), displayName: `${prefix} ${name}`, secretText: `dk-${marker()}` };
    return (await stack.api.call<{ connection: { id: string } }>('POST', '/connections', input)).connection.id;
  };
  const first = await create('first');
  await page.goto(`${stack.origin}/connections?q=${encodeURIComponent(prefix)}`);
  const box = page.getByRole('checkbox', { name: `Choose ${prefix} first` });
  await expect(page.getByLabel('All on this page')).toBeVisible();
  await box.check();
  const link = page.getByRole('link', { name: `${prefix} first` });
  await link.focus();
  const second = await create('second');
  await expect(page.getByRole('row').filter({ hasText: `${prefix} second` })).toBeVisible();
  await expect(page.getByRole('status').filter({ hasText: 'The list has changed: 1 new' })).toBeAttached();
  await expect(box).toBeChecked();
  await expect(link).toBeFocused();
  await stack.api.call('PATCH', `/connections/${first}`, { displayName: `${prefix} renamed` });
  const renamed = page.getByRole('link', { name: `${prefix} renamed` });
  await expect(renamed).toBeFocused();
  await stack.api.call('DELETE', `/connections/${second}`);
  await expect(page.getByRole('row').filter({ hasText: `${prefix} second` })).toHaveCount(0);
  await expect(renamed).toBeFocused();
  await checkA11y(page);

  await renamed.press('Enter');
  await expect(page.getByRole('heading', { level: 1, name: `${prefix} renamed` })).toBeVisible();
  await stack.api.call('PATCH', `/connections/${first}`, { displayName: `${prefix} again` });
  await expect(page.getByRole('heading', { level: 1, name: `${prefix} again` })).toBeVisible();
  await stack.api.call('DELETE', `/connections/${first}`);
  await expect(page.getByText('This connection has just been deleted.')).toBeVisible();
});

test('the picker: typed, and gone through with arrow keys', async ({ page, stack }) => {
  await page.goto(`${stack.origin}/connections/new`);
  const search = page.getByRole('searchbox', { name: 'Search' });
  await expect(async () => {
    await search.fill('');
    await search.fill('demo');
    await expect(page.getByRole('link', { name: 'Demo Basic', exact: true })).toBeVisible({ timeout: 1000 });
    await expect(page).toHaveURL(/q=demo/, { timeout: 1000 });
  }).toPass({ timeout: 20_000 });
  await search.press('ArrowDown');
  const first = page.locator('#catalog .row-link').first();
  await expect(first).toBeFocused();
  await page.keyboard.press('ArrowDown');
  await expect(page.locator('#catalog .row-link').nth(1)).toBeFocused();
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('ArrowUp');
  await expect(search).toBeFocused();
  await search.fill('Demo Key');
  await search.press('Enter');
  await expect(page.getByRole('heading', { level: 1, name: 'Connect Demo Key' })).toBeVisible();
});
