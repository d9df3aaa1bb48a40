// The pictures of README and docs, one state each: `node end2end/screenshots.mjs --docs` renews them.
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { externalId } from '../fixtures/api.ts';
import { openLink } from '../fixtures/connect.ts';
import { signIn } from '../fixtures/dashboard.ts';
import { consent } from '../fixtures/provider.ts';
import { marker } from '../fixtures/run.ts';
import { expect, test } from '../fixtures/test.ts';

const folder = process.env.PICTURES ?? 'test-results/pictures';

/** Of the window only, so that it stays small. */
async function shot(page: Page, name: string, width = 1040, height = 440): Promise<void> {
  await page.setViewportSize({ width, height });
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  await page.screenshot({ path: join(folder, `${name}.png`) });
}

test('pictures for the docs', async ({ page, context, stack }) => {
  const workspaceId = 'northwind';
  await stack.api.call('POST', '/workspaces', { name: 'Northwind Traders', slug: workspaceId, accent: '#0f766e' });
  for (const [integrationName, displayName, endUserId, key] of [
    ['openai', 'Production key', undefined, 'sk'],
    ['sendgrid', 'Newsletter', undefined, 'SG'],
    ['demo-key', 'Carol', 'user_42', 'dk'],
    ['demo-key', 'Rejected key', 'user_7', 'dk-wrong'],
  ] as const) {
    const body = { type: 'SECRET_TEXT', integrationName, displayName, externalId: externalId(), secretText: `${key}-${marker()}`, workspaceId, ...(endUserId ? { endUserId } : {}) };
    await stack.api.call('POST', '/connections', body).catch(() => undefined);
  }
  const issued = await stack.api.connectToken('demo-oauth', { workspaceId, endUserId: 'user_42', connectionName: 'Calendar of Carol' });
  await openLink(page, issued.connectUrl);
  await shot(page, 'connect', 480, 520);
  await page.getByRole('button', { name: 'Continue to Demo OAuth' }).click();
  await consent(page);
  await expect(page.locator('h1')).toContainText('Connected as');
  await signIn(context, stack.server);
  await page.goto(`${stack.origin}/connections`);
  await expect(page.getByRole('row').filter({ hasText: 'Calendar of Carol' })).toBeVisible();
  await shot(page, 'connections', 1040, 680);
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.goto(`${stack.origin}/connections/${(await stack.api.session(issued.sessionId)).connection?.id}`);
  await expect(page.getByRole('heading', { name: 'Timeline' })).toBeVisible();
  await shot(page, 'connection');
  await page.emulateMedia({ colorScheme: 'light' });
  await page.goto(`${stack.origin}/integrations?q=sh`);
  await shot(page, 'integrations');
});
