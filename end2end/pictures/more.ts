// A webhook and what it was sent, an end user, a service that is not in the catalogue, what needs attention, and hosted pages that fail.
import { externalId } from '../fixtures/api.ts';
import { openLink } from '../fixtures/connect.ts';
import { signIn } from '../fixtures/dashboard.ts';
import { take } from '../fixtures/pictures.ts';
import { deny, Provider } from '../fixtures/provider.ts';
import { marker, newServerDirectory } from '../fixtures/run.ts';
import { Server } from '../fixtures/server.ts';
import { expect, test } from '../fixtures/test.ts';

test('webhook', async ({ context, page, stack }) => {
  await signIn(context, stack.server);
  const url = `${stack.captured.origin}/hooks/keyloom-messages-of-a-rather-long-name`;
  const { webhook } = await stack.api.call<{ webhook: { id: string } }>('POST', '/webhooks', { url, events: ['connection.created', 'connection.error'] });
  await page.goto(`${stack.origin}/webhooks`);
  await take(page, 'dash-webhooks-some');
  await page.goto(`${stack.origin}/webhooks/${webhook.id}`);
  await take(page, 'dash-webhook-empty');
  await stack.api.call('POST', `/webhooks/${webhook.id}/test`);
  const failing = await stack.api.call<{ webhook: { id: string } }>('POST', '/webhooks', { url: 'http://localhost:9/nobody-there' }).catch(() => undefined);
  if (failing) await stack.api.call('POST', `/webhooks/${failing.webhook.id}/test`);
  await page.reload();
  await take(page, 'dash-webhook');
  await page.getByText('Change URL and events').click();
  await take(page, 'dash-webhook-change');
});

test('end user', async ({ context, page, stack }) => {
  await signIn(context, stack.server);
  const slug = externalId();
  await stack.api.call('POST', '/workspaces', { name: 'Northwind Traders', slug });
  const { endUser } = await stack.api.call<{ endUser: { id: string } }>('POST', '/end-users', { workspaceId: slug, externalId: 'user_42', displayName: 'Carol Danvers', email: 'carol@example.test' });
  await page.goto(`${stack.origin}/end-users/${endUser.id}`);
  await take(page, 'dash-end-user-empty');
  for (const [displayName, secret] of [['Demo Key', 'dk'], ['An older key', 'dk-wrong']]) {
    const input = { type: 'SECRET_TEXT', integrationName: 'demo-key', externalId: externalId(), displayName, secretText: `${secret}-${marker()}`, workspaceId: slug, endUserId: 'user_42' };
    const { connection } = await stack.api.call<{ connection: { id: string } }>('POST', '/connections', input);
    await stack.api.call('POST', `/connections/${connection.id}/test`);
  }
  await page.reload();
  await page.getByRole('button', { name: 'Make link' }).click();
  await expect(page.getByText('The link. Copy it now')).toBeVisible();
  await take(page, 'dash-end-user');
  await page.goto(`${stack.origin}/connections?workspace=${slug}`);
  await take(page, 'dash-attention');
  await page.getByRole('link', { name: 'Show only these' }).click();
  await expect(page.getByRole('link', { name: 'Demo Key', exact: true })).toHaveCount(0);
  await take(page, 'dash-attention-only');
  await page.goto(`${stack.origin}/connections?workspace=${slug}&q=nothing-like-it`);
  await take(page, 'dash-attention-nothing-fits');
});

test('failing', async ({ page, stack }) => {
  await openLink(page, (await stack.api.connectToken('demo-key', { language: 'de' })).connectUrl);
  await page.getByLabel('API key').fill('wrong');
  await page.locator('button.primary').click();
  await take(page, 'form-error-de');
  await page.getByLabel('API key').fill(`dk-wrong-${marker()}`);
  await page.locator('button.primary').click();
  await take(page, 'form-rejected-de');
  await openLink(page, (await stack.api.connectToken('demo-oauth', { language: 'ja' })).connectUrl);
  await page.locator('button.primary').click();
  await deny(page);
  await page.getByRole('alert').locator('summary').click();
  await take(page, 'oauth-failed-ja');
});

test('bring your own', async ({ page, context, problems }) => {
  const provider = await Provider.start(newServerDirectory(), 'registering', { redirectUris: [], registers: true });
  problems.expect(new RegExp(`${provider.origin}/favicon\\.ico`));
  const server = await Server.start({ egressAllow: [`localhost:${provider.port}`] });
  try {
    await signIn(context, server);
    await page.goto(`${server.origin}/integrations/bring-your-own`);
    await take(page, 'dash-bring-your-own');
    await page.getByLabel('Address').fill(`${provider.origin}/nowhere`);
    await page.getByRole('button', { name: 'Discover' }).click();
    await expect(page.getByText('nothing was found at').first()).toBeVisible();
    await take(page, 'dash-bring-your-own-nothing');
    await page.getByLabel('Address').fill(provider.origin);
    await page.getByRole('button', { name: 'Discover' }).click();
    await expect(page.getByRole('heading', { name: 'What was found' })).toBeVisible();
    await take(page, 'dash-bring-your-own-found');
  } finally {
    await page.close();
    await Promise.all([server.stop(), provider.stop()]);
  }
});
