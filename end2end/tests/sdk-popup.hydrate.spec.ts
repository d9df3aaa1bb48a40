// The SDK's popup in examples/multi-tenant, as that page's visitors meet it. Storage is partitioned: see partitioning.hydrate.spec.ts.
import { expect } from '@playwright/test';
import { test } from '../fixtures/example.ts';
import { consent, deny, reachConsent } from '../fixtures/provider.ts';
import { marker } from '../fixtures/run.ts';

test('connected through the popup, each user for themselves; another tenant sees nothing', async ({ page, example, otherBrowser }) => {
  await example.signIn(page, 'alice');
  let popup = await example.openPopup(page, 'demo-oauth');
  let closed = popup.waitForEvent('close');
  await popup.getByRole('button', { name: 'Continue to Demo OAuth' }).click();
  await consent(popup, 'alice');
  await example.expectShown(page, 'demo-oauth: connected as User alice (ok)');
  await closed;
  popup = await example.openPopup(page, 'demo-key');
  await popup.getByLabel('API key').fill(`dk-${marker()}`);
  await popup.getByRole('button', { name: 'Connect' }).click();
  await example.expectShown(page, 'demo-key: connected as Key of Carol');

  const bob = await (await otherBrowser()).newPage();
  await example.signIn(bob, 'bob');
  await example.expectShown(bob, 'demo-oauth: not connected');
  popup = await example.openPopup(bob, 'demo-oauth');
  closed = popup.waitForEvent('close');
  await popup.getByRole('button', { name: 'Continue to Demo OAuth' }).click();
  await consent(popup, 'bob');
  await example.expectShown(bob, 'demo-oauth: connected as User bob (ok)');
  await closed;
  const carol = await (await otherBrowser()).newPage();
  await example.signIn(carol, 'carol');
  await example.expectShown(carol, 'demo-oauth: not connected');

  const connections = await example.connections('acme');
  const facts = connections.map(({ integrationName, endUserId, scope }) => `${integrationName} ${endUserId} ${scope}`).sort();
  expect(facts).toEqual(['demo-key alice USER', 'demo-oauth alice USER', 'demo-oauth bob USER']);
  expect(await example.connections('globex')).toEqual([]);
  // One's own can be removed.
  await bob.getByRole('button', { name: 'Disconnect demo-oauth' }).click();
  await example.expectShown(bob, 'demo-oauth: not connected');
  expect(await example.connections('acme')).toHaveLength(2);
});

test("another's connection cannot be removed", async ({ page, example, otherBrowser, problems }) => {
  await example.signIn(page, 'alice');
  const popup = await example.openPopup(page, 'demo-key');
  await popup.getByLabel('API key').fill(`dk-${marker()}`);
  await popup.getByRole('button', { name: 'Connect' }).click();
  await example.expectShown(page, 'demo-key: connected');
  const [connection] = await example.connections('acme');
  const bob = await (await otherBrowser()).newPage();
  await example.signIn(bob, 'bob');
  problems.expect(/status of 400.*\/disconnect/);
  const status = await bob.evaluate(async (id) => {
    const answer = await fetch('/disconnect', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ id }) });
    return answer.status;
  }, connection?.id);
  expect(status).toBe(400);
  expect(await example.connections('acme')).toHaveLength(1);
});

test('denied: another try is open in the popup; given up there, the page says so', async ({ page, example }) => {
  await example.signIn(page, 'alice');
  const popup = await example.openPopup(page, 'demo-oauth');
  await popup.getByRole('button', { name: 'Continue to Demo OAuth' }).click();
  await deny(popup);
  await expect(popup.locator('h1')).toHaveText('Demo OAuth was not connected');
  await expect(page.getByRole('status')).toHaveText('One moment…');
  const closed = popup.waitForEvent('close');
  await popup.getByRole('button', { name: 'Cancel' }).click();
  await expect(page.getByRole('status')).toHaveText(/cancelled/i);
  await closed;
  expect(await example.connections('acme')).toEqual([]);
});

