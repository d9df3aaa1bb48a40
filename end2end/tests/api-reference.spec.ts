// The API's reference: whole without JavaScript and without signing in, at every width, and found from the API keys.
import type { APIRequestContext, Locator } from '@playwright/test';
import { signIn } from '../fixtures/dashboard.ts';
import { checkA11y, expect, test } from '../fixtures/test.ts';

interface Operation {
  operationId: string;
  summary: string;
}

async function operations(request: APIRequestContext, origin: string): Promise<Operation[]> {
  const document = (await (await request.get(`${origin}/api/v1/openapi.json`)).json()) as { paths: Record<string, Record<string, Operation>> };
  return Object.values(document.paths).flatMap((item) => Object.values(item));
}

/** Whether the browser has scrolled to it. */
async function expectAtTop(target: Locator): Promise<void> {
  await expect.poll(async () => Math.abs((await target.boundingBox())?.y ?? 9999)).toBeLessThan(100);
}

test('every operation is there and can be gone to', async ({ page, request, stack }) => {
  const answer = await page.goto(`${stack.origin}/docs/api`);
  expect(answer?.status()).toBe(200);
  expect(answer?.headers()['set-cookie']).toBeUndefined();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('API reference');
  const all = await operations(request, stack.origin);
  expect(all.length).toBeGreaterThan(40);
  const contents = page.getByRole('navigation', { name: 'API', exact: true });
  await expect(contents.locator('ul ul a')).toHaveCount(all.length);
  await expect(page.locator('.api-operation')).toHaveCount(all.length);
  await checkA11y(page);

  const last = all.find(({ operationId }) => operationId === 'createWorkspace');
  await contents.getByRole('link', { name: last?.summary ?? '' }).click();
  await expect(page).toHaveURL(/#createWorkspace$/);
  const section = page.locator('#createWorkspace');
  await expectAtTop(section);
  await expect(section).toContainText(`curl ${stack.origin}/api/v1/workspaces`);
  const example = section.locator('pre').last();
  await expect(example).toBeHidden();
  await section.getByText('Answer, 201').click();
  await expect(example).toContainText('"slug": "acme"');
  await section.getByRole('link', { name: 'WorkspaceAnswer' }).click();
  await expect(page).toHaveURL(`${stack.origin}/docs/api/schemas#WorkspaceAnswer`);
  await expectAtTop(page.locator('#WorkspaceAnswer'));
  await checkA11y(page);
  await page.goto(`${stack.origin}/docs/api#createWorkspace`);
  await section.getByRole('link', { name: 'SLUG_EXISTS' }).click();
  await expect(page.locator('#SLUG_EXISTS')).toContainText('409');
});

test('by keyboard: over the contents to the content', async ({ page, stack }) => {
  await page.goto(`${stack.origin}/docs/api`);
  await page.keyboard.press('Tab');
  const skip = page.getByRole('link', { name: 'Skip to content' });
  await expect(skip).toBeFocused();
  await expect.poll(async () => (await skip.boundingBox())?.y).toBeGreaterThanOrEqual(0);
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/#main$/);
});

for (const width of [360, 1280]) {
  for (const colorScheme of ['light', 'dark'] as const) {
    test(`at ${width} pixels, ${colorScheme}`, async ({ page, stack }) => {
      await page.setViewportSize({ width, height: 800 });
      await page.emulateMedia({ colorScheme });
      for (const path of ['/docs/api/schemas', '/docs/api']) {
        await page.goto(stack.origin + path);
        expect(await page.locator('html').evaluate((html) => html.scrollWidth - html.clientWidth), 'scrolls sideways').toBe(0);
        await checkA11y(page);
      }
      if (width > 1000) return;
      await page.getByRole('link', { name: 'Contents' }).click();
      await page.getByText('Contents', { exact: true }).last().click();
      await page.getByRole('navigation', { name: 'API, small screens' }).getByRole('link', { name: 'Errors', exact: true }).click();
      await expect(page).toHaveURL(/#errors$/);
    });
  }
}

test('the API keys lead to it', async ({ context, page, stack }) => {
  await signIn(context, stack.server);
  await page.goto(`${stack.origin}/api-keys`);
  await page.getByRole('link', { name: 'API reference' }).click();
  await expect(page).toHaveURL(`${stack.origin}/docs/api`);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('API reference');
});
