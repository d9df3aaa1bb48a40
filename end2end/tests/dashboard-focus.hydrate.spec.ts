// What is pressed on a connection's page keeps the focus, and what came of it is said, each time.
import { externalId } from '../fixtures/api.ts';
import { openLink } from '../fixtures/connect.ts';
import { signIn } from '../fixtures/dashboard.ts';
import { consent, reachConsent } from '../fixtures/provider.ts';
import { marker } from '../fixtures/run.ts';
import { ADMIN } from '../fixtures/server.ts';
import { checkA11y, expect, test } from '../fixtures/test.ts';

test.beforeEach(async ({ context, stack }) => signIn(context, stack.server));

test('a key: tested twice, renamed, shown and hidden', async ({ page, stack }) => {
  const secret = `dk-${marker()}`;
  const input = { type: 'SECRET_TEXT', integrationName: 'demo-key', externalId: externalId(), displayName: 'Focus', secretText: secret };
  const { connection } = await stack.api.call<{ connection: { id: string } }>('POST', '/connections', input);
  await page.goto(`${stack.origin}/connections/${connection.id}`);
  // This button waits for WebAssembly.
  await expect(page.getByRole('button', { name: 'Show credential' })).toBeEnabled();
  const said = page.getByRole('region', { name: 'Actions' }).getByRole('status');
  const button = page.getByRole('button', { name: 'Test', exact: true });
  const answers: string[] = [];
  await page.exposeFunction('said', (text: string) => answers.push(text));
  await said.evaluate((region) => {
    const { said } = window as unknown as { said: (text: string) => void };
    new MutationObserver(() => said(region.textContent ?? '')).observe(region, { childList: true, subtree: true, characterData: true });
  });
  for (const times of [1, 2]) {
    await button.focus();
    await page.keyboard.press('Enter');
    await expect(said).toContainText('Demo Key accepts this credential');
    await expect(button).toBeFocused();
    // Said anew: the region was empty in between.
    await expect.poll(() => answers.filter((text) => text.includes('accepts this credential')).length).toBeGreaterThanOrEqual(times);
  }
  expect(answers).toContain('');
  await checkA11y(page);

  await page.getByText('Rename', { exact: true }).first().click();
  await page.getByLabel('Display name').fill('Focus, renamed');
  await page.getByLabel('Display name').press('Enter');
  await expect(page.getByRole('heading', { level: 1, name: 'Focus, renamed' })).toBeVisible();
  await expect(page.getByLabel('Display name')).toBeFocused();
  await expect(said).toContainText('Renamed.');

  await page.getByLabel('Your password').fill(ADMIN.password);
  await page.getByRole('button', { name: 'Show credential' }).press('Enter');
  const shown = page.getByRole('group', { name: 'Credential' });
  await expect(shown).toContainText(secret);
  await expect(shown).toBeFocused();
  await checkA11y(page);
  await page.getByRole('button', { name: 'Hide' }).press('Enter');
  await expect(page.getByLabel('Your password')).toBeFocused();
});

test('an account: refreshed and connected anew', async ({ page, stack }) => {
  const issued = await stack.api.connectToken('demo-oauth');
  await openLink(page, issued.connectUrl);
  await page.getByRole('button', { name: 'Continue to Demo OAuth' }).click();
  await consent(page);
  await expect(page.locator('h1')).toContainText('Connected as');
  const { id } = await stack.api.resolve('demo-oauth', issued.externalId);
  await page.goto(`${stack.origin}/connections/${id}`);
  await expect(page.getByRole('button', { name: 'Show credential' })).toBeEnabled();
  const said = page.getByRole('region', { name: 'Actions' }).getByRole('status').first();
  const refresh = page.getByRole('button', { name: 'Refresh now' });
  await refresh.focus();
  await page.keyboard.press('Enter');
  await expect(said).toContainText('The access token has been renewed.');
  await expect(refresh).toBeFocused();

  const reconnect = page.getByRole('button', { name: 'Reconnect' });
  await reconnect.focus();
  const [popup] = await Promise.all([page.waitForEvent('popup'), page.keyboard.press('Enter')]);
  await expect(reconnect).toHaveAttribute('aria-disabled', 'true');
  await reachConsent(popup, 'alice');
  await consent(popup);
  await expect(said).toContainText('Reconnected as');
  await page.bringToFront();
  await expect(reconnect).toBeFocused();
  await expect(reconnect).not.toHaveAttribute('aria-disabled');
});