test('the window closed by the person: waited for a while, then said, and it can be begun anew', async ({ page, example }) => {
  await page.clock.install();
  await example.signIn(page, 'alice');
  let popup = await example.openPopup(page, 'demo-oauth');
  await expect(popup.getByRole('button', { name: 'Continue to Demo OAuth' })).toBeVisible();
  await popup.close();
  await page.bringToFront();
  // Time passes in steps: between them the page asks the server, which takes real time.
  const polled = (): Promise<unknown> => page.waitForResponse((response) => response.url().endsWith('/session/poll') && response.request().method() === 'POST');
  const pass = async (): Promise<void> => void (await Promise.all([polled(), page.clock.runFor(4_000)]));
  for (let step = 0; step < 4; step += 1) await pass();
  await expect(page.getByRole('status')).toHaveText('One moment…');
  await expect(async () => {
    await page.clock.runFor(4_000);
    await expect(page.getByRole('status')).toHaveText(/window was closed/, { timeout: 300 });
  }).toPass({ timeout: 20_000 });

  popup = await example.openPopup(page, 'demo-oauth');
  await popup.getByRole('button', { name: 'Continue to Demo OAuth' }).click();
  await consent(popup, 'alice');
  await page.clock.runFor(4_000);
  await example.expectShown(page, 'demo-oauth: connected as User alice');
});

test('a provider that cuts the popup off (COOP): connected, and the popup closes', async ({ page, example }) => {
  await example.signIn(page, 'carol');
  const popup = await example.openPopup(page, 'demo-coop');
  const closed = popup.waitForEvent('close');
  await popup.getByRole('button', { name: 'Continue to Demo COOP' }).click();
  await reachConsent(popup, 'carol');
  await expect(page.getByRole('status')).toHaveText('One moment…');
  await consent(popup, 'carol');
  await example.expectShown(page, 'demo-coop: connected as User carol');
  await closed;
});

/** Clicks as soon as the page is there, without a person: the browser's own blocker then opens no window. */
async function connectWithoutGesture(page: import('@playwright/test').Page, service: string): Promise<void> {
  await page.addInitScript((wanted) => {
    addEventListener('load', () => {
      const button = document.querySelector<HTMLElement>(`[data-connect="${wanted}"]`);
      if (!button || sessionStorage.getItem('clicked')) return;
      sessionStorage.setItem('clicked', 'yes');
      button.click();
    });
  }, service);
  await page.reload();
}

test('the popup blocked: the same in the tab, and back again', async ({ page, context, example }) => {
  await example.signIn(page, 'carol');
  await connectWithoutGesture(page, 'demo-oauth');
  await page.getByRole('button', { name: 'Continue to Demo OAuth' }).click();
  expect(context.pages()).toHaveLength(1);
  await consent(page, 'carol');
  await example.expectShown(page, 'demo-oauth: connected as User carol');
  await expect(page).toHaveURL(`${example.origin}/`);
});

test('the popup blocked, and cancelled in the tab: back again, and said', async ({ page, example }) => {
  await example.signIn(page, 'carol');
  await connectWithoutGesture(page, 'demo-oauth');
  await page.getByRole('button', { name: 'Cancel' }).click();
  await expect(page.getByRole('status')).toHaveText(/cancelled/i);
  await example.expectShown(page, 'demo-oauth: not connected');
  expect(new URL(page.url()).origin).toBe(example.origin);
});

test('the page is loaded anew midway: it hears of the end all the same', async ({ page, example }) => {
  await example.signIn(page, 'alice');
  const popup = await example.openPopup(page, 'demo-oauth');
  await popup.getByRole('button', { name: 'Continue to Demo OAuth' }).click();
  await reachConsent(popup, 'alice');
  await page.reload();
  await expect(page.getByRole('status')).toHaveText('One moment…');
  const closed = popup.waitForEvent('close');
  await consent(popup, 'alice');
  await example.expectShown(page, 'demo-oauth: connected as User alice (ok)');
  await closed;
});

test('no OAuth app: said in the page, and no empty window stays', async ({ page, example, problems }) => {
  problems.expect(/status of 400.*\/connect/);
  await example.signIn(page, 'bob');
  const popup = await example.openPopup(page, 'github');
  await expect(page.getByRole('status')).toHaveText(/OAuth app/);
  await expect.poll(() => popup.isClosed()).toBe(true);
});
