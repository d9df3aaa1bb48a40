// The hosted page in its six languages: the one that the browser wants, unless the workspace or the token says otherwise.
import type { Page } from '@playwright/test';
import { externalId } from '../fixtures/api.ts';
import { openLink } from '../fixtures/connect.ts';
import { consent, deny } from '../fixtures/provider.ts';
import { marker } from '../fixtures/run.ts';
import { checkA11y, expect, test } from '../fixtures/test.ts';

// What the page says of what is wrong. What the catalogue says of a field is English everywhere.
const WORDS = {
  en: {
    connect: 'Connect Demo Key',
    unfit: 'A key starts with dk-',
    rejected: 'Demo Key does not accept this. Check that it is complete and still valid.',
    ending: 'Account URL must be an address ending in .demo.example',
    number: 'Retries must be a number',
    denied: 'Access to Demo OAuth was not granted.',
    expired: 'This link has expired',
  },
  de: {
    connect: 'Demo Key verbinden',
    unfit: 'API key hat nicht die erwartete Form (A key starts with dk-)',
    rejected: 'Demo Key akzeptiert diese Angaben nicht. Prüfen Sie, ob sie vollständig und noch gültig sind.',
    ending: 'Account URL muss eine Adresse sein, die auf .demo.example endet',
    number: 'Retries muss eine Zahl sein',
    denied: 'Der Zugriff auf Demo OAuth wurde nicht erlaubt.',
    expired: 'Dieser Link ist abgelaufen',
  },
  fr: {
    connect: 'Connecter Demo Key',
    unfit: 'Le champ « API key » n’a pas la forme attendue (A key starts with dk-)',
    rejected: 'Demo Key n’accepte pas ces informations. Vérifiez qu’elles sont complètes et toujours valides.',
    ending: 'Le champ « Account URL » doit être une adresse se terminant par .demo.example',
    number: 'Le champ « Retries » doit être un nombre',
    denied: 'L’accès à Demo OAuth n’a pas été accordé.',
    expired: 'Ce lien a expiré',
  },
  es: {
    connect: 'Conectar Demo Key',
    unfit: 'El campo «API key» no tiene la forma esperada (A key starts with dk-)',
    rejected: 'Demo Key no acepta estos datos. Compruebe que estén completos y sigan siendo válidos.',
    ending: 'El campo «Account URL» debe ser una dirección que termine en .demo.example',
    number: 'El campo «Retries» debe ser un número',
    denied: 'No se concedió el acceso a Demo OAuth.',
    expired: 'Este enlace ha caducado',
  },
  pt: {
    connect: 'Conectar Demo Key',
    unfit: 'O campo “API key” não tem a forma esperada (A key starts with dk-)',
    rejected: 'Demo Key não aceita estes dados. Verifique se estão completos e ainda são válidos.',
    ending: 'O campo “Account URL” deve ser um endereço que termine em .demo.example',
    number: 'O campo “Retries” deve ser um número',
    denied: 'O acesso a Demo OAuth não foi concedido.',
    expired: 'Este link expirou',
  },
  ja: {
    connect: 'Demo Key と連携',
    unfit: 'API key の形式が正しくありません (A key starts with dk-)',
    rejected: 'この内容は Demo Key で受け付けられませんでした。漏れがないか、まだ有効かをご確認ください。',
    ending: 'Account URL には .demo.example で終わるアドレスを入力してください',
    number: 'Retries には数値を入力してください',
    denied: 'Demo OAuth へのアクセスが許可されませんでした。',
    expired: 'このリンクは有効期限が切れています',
  },
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
    await expect(page.locator('.error')).toHaveText(words.unfit);
    await inLanguage(page, language);
    await page.getByLabel('API key').fill(`dk-wrong-${marker()}`);
    await page.locator('button.primary').click();
    await expect(page.getByRole('alert')).toHaveText(words.rejected);
    await inLanguage(page, language);
    await page.getByLabel('API key').fill(`dk-${marker()}`);
    await page.locator('button.primary').click();
    await expect(page.locator('h1')).toContainText('Key of Carol');
    await inLanguage(page, language);

    await openLink(page, (await stack.api.connectToken('demo-custom')).connectUrl);
    await page.getByLabel('Account URL').fill('https://elsewhere.example');
    await page.getByLabel('Retries').fill('many');
    await page.getByLabel('Secret key').fill(marker());
    await page.locator('button.primary').click();
    await expect(page.locator('.error')).toHaveText([words.ending, words.number]);
    await inLanguage(page, language);
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
    await expect(page.getByRole('alert').locator('p').first()).toHaveText(words.denied);
    await inLanguage(page, language);
    // What exactly happened is there too, for whoever is asked about it.
    await page.getByRole('alert').locator('summary').click();
    await expect(page.getByRole('alert').locator('[lang=en]')).toContainText('Access to Demo OAuth was not granted');
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

test('a link that is over says so in every language', async ({ stack, otherBrowser }) => {
  test.setTimeout(120_000);
  const page = await (await otherBrowser()).newPage();
  const links: [string, string, string][] = [];
  // A minute is the shortest life there is: it is waited for once.
  for (const [language, { expired }] of Object.entries(WORDS)) {
    const { connectUrl, sessionId } = await stack.api.connectToken('demo-key', { language, expiresIn: 60 });
    await page.goto(connectUrl);
    await expect(page.locator('html')).toHaveAttribute('lang', language);
    links.push([language, sessionId, expired]);
  }
  for (const [language, sessionId, expired] of links) {
    await expect.poll(async () => (await stack.api.session(sessionId)).status, { timeout: 70_000 }).toBe('expired');
    await page.goto(`${stack.origin}/connect/${sessionId}`);
    await expect(page.locator('h1')).toHaveText(expired);
    await inLanguage(page, language);
  }
});
