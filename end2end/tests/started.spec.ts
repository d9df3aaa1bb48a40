// Whether the person who connects is the one who started it: the question, and the application's own word (`verified`).
import type { Page } from '@playwright/test';
import { type Api, externalId } from '../fixtures/api.ts';
import { consent } from '../fixtures/provider.ts';
import { marker } from '../fixtures/run.ts';
import { checkA11y, expect, test } from '../fixtures/test.ts';

/** A session of an end user in a workspace of its own, with names that the pages show. */
async function issue(api: Api, integration: string, more: Record<string, unknown> = {}) {
  const slug = externalId();
  await api.call('POST', '/workspaces', { name: 'Northwind', slug });
  return api.connectToken(integration, { workspaceId: slug, endUserId: 'user_42', ...more });
}

/** Follows a link on a page of that site. */
async function follow(page: Page, site: string, url: string): Promise<void> {
  await page.route(`${site}/start`, (route) => route.fulfill({ contentType: 'text/html', body: `<!DOCTYPE html><title>Start</title><a href="${url}">Connect</a>` }));
  await page.goto(`${site}/start`);
  await page.getByRole('link', { name: 'Connect' }).click();
}

test('a pasted link: asked, yes, connected', async ({ page, stack }) => {
  const issued = await issue(stack.api, 'demo-key');
  await page.goto(issued.connectUrl);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Did you start this at Northwind as user_42?');
  await expect(page.getByLabel('API key')).toHaveCount(0);
  await checkA11y(page);
  await page.getByRole('button', { name: 'Yes, go on' }).click();
  await page.getByLabel('API key').fill(`dk-${marker()}`);
  await page.getByRole('button', { name: 'Connect' }).click();
  await expect(page.locator('h1')).toContainText('Connected as Key of Carol');
});

test('a pasted link: asked, no, closed for everybody', async ({ page, stack, otherBrowser }) => {
  const issued = await issue(stack.api, 'demo-key');
  await page.goto(issued.connectUrl);
  await page.getByRole('button', { name: 'No', exact: true }).click();
  await expect(page.locator('h1')).toHaveText('Nothing was connected');
  await checkA11y(page);
  expect(await stack.api.session(issued.sessionId)).toMatchObject({ status: 'cancelled', errorCode: 'not_started' });
  const other = await (await otherBrowser()).newPage();
  await other.goto(issued.connectUrl);
  await expect(other.locator('h1')).toHaveText('Already open elsewhere');
});

test("a link on the application's page is not asked about; on another's it is refused", async ({ page, stack, application, otherBrowser }) => {
  const issued = await issue(stack.api, 'demo-key', { allowedOrigins: [application.origin()] });
  await follow(page, application.origin(), issued.connectUrl);
  await expect(page.getByLabel('API key')).toBeVisible();
  const lured = await (await otherBrowser()).newPage();
  await follow(lured, application.origin('evil'), issued.connectUrl);
  await expect(lured.locator('h1')).toHaveText('This link cannot be opened from there');
  await expect(lured.getByRole('button')).toHaveCount(0);
  await checkA11y(lured);
});

test('verified: nothing is exchanged before the application has said who came back', async ({ page, stack, application }) => {
  const issued = await issue(stack.api, 'demo-oauth', { completion: 'verified', successRedirectUri: `${application.origin()}/back?kept=1` });
  const before = (await stack.peers.main.count()).authorization_code ?? 0;
  await page.goto(issued.connectUrl);
  await page.getByRole('button', { name: 'Continue to Demo OAuth' }).click();
  await consent(page);
  await expect(page.locator('h1')).toHaveText('Northwind is confirming that it was you');
  await page.waitForURL(/\/back\?/);
  const { code, ...rest } = Object.fromEntries(new URL(page.url()).searchParams);
  expect(rest).toEqual({ kept: '1', sessionId: issued.sessionId });
  expect(await stack.api.session(issued.sessionId)).toMatchObject({ status: 'awaiting_confirmation', session: { status: 'CONNECTING' }, connection: null });
  expect((await stack.peers.main.count()).authorization_code ?? 0).toBe(before);

  const complete = (endUserId: string): Promise<unknown> => stack.api.call('POST', `/connect/session/${issued.sessionId}/complete`, { endUserId, code });
  expect(await complete('user_42')).toMatchObject({ status: 'completed', connection: { account: { id: 'alice' }, endUserId: 'user_42' } });
  expect((await stack.peers.main.count()).authorization_code).toBe(before + 1);
  await expect(complete('user_42')).rejects.toThrow(/410/);
  await page.goto(`${stack.origin}/connect/${issued.sessionId}`);
  await expect(page.locator('h1')).toHaveText('Connected as User alice');
});

test('verified: somebody else came back, and nothing is ever exchanged', async ({ page, stack, application }) => {
  const issued = await issue(stack.api, 'demo-oauth', { completion: 'verified', successRedirectUri: `${application.origin()}/back` });
  const before = (await stack.peers.main.count()).authorization_code ?? 0;
  await page.goto(issued.connectUrl);
  await page.getByRole('button', { name: 'Continue to Demo OAuth' }).click();
  await consent(page);
  await page.waitForURL(/\/back\?/);
  const complete = (endUserId: string): Promise<unknown> => stack.api.call('POST', `/connect/session/${issued.sessionId}/complete`, { endUserId });
  await expect(complete('somebody-else')).rejects.toThrow(/403.*SCOPE_DENIED/);
  await expect(complete('user_42')).rejects.toThrow(/410/);
  expect((await stack.peers.main.count()).authorization_code ?? 0).toBe(before);
  expect(await stack.api.session(issued.sessionId)).toMatchObject({ status: 'cancelled', errorCode: 'wrong_end_user' });
});
