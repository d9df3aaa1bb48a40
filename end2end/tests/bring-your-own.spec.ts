// A service that nobody has described: its address is pasted, a client registers itself at a certified provider, and people consent.
import { signIn } from '../fixtures/dashboard.ts';
import { consent, Provider } from '../fixtures/provider.ts';
import { newServerDirectory } from '../fixtures/run.ts';
import { Server } from '../fixtures/server.ts';
import { checkA11y, expect, test } from '../fixtures/test.ts';

test('pasted, discovered, saved, and consented to', async ({ page, context, problems }) => {
  const provider = await Provider.start(newServerDirectory(), 'registering', { redirectUris: [], registers: true });
  // Its pages have no icon, and are not ours to judge; this provider is not where the fixtures look for one.
  problems.expect(new RegExp(`${provider.origin}/favicon\\.ico`));
  const server = await Server.start({ egressAllow: [`localhost:${provider.port}`] });
  try {
    await signIn(context, server);
    await page.goto(`${server.origin}/integrations`);
    await page.getByRole('link', { name: 'Bring your own service' }).click();
    await expect(page.getByRole('heading', { level: 1, name: 'Bring your own service' })).toBeVisible();
    await checkA11y(page);

    // Nothing there: said beside the field, and the way on.
    await page.getByLabel('Address').fill(`${provider.origin}/nowhere`);
    await page.getByRole('button', { name: 'Discover' }).click();
    await expect(page.getByText('nothing was found at').first()).toBeVisible();
    await checkA11y(page);

    await page.getByLabel('Address').fill(provider.origin);
    await page.getByRole('button', { name: 'Discover' }).click();
    await expect(page.getByRole('heading', { name: 'What was found' })).toBeVisible();
    await expect(page.getByText(`${provider.origin}/reg`)).toBeVisible();
    await expect(page.getByRole('checkbox', { name: 'openid' })).toBeChecked();
    await checkA11y(page);
    await page.getByLabel('Display name').fill('Brought');
    await page.getByLabel('Name', { exact: true }).fill('brought');
    await page.getByRole('button', { name: 'Save integration' }).click();
    await expect(page).toHaveURL(/\/integrations\/brought\?brought=1/);
    await expect(page.getByText('Registered by itself on')).toBeVisible();
    await checkA11y(page);

    await page.getByRole('link', { name: 'Test the consent' }).click();
    await expect(page.getByRole('heading', { level: 1, name: 'Connect Brought' })).toBeVisible();
    const [popup] = await Promise.all([page.waitForEvent('popup'), page.getByRole('button', { name: 'Authorize' }).click()]);
    await consent(popup);
    const api = await server.api();
    await expect.poll(async () => (await api.connections()).map((connection) => connection.account?.label)).toEqual(['User alice']);
  } finally {
    await Promise.all([server.stop(), provider.stop()]);
  }
});
