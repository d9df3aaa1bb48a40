// The journey of a customer's application: its page opens the popup, the person consents, the page hears of it.
import { consent, deny, reachConsent } from '../fixtures/provider.ts';
import { expect, test } from '../fixtures/test.ts';

test('the page gets one message, from our origin, with everything it needs; the popup closes', async ({ page, stack, application }) => {
  const issued = await stack.api.connectToken('demo-oauth', { allowedOrigins: [application.origin()] });
  const popup = await application.openPopup(page, stack.origin, issued);
  const closed = popup.waitForEvent('close');
  await popup.getByRole('button', { name: 'Continue to Demo OAuth' }).click();
  await consent(popup);
  await closed;
  await application.expectState(page, 'COMPLETED');

  const session = await stack.api.session(issued.sessionId);
  expect(session.status).toBe('completed');
  const connection = await stack.api.resolve('demo-oauth', issued.externalId);
  expect(await application.received(page)).toEqual([
    {
      origin: stack.origin,
      data: {
        type: 'weavz-connect-result',
        status: 'success',
        sessionStatus: 'completed',
        connectionId: connection.id,
        integrationName: 'demo-oauth',
        externalId: issued.externalId,
        sessionId: issued.sessionId,
        error: null,
      },
    },
  ]);
  expect(await page.evaluate(() => (window as unknown as { lastPoll: unknown }).lastPoll)).toEqual({
    status: 'COMPLETED',
    connectionId: connection.id,
    integrationName: 'demo-oauth',
    workspaceIntegrationId: null,
    authMethodKey: 'oauth2',
    oauthAppMode: 'weavz_managed',
    oauthAppId: expect.stringMatching(/^oap_/),
    externalId: issued.externalId,
    sessionId: issued.sessionId,
    error: null,
    errorCode: null,
    sessionStatus: 'completed',
    expiresAt: expect.stringMatching(/Z$/),
  });
  const { accessToken } = await stack.api.credentials(connection.id);
  expect(await stack.peers.main.userinfo(accessToken ?? '')).toMatchObject({ status: 200, body: { sub: 'alice' } });
});

test('without allowed origins, the page that opened the popup is told', async ({ page, stack, application }) => {
  const issued = await stack.api.connectToken('demo-oauth');
  const popup = await application.openPopup(page, stack.origin, issued);
  const closed = popup.waitForEvent('close');
  await popup.getByRole('button', { name: 'Continue to Demo OAuth' }).click();
  await consent(popup);
  await closed;
  await application.expectState(page, 'COMPLETED');
  expect(await application.received(page)).toMatchObject([{ origin: stack.origin, data: { status: 'success' } }]);
});

test('a page that is not among the allowed origins leads nowhere, hears nothing and may not poll', async ({ page, stack, application, problems }) => {
  const issued = await stack.api.connectToken('demo-oauth', { allowedOrigins: [application.origin()] });
  problems.expect(/403 \(Forbidden\).*session\/poll/);
  const popup = await application.openPopup(page, stack.origin, issued, 'evil');
  await expect(popup.locator('h1')).toHaveText('This link cannot be opened from there');
  await expect(popup.getByRole('button')).toHaveCount(0);
  await application.expectState(page, 'HTTP 403');
  expect((await stack.api.session(issued.sessionId)).status).toBe('pending');
  expect(await application.received(page)).toEqual([]);
});

test('a page in place of the one that opened the popup hears nothing', async ({ page, stack, application, problems }) => {
  // Led here by the right page, then read by another in its place: Chromium says on the console that the target did not match.
  problems.expect(/Failed to execute 'postMessage'/);
  const issued = await stack.api.connectToken('demo-oauth', { allowedOrigins: [application.origin()] });
  const popup = await application.openPopup(page, stack.origin, issued);
  const closed = popup.waitForEvent('close');
  await popup.getByRole('button', { name: 'Continue to Demo OAuth' }).click();
  await page.goto(`${application.origin('evil')}/?url=about:blank`);
  await consent(popup);
  await closed;
  expect((await stack.api.session(issued.sessionId)).status).toBe('completed');
  expect(await application.received(page)).toEqual([]);
});

test('denied in the popup, then connected in the same popup: one message, of success', async ({ page, stack, application }) => {
  const issued = await stack.api.connectToken('demo-oauth', { allowedOrigins: [application.origin()] });
  const popup = await application.openPopup(page, stack.origin, issued);
  await popup.getByRole('button', { name: 'Continue to Demo OAuth' }).click();
  await deny(popup);
  await expect(popup.locator('h1')).toHaveText('Demo OAuth was not connected');
  expect(await application.received(page)).toEqual([]);
  const closed = popup.waitForEvent('close');
  await popup.getByRole('button', { name: 'Try again' }).click();
  await consent(popup);
  await closed;
  await expect.poll(async () => application.received(page)).toMatchObject([{ data: { status: 'success', error: null } }]);
});

test('cancelled in the popup: the page is told, the popup closes', async ({ page, stack, application }) => {
  const issued = await stack.api.connectToken('demo-oauth', { allowedOrigins: [application.origin()] });
  const popup = await application.openPopup(page, stack.origin, issued);
  const closed = popup.waitForEvent('close');
  await popup.getByRole('button', { name: 'Cancel' }).click();
  await closed;
  await application.expectState(page, 'FAILED');
  const [message, ...more] = await application.received(page);
  expect(more).toEqual([]);
  expect(message).toMatchObject({ origin: stack.origin, data: { status: 'error', sessionStatus: 'cancelled', connectionId: null, sessionId: issued.sessionId } });
  expect(message?.data.error).toEqual(expect.any(String));
});

test('a provider that cuts the popup off (COOP): no message can arrive, polling ends well, the popup closes', async ({ page, stack, application }) => {
  const issued = await stack.api.connectToken('demo-coop', { allowedOrigins: [application.origin()] });
  const popup = await application.openPopup(page, stack.origin, issued);
  const closed = popup.waitForEvent('close');
  await popup.getByRole('button', { name: 'Continue to Demo COOP' }).click();
  await reachConsent(popup, 'alice');
  // What a naive application would take for "the person closed the window".
  await expect.poll(() => page.evaluate(() => (window as unknown as { closedSeen: boolean[] }).closedSeen.at(-1))).toBe(true);
  await consent(popup);
  await closed;
  await application.expectState(page, 'COMPLETED');
  expect(await application.received(page)).toEqual([]);
  const connection = await stack.api.resolve('demo-coop', issued.externalId);
  const { accessToken } = await stack.api.credentials(connection.id);
  expect(await stack.peers.coop.userinfo(accessToken ?? '')).toMatchObject({ status: 200 });
});

test('the popup is closed half-way: the connection is still made', async ({ page, stack, application }) => {
  const issued = await stack.api.connectToken('demo-oauth', { allowedOrigins: [application.origin()] });
  const popup = await application.openPopup(page, stack.origin, issued);
  await popup.getByRole('button', { name: 'Continue to Demo OAuth' }).click();
  await reachConsent(popup, 'alice');
  // The window goes away while our server is exchanging the code: whoever answers the browser is cut off then.
  const before = await stack.peers.main.received();
  await stack.peers.main.delayNext(1500);
  await popup.locator('button[type=submit]').click({ noWaitAfter: true });
  await expect.poll(() => stack.peers.main.received()).toBe(before + 1);
  await popup.close();
  expect((await stack.api.session(issued.sessionId, 20)).status).toBe('completed');
  await application.expectState(page, 'COMPLETED');
});
