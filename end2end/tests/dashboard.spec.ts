// An operator connects accounts by hand, looks at them, deletes them.
import { externalId } from '../fixtures/api.ts';
import { pickService, signIn } from '../fixtures/dashboard.ts';
import { marker } from '../fixtures/run.ts';
import { checkA11y, expect, test } from '../fixtures/test.ts';

test.beforeEach(async ({ context, stack }) => signIn(context, stack.server));

test('a key: refused by the service, then connected and in the list', async ({ page, stack, hasScript }) => {
  await pickService(page, stack.origin, 'Demo Key', hasScript);
  await checkA11y(page);
  const id = externalId();
  const refused = `dk-wrong-${marker()}`;
  await page.getByLabel('API key', { exact: true }).fill(refused);
  await page.getByLabel('Display name').fill('Key of the team');
  await page.getByLabel('External ID').fill(id);
  await page.getByRole('button', { name: 'Create connection' }).click();
  await expect(page.getByRole('alert')).toContainText('Demo Key');
  expect(page.url()).not.toContain(refused);
  expect(await page.content()).not.toContain(refused);
  await checkA11y(page);

  const good = `dk-${marker()}`;
  await page.getByLabel('API key', { exact: true }).fill(good);
  // Without JavaScript the page is a new one; with it, what was typed is still there.
  if (hasScript) await expect(page.getByLabel('External ID')).toHaveValue(id);
  await page.getByLabel('Display name').fill('Key of the team');
  await page.getByLabel('External ID').fill(id);
  await page.getByRole('button', { name: 'Create connection' }).click();
  await expect(page).toHaveURL(/\/connections\?created=conn_/);
  await expect(page.getByRole('status').filter({ hasText: 'Key of the team: connected as Key of Carol' })).toBeVisible();
  const row = page.getByRole('row').filter({ hasText: id });
  await expect(row).toContainText('Key of the team');
  await expect(row).toContainText('Healthy');
  expect(await page.content()).not.toContain(good);
  await checkA11y(page);

  const connection = await stack.api.resolve('demo-key', id);
  expect(connection).toMatchObject({ type: 'SECRET_TEXT', displayName: 'Key of the team', account: { label: 'Key of Carol' } });
  expect(await stack.api.credentials(connection.id)).toMatchObject({ secretText: good });
});

test('a user name and a password, with an external id made for them', async ({ page, stack, hasScript }) => {
  await pickService(page, stack.origin, 'Demo Basic', hasScript);
  const password = marker();
  await page.getByLabel('Account').fill('AC0123abcd');
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByLabel('Display name').fill('Basic one');
  await page.getByRole('button', { name: 'Create connection' }).click();
  await expect(page).toHaveURL(/\/connections\?created=conn_/);
  const id = new URL(page.url()).searchParams.get('created') ?? '';
  const { connection } = await stack.api.call<{ connection: { externalId: string; type: string } }>('GET', `/connections/${id}`);
  expect(connection).toMatchObject({ type: 'BASIC_AUTH', externalId: expect.stringMatching(/^conn-[0-9a-f]+$/) });
  await expect(page.getByRole('status').filter({ hasText: connection.externalId })).toBeVisible();
  expect(await stack.api.credentials(id)).toMatchObject({ username: 'AC0123abcd', password });
});

test('several fields: errors beside them, then connected', async ({ page, stack, hasScript }) => {
  await pickService(page, stack.origin, 'Demo Custom', hasScript);
  await checkA11y(page);
  const secret = marker();
  const fill = async (url: string): Promise<void> => {
    await page.getByLabel('Account URL').fill(url);
    await page.getByLabel('Region').selectOption({ label: 'United States' });
    await page.getByLabel('Sandbox').selectOption({ label: 'Yes' });
    await page.getByLabel('Secret key', { exact: true }).fill(secret);
    await page.getByLabel('Display name').fill('Custom one');
  };
  await fill('https://evil.example');
  await page.getByRole('button', { name: 'Create connection' }).click();
  await expect(page.getByRole('alert')).toContainText('Account URL must be an address ending in .demo.example');
  await expect(page.getByLabel('Account URL')).toHaveAttribute('aria-invalid', 'true');
  expect(page.url()).not.toContain(secret);
  expect(await page.content()).not.toContain(secret);
  await checkA11y(page);
  await fill('acme.demo.example');
  await page.getByRole('button', { name: 'Create connection' }).click();
  await expect(page).toHaveURL(/\/connections\?created=conn_/);
  const id = new URL(page.url()).searchParams.get('created') ?? '';
  expect((await stack.api.credentials(id)).props).toMatchObject({ account_url: 'https://acme.demo.example', region: 'us', sandbox: 'true', secret_key: secret });
});

