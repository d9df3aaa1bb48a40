// Lists and pages that are empty, on their way, refused or out of reach; forms with something wrong in each field.
import { externalId } from '../fixtures/api.ts';
import { signIn } from '../fixtures/dashboard.ts';
import { take } from '../fixtures/pictures.ts';
import { marker } from '../fixtures/run.ts';
import { Server } from '../fixtures/server.ts';
import { expect, test } from '../fixtures/test.ts';

const LISTS = [
  ['Connections', 'connections'],
  ['Integrations', 'integrations'],
  ['End users', 'end-users'],
  ['Workspaces', 'workspaces'],
  ['API keys', 'api-keys'],
  ['Webhooks', 'webhooks'],
  ['Events', 'events'],
  ['Settings', 'settings'],
] as const;

test('empty', async ({ page, context }) => {
  const server = await Server.start({ env: { KEYLOOM_REFRESH: 'hold' } });
  try {
    await signIn(context, server);
    for (const [, path] of LISTS.filter(([, path]) => path !== 'integrations' && path !== 'settings')) {
      await page.goto(`${server.origin}/${path}`);
      await take(page, `empty-${path}`);
    }
    await page.goto(`${server.origin}/events?type=nothing.like.it`);
    await take(page, 'empty-events-narrowed');
    await page.goto(`${server.origin}/integrations?q=nothing-like-it`);
    await take(page, 'empty-integrations-narrowed');
    await page.goto(`${server.origin}/search?q=nothing-like-it`);
    await take(page, 'empty-search');
  } finally {
    await page.close();
    await server.stop();
  }
});

test('loading', async ({ page, context, stack, problems }) => {
  test.slow();
  problems.expect(/Failed to load resource|ERR_/);
  await signIn(context, stack.server);
  await stack.api.call('POST', '/connections', { type: 'SECRET_TEXT', integrationName: 'demo-key', displayName: 'Loaded', externalId: externalId(), secretText: `dk-${marker()}` });
  const places = page.getByRole('navigation', { name: 'Main', exact: true });
  for (const [name, path] of LISTS) {
    await page.goto(`${stack.origin}${path === 'workspaces' ? '/events' : '/workspaces'}`);
    await page.waitForLoadState('networkidle');
    let arrive = (): void => undefined;
    const held = new Promise<void>((done) => (arrive = done));
    await page.route('**/rpc/**', async (route) => {
      await held;
      await route.continue();
    });
    await places.getByRole('link', { name, exact: true }).click();
    await expect(page.locator('.skeleton:visible').first()).toBeVisible();
    await take(page, `loading-${path}`);
    arrive();
    await expect(page.locator('.skeleton')).toHaveCount(0);
    await page.unroute('**/rpc/**');
    await take(page, `loaded-${path}`);
  }
});

test('out of reach', async ({ page, context, stack, problems }) => {
  test.slow();
  problems.expect(/Failed to load resource|ERR_/);
  await signIn(context, stack.server);
  const places = page.getByRole('navigation', { name: 'Main', exact: true });
  for (const [name, path] of LISTS) {
    await page.goto(`${stack.origin}${path === 'workspaces' ? '/events' : '/workspaces'}`);
    await page.waitForLoadState('networkidle');
    await page.route('**/rpc/**', (route) => route.abort());
    await places.getByRole('link', { name, exact: true }).click();
    await expect(page.getByRole('alert').first()).toBeVisible();
    await take(page, `offline-${path}`);
    await page.unroute('**/rpc/**');
  }
});

test('wrong', async ({ page, context, stack }) => {
  test.slow();
  await signIn(context, stack.server);
  const { workspace } = await stack.api.call<{ workspace: { id: string } }>('POST', '/workspaces', { name: 'Northwind Traders', slug: externalId() });
  const problem = page.getByRole('alert');
  const send = async (path: string, fill: Record<string, string>, button: string, name: string): Promise<void> => {
    await page.goto(`${stack.origin}${path}`);
    await page.waitForLoadState('networkidle');
    for (const [label, value] of Object.entries(fill)) await page.getByLabel(label, { exact: true }).first().fill(value);
    await page.getByRole('button', { name: button }).click();
    await expect(problem.first()).toBeVisible();
    await take(page, `wrong-${name}`);
  };
  await send('/api-keys', { Name: '   ' }, 'Create API key', 'api-key');
  await send('/workspaces', { Name: 'Northwind', Slug: 'Not A Slug!' }, 'Create workspace', 'workspace-new');
  await send(`/workspaces/${workspace.id}`, { 'Redirect URIs (optional)': 'javascript:alert(1)', 'Allowed origins (optional)': 'example', 'Accent colour (optional)': 'teal' }, 'Save', 'workspace');
  await send('/webhooks', { URL: 'http://example.com/hook' }, 'Create webhook', 'webhook');
  await send('/settings', { 'E-mail': 'nobody' }, 'Make invitation link', 'invitation');
  await send('/integrations/slack', { 'Client ID': '   ' }, 'Add OAuth app', 'oauth-app');
  await send('/integrations/bring-your-own', { Address: 'nowhere' }, 'Discover', 'bring-your-own');
  // While typing, before anything is sent.
  await page.goto(`${stack.origin}/connections/new/demo-key`);
  await page.waitForLoadState('networkidle');
  await page.getByLabel('API key', { exact: true }).fill('wrong');
  await page.getByLabel('Display name').focus();
  await expect(page.getByText('A key starts with dk-')).toBeVisible();
  await take(page, 'wrong-while-typing');
});

test('look of a workspace', async ({ page, context, stack }) => {
  await signIn(context, stack.server);
  await page.setContent('<p style="display: inline-block; font: 700 30px sans-serif; color: #0f766e; background: #fff; margin: 0; padding: 8px 16px">Northwind</p>');
  const buffer = await page.locator('p').screenshot();
  const { workspace } = await stack.api.call<{ workspace: { id: string } }>('POST', '/workspaces', { name: 'Northwind Traders', slug: externalId(), accent: '#0f766e' });
  await page.goto(`${stack.origin}/workspaces/${workspace.id}`);
  await take(page, 'workspace-no-logo');
  await page.getByLabel('Picture').setInputFiles({ name: 'logo.png', mimeType: 'image/png', buffer });
  await page.getByRole('button', { name: 'Upload logo' }).click();
  await expect(page.getByRole('img', { name: 'The logo' })).toBeVisible();
  await take(page, 'workspace-logo');
  const issued = await stack.api.connectToken('demo-key', { workspaceId: workspace.id, endUserId: 'user_42' });
  await page.goto(issued.connectUrl);
  await take(page, 'logo-question');
  await page.getByRole('button', { name: 'Yes, go on' }).click();
  await take(page, 'logo-form');
});
