// Members, one's own password, and what a workspace's hosted page may do.
import { externalId } from '../fixtures/api.ts';
import { signIn } from '../fixtures/dashboard.ts';
import { ADMIN } from '../fixtures/server.ts';
import { checkA11y, expect, test } from '../fixtures/test.ts';

test.beforeEach(async ({ context, stack }) => signIn(context, stack.server));

test('settings: who may sign in, and where one is signed in', async ({ page, stack }) => {
  await page.goto(`${stack.origin}/settings`);
  await expect(page.getByRole('heading', { level: 1, name: 'Settings' })).toBeVisible();
  await expect(page.getByRole('listitem').filter({ hasText: ADMIN.email }).filter({ hasText: 'owner · you' })).toBeVisible();
  await expect(page.getByText('this one')).toBeVisible();
  await checkA11y(page);
  // The last owner stays one.
  await page.getByLabel(`Role of ${ADMIN.email}`).selectOption('viewer');
  await page.getByRole('button', { name: `Change the role of ${ADMIN.email}` }).click();
  await expect(page.getByText('This is the last owner').first()).toBeVisible();
});

test('a workspace: a wrong redirect URI is named and nothing typed is lost, then saved', async ({ page, stack, hasScript }) => {
  const slug = externalId();
  const name = `Settings ${slug}`;
  const { workspace } = await stack.api.call<{ workspace: { id: string } }>('POST', '/workspaces', { name, slug });
  await page.goto(`${stack.origin}/workspaces/${workspace.id}`);
  await expect(page.getByRole('heading', { level: 1, name })).toBeVisible();
  await checkA11y(page);
  await page.getByLabel('Redirect URIs').fill('javascript:alert(1)');
  await page.getByLabel('Accent colour').fill('#2255cc');
  await page.getByRole('button', { name: 'Save' }).click();
  if (hasScript) {
    await expect(page.getByRole('alert')).toBeVisible();
    await expect(page.getByLabel('Accent colour')).toHaveValue('#2255cc');
  }
  await page.getByLabel('Redirect URIs').fill('https://app.example/done\nhttps://app.example/other');
  await page.getByLabel('Accent colour').fill('#2255cc');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect.poll(async () => (await stack.api.call<{ workspace: { redirectUris: string[] } }>('GET', `/workspaces/${workspace.id}`)).workspace.redirectUris).toEqual([
    'https://app.example/done',
    'https://app.example/other',
  ]);
});