test('the same external id twice is refused and leads to the one there is', async ({ page, stack, hasScript }) => {
  const id = externalId();
  const { connection } = await stack.api.call<{ connection: { id: string } }>('POST', '/connections', { type: 'SECRET_TEXT', integrationName: 'demo-key', externalId: id, secretText: `dk-${marker()}` });
  await pickService(page, stack.origin, 'Demo Key', hasScript);
  await page.getByLabel('API key', { exact: true }).fill(`dk-${marker()}`);
  await page.getByLabel('External ID').fill(id);
  await page.getByRole('button', { name: 'Create connection' }).click();
  await page.getByRole('link', { name: 'Open the existing connection' }).click();
  await expect(page).toHaveURL(`${stack.origin}/connections/${connection.id}`);
});

test('a connection is looked at, found, and deleted', async ({ page, stack }) => {
  const id = externalId();
  const { connection } = await stack.api.call<{ connection: { id: string } }>('POST', '/connections', {
    type: 'SECRET_TEXT', integrationName: 'demo-key', externalId: id, displayName: `Doomed ${id}`, secretText: `dk-${marker()}`,
  });
  await page.goto(`${stack.origin}/connections?q=${id}`);
  await expect(page.getByRole('row').filter({ hasText: id })).toHaveCount(1);
  await page.getByRole('link', { name: `Doomed ${id}` }).click();
  await expect(page.getByRole('heading', { level: 1, name: `Doomed ${id}` })).toBeVisible();
  await checkA11y(page);
  await page.getByRole('button', { name: /^Delete…/ }).click();
  const dialog = page.getByRole('dialog', { name: `Delete Doomed ${id}?` });
  await expect(dialog).toBeVisible();
  await checkA11y(page);
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await expect(dialog).toBeHidden();
  expect(await stack.api.resolve('demo-key', id)).toMatchObject({ id: connection.id });

  await page.getByRole('button', { name: /^Delete…/ }).click();
  await dialog.getByRole('button', { name: 'Delete connection' }).click();
  await expect(page).toHaveURL(/\/connections\?deleted=/);
  await expect(page.getByRole('row').filter({ hasText: id })).toHaveCount(0);
  await expect(stack.api.resolve('demo-key', id)).rejects.toThrow(/404/);
  const gone = await page.goto(`${stack.origin}/connections/${connection.id}`);
  expect(gone?.status()).toBe(404);
});

test('a definition that was dropped into the folder is in the catalogue', async ({ page, stack }) => {
  await page.goto(`${stack.origin}/integrations?q=demo+oauth`);
  await page.getByRole('link', { name: 'Demo OAuth', exact: true }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Demo OAuth' })).toBeVisible();
  await expect(page.getByText(`${stack.origin}/oauth/callback/demo-oauth`).first()).toBeVisible();
  await checkA11y(page);
});

test('every page, light and dark, wide and narrow', async ({ page, stack, hasScript }) => {
  test.setTimeout(120_000);
  const { connection } = await stack.api.call<{ connection: { id: string } }>('POST', '/connections', {
    type: 'SECRET_TEXT', integrationName: 'demo-key', externalId: externalId(), secretText: `dk-${marker()}`,
  });
  const paths = ['/connections', `/connections/${connection.id}`, '/connections/new', '/connections/new/demo-custom', '/integrations', '/integrations/demo-oauth', '/end-users', '/workspaces', '/api-keys'];
  for (const path of paths) {
    const answer = await page.goto(`${stack.origin}${path}`);
    expect(answer?.status(), path).toBe(200);
    await expect(page.getByRole('heading', { level: 1 })).toHaveCount(1);
    await expect(page).toHaveTitle(/^\S.* · Keyloom$/);
    for (const [width, colorScheme] of [[1280, 'light'], [360, 'dark']] as const) {
      await page.setViewportSize({ width, height: 800 });
      await page.emulateMedia({ colorScheme });
      await checkA11y(page);
      if (!hasScript) continue;
      const overflow = await page.locator('html').evaluate((html) => html.scrollWidth - html.clientWidth);
      expect(overflow, `${path} scrolls sideways at ${width}`).toBeLessThanOrEqual(0);
    }
  }
});
