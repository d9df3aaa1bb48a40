// API keys and workspaces in the dashboard.
import { randomBytes } from 'node:crypto';
import { Api } from '../fixtures/api.ts';
import { signIn } from '../fixtures/dashboard.ts';
import { remember } from '../fixtures/run.ts';
import { checkA11y, expect, test } from '../fixtures/test.ts';

test.beforeEach(async ({ context, stack }) => signIn(context, stack.server));

test('a key is shown once, works, and stops working when it is deleted', async ({ page, stack }) => {
  const name = `Backend ${randomBytes(3).toString('hex')}`;
  await page.goto(`${stack.origin}/api-keys`);
  // It can be pressed as soon as the answer can be shown, and not before.
  const create = page.getByRole('button', { name: 'Create API key' });
  await expect(create).toBeEnabled();
  await page.getByLabel('Name').fill(name);
  await create.click();
  await expect(page.getByText('Copy it now: it is not shown again.')).toBeVisible();
  const plain = remember((await page.getByText(/^wvz_/).first().textContent()) ?? '');
  // Ready for the next one.
  await expect(page.getByLabel('Name')).toHaveValue('');
  await checkA11y(page);
  const api = new Api(stack.origin, plain);
  expect(await api.connections()).toEqual(expect.any(Array));

  await page.reload();
  await expect(create).toBeEnabled();
  await expect(page.getByRole('row').filter({ hasText: name })).toBeVisible();
  expect(await page.content()).not.toContain(plain);
  await page.getByRole('button', { name: `Delete… ${name}` }).click();
  await page.getByRole('dialog', { name: `Delete the key ${name}?` }).getByRole('button', { name: 'Delete key' }).click();
  await expect(page.getByRole('status').filter({ hasText: 'Key deleted' })).toBeVisible();
  await expect(page.getByRole('row').filter({ hasText: name })).toHaveCount(0);
  await expect(api.connections()).rejects.toThrow(/401/);
});

test('a workspace: a taken slug is said beside the field', async ({ page, stack }) => {
  const slug = `w-${randomBytes(4).toString('hex')}`;
  await page.goto(`${stack.origin}/workspaces`);
  for (const again of [false, true]) {
    await page.getByLabel('Name').fill('Northwind');
    await page.getByLabel('Slug').fill(slug);
    await page.getByRole('button', { name: 'Create workspace' }).click();
    if (again) await expect(page.getByRole('alert')).toBeVisible();
    else await expect(page.getByRole('row').filter({ hasText: slug })).toBeVisible();
  }
  await checkA11y(page);
});
