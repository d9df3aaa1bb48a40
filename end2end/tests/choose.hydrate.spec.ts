// Which of several accounts, in windows: an application's popup, and the dashboard's.
import { externalId } from '../fixtures/api.ts';
import { pickService, signIn } from '../fixtures/dashboard.ts';
import { consent } from '../fixtures/provider.ts';
import { checkA11y, expect, test } from '../fixtures/test.ts';

const SITES = [{ id: 's1', name: 'Northwind' }, { id: 's2', name: 'Southwind' }];

test("the application's popup asks, tells and closes", async ({ page, stack, application }) => {
  stack.captured.sites = SITES;
  const issued = await stack.api.connectToken('demo-sites', { allowedOrigins: [application.origin()] });
  const popup = await application.openPopup(page, stack.origin, issued);
  const closed = popup.waitForEvent('close');
  await popup.getByRole('button', { name: 'Continue to Demo Sites' }).click();
  await consent(popup);
  await expect(popup.locator('h1')).toHaveText('Which site?');
  await application.expectState(page, 'CONNECTING');
  await popup.getByRole('radio', { name: 'Southwind' }).check();
  await popup.getByRole('button', { name: 'Connect', exact: true }).click();
  await closed;
  await application.expectState(page, 'COMPLETED');
  expect(await application.received(page)).toMatchObject([{ origin: stack.origin, data: { status: 'success', sessionStatus: 'completed' } }]);
});

test("the dashboard's window asks, and the row says which", async ({ page, context, stack }) => {
  stack.captured.sites = SITES;
  await signIn(context, stack.server);
  await pickService(page, stack.origin, 'Demo Sites', true);
  const id = externalId();
  await page.getByLabel('External ID').fill(id);
  const [popup] = await Promise.all([page.waitForEvent('popup'), page.getByRole('button', { name: 'Authorize' }).click()]);
  await consent(popup);
  await expect(popup.locator('h1')).toHaveText('Which site?');
  await checkA11y(popup);
  const closed = popup.waitForEvent('close');
  await popup.getByRole('radio', { name: 'Southwind' }).check();
  await popup.getByRole('button', { name: 'Connect', exact: true }).click();
  await expect(page.getByRole('row').filter({ hasText: id })).toContainText('Southwind');
  await closed;
});
