// The hosted page in its six languages: the one that the browser wants, unless the workspace or the token says otherwise.
import type { Page } from '@playwright/test';
import { externalId } from '../fixtures/api.ts';
import { openLink } from '../fixtures/connect.ts';
import { consent, deny } from '../fixtures/provider.ts';
import { marker } from '../fixtures/run.ts';
import { checkA11y, expect, test } from '../fixtures/test.ts';

const WORDS = {
  en: { connect: 'Connect Demo Key' },
  de: { connect: 'Demo Key verbinden' },
  fr: { connect: 'Connecter Demo Key' },
  es: { connect: 'Conectar Demo Key' },
  pt: { connect: 'Conectar Demo Key' },
  ja: { connect: 'Demo Key と連携' },
} as const;

const inLanguage = async (page: Page, language: string): Promise<void> => {
  await expect(page.locator('html')).toHaveAttribute('lang', language);
  await expect(page.locator('html')).toHaveAttribute('dir', 'ltr');
  await checkA11y(page);
};

for (const [language, words] of Object.entries(WORDS)) {
  test(`${language}: asked, wrong, connected, failed, cancelled, no such link; nothing from elsewhere is loaded`, async ({ stack, otherBrowser }) => {
    test.setTimeout(90_000);
    const context = await otherBrowser({ locale: language });
    const page = await context.newPage();
    const foreign: string[] = [];
    let watching = true;
    page.on('request', (request) => {
      const own = request.url().startsWith(stack.origin) || request.url().startsWith('data:');
      if (watching && !own) foreign.push(request.url());
    });
    const issued = await stack.api.connectToken('demo-key');
    await openLink(page, issued.connectUrl);
    await inLanguage(page, language);
    await expect(page.locator('h1')).toHaveText(words.connect);
    // What the definition says of a field is there, and belongs to it.
    await expect(page.getByText('Under Settings, Keys.')).toBeVisible();
    await expect(page.getByLabel('API key')).toHaveAccessibleDescription(/Under Settings, Keys\./);
    await page.getByLabel('API key').fill(marker());
    await page.locator('button.primary').click();
    await expect(page.getByLabel('API key')).toHaveAttribute('aria-invalid', 'true');
    await inLanguage(page, language);
    await page.getByLabel('API key').fill(`dk-${marker()}`);
    await page.locator('button.primary').click();
    await expect(page.locator('h1')).toContainText('Key of Carol');
    await inLanguage(page, language);

    await openLink(page, (await stack.api.connectToken('demo-custom')).connectUrl);
    await page.locator('form[action$="/cancel"] button').click();
    await expect(page.locator('form')).toHaveCount(0);
    await inLanguage(page, language);
    await page.goto(`${stack.origin}/connect?token=cst_nobody`);
    await inLanguage(page, language);

    // The provider's own pages are not ours.
    await openLink(page, (await stack.api.connectToken('demo-oauth')).connectUrl);
    await inLanguage(page, language);
    watching = false;
    await page.locator('button.primary').click();
    await deny(page);
    await expect(page.getByRole('alert')).toBeVisible();
    await inLanguage(page, language);
    await page.locator('button.primary').click();
    await consent(page);
    await expect(page.locator('h1')).toContainText('User alice');
    await inLanguage(page, language);
    expect(foreign).toEqual([]);
  });
}

test("the token's language wins over the workspace's, and that over the browser's", async ({ stack, otherBrowser }) => {
  const slug = externalId();
  await stack.api.call('POST', '/workspaces', { name: 'Language', slug, language: 'fr' });
  const page = await (await otherBrowser({ locale: 'de' })).newPage();
  for (const [more, language] of [[{}, 'de'], [{ workspaceId: slug }, 'fr'], [{ workspaceId: slug, language: 'ja' }, 'ja']] as const) {
    await page.goto((await stack.api.connectToken('demo-key', more)).connectUrl);
    await expect(page.locator('html')).toHaveAttribute('lang', language);
  }
});
