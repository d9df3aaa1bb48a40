// The workspace switcher, before WebAssembly has taken over, while it does, and afterwards.
import { externalId } from '../fixtures/api.ts';
import { signIn } from '../fixtures/dashboard.ts';
import { checkA11y, expect, test } from '../fixtures/test.ts';

test.beforeEach(async ({ context, stack }) => signIn(context, stack.server));

test('a workspace chosen too early is gone to, by its button at once or by itself later', async ({ page, stack }) => {
  const slug = externalId();
  const { workspace } = await stack.api.call<{ workspace: { id: string } }>('POST', '/workspaces', { name: `Early ${slug}`, slug });
  const chosen = new RegExp(`/connections\\?workspace=${workspace.id}$`);
  let arrive = (): void => undefined;
  let held = new Promise<void>((done) => (arrive = done));
  await page.route('**/*.wasm', async (route) => {
    await held;
    await route.continue();
  });
  const menu = page.locator('#switch-workspace');
  const button = page.getByRole('button', { name: 'Switch' });

  // Not there yet: the button appears with the choice, and does it.
  await page.goto(`${stack.origin}/connections`, { waitUntil: 'commit' });
  await expect(button).toHaveCount(0);
  await menu.selectOption({ label: `Early ${slug}` });
  await expect(button).toBeVisible();
  await checkA11y(page);
  await button.click();
  await expect(page).toHaveURL(chosen);
  await expect(menu).toHaveValue(workspace.id);
  await expect(button).toHaveCount(0);

  // Chosen, and then it takes over.
  await menu.selectOption('');
  await expect(button).toBeVisible();
  arrive();
  await expect(page).toHaveURL(/\/connections\?workspace=$/);
  await expect(button).toHaveCount(0);

  // It has: a choice alone does it, and the menu follows the address.
  await menu.selectOption({ label: `Early ${slug}` });
  await expect(page).toHaveURL(chosen);
  await page.goBack();
  await expect(page).toHaveURL(/\/connections\?workspace=$/);
  await expect(menu).toHaveValue('');
  await page.goForward();
  await expect(menu).toHaveValue(workspace.id);

  // Nothing was chosen: nothing happens.
  held = new Promise<void>((done) => (arrive = done));
  await page.goto(`${stack.origin}/end-users?workspace=${workspace.id}`, { waitUntil: 'commit' });
  await expect(menu).toHaveValue(workspace.id);
  arrive();
  await page.waitForLoadState('networkidle');
  await expect(page).toHaveURL(new RegExp(`/end-users\\?workspace=${workspace.id}$`));
});
