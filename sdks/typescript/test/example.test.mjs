// examples/multi-tenant as it is, in a real browser.
import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { KeyloomClient } from '../dist/index.js';
import { consent, deny, launch } from './chromium.mjs';
import { freePort, run, SDK, startKeyloom, until } from './harness.mjs';

let stack;
let client;
let app;
let origin;
let chromium;
before(async () => {
  [stack, chromium] = await Promise.all([startKeyloom(), launch()]);
  client = new KeyloomClient({ apiKey: stack.key, baseUrl: stack.url });
  // What `npm install` would make.
  const directory = join(stack.directory, 'example');
  mkdirSync(join(directory, 'node_modules/@keyloom'), { recursive: true });
  symlinkSync(SDK, join(directory, 'node_modules/@keyloom/sdk'));
  copyFileSync(join(SDK, '../../examples/multi-tenant/app.mjs'), join(directory, 'app.mjs'));
  const port = await freePort();
  origin = `http://app.localhost:${port}`;
  const env = { API_KEY: stack.key, KEYLOOM_PUBLIC_URL: stack.url, PORT: String(port), ORIGIN: origin, SERVICES: 'slack,coop,openai,github' };
  app = run(directory, 'app', process.execPath, ['app.mjs'], env);
  await until('the application', () => {
    app.alive();
    return app.output().includes('Example application on');
  });
});
after(async () => {
  await app?.stop();
  await chromium?.stop();
  await stack?.stop();
});

async function signIn(user) {
  const context = await chromium.browser.newContext({ reducedMotion: 'reduce' });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  await page.goto(origin);
  await page.getByLabel('As').selectOption(user);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('button', { name: 'Sign out' }).waitFor();
  return { context, page };
}
const click = async ({ context, page }, name) => (await Promise.all([context.waitForEvent('page'), page.getByRole('button', { name }).click()]))[0];
const shows = (page, text) => page.getByRole('listitem').filter({ hasText: text }).waitFor();

test('two users of one tenant connect two services each for themselves; one of another tenant sees nothing', async () => {
  const alice = await signIn('alice');
  let popup = await click(alice, 'Connect slack');
  await popup.getByRole('button', { name: 'Continue to Slack' }).click();
  await consent(popup, 'alice');
  await shows(alice.page, 'slack: connected as User alice (ok)');

  popup = await click(alice, 'Connect openai');
  await popup.getByLabel('API key').fill('sk-alice-0123456789');
  await popup.getByRole('button', { name: /connect/i }).first().click();
  await shows(alice.page, 'openai: connected');

  const bob = await signIn('bob');
  await shows(bob.page, 'slack: not connected');
  popup = await click(bob, 'Connect slack');
  await popup.getByRole('button', { name: 'Continue to Slack' }).click();
  await consent(popup, 'bob');
  await shows(bob.page, 'slack: connected as User bob (ok)');
  const carol = await signIn('carol');
  await shows(carol.page, 'slack: not connected');

  const { connections } = await client.connections.list({ workspaceId: 'acme' });
  assert.deepEqual(
    connections.map(({ integrationName, endUserId, scope }) => [integrationName, endUserId, scope].join()).sort(),
    ['openai,alice,USER', 'slack,alice,USER', 'slack,bob,USER'],
  );
  // Another's connection cannot be removed, one's own can.
  const foreign = connections.find(({ endUserId }) => endUserId === 'alice').id;
  const refused = await bob.page.evaluate(async (id) => (await fetch('/disconnect', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ id }) })).status, foreign);
  assert.equal(refused, 400);
  await bob.page.getByRole('button', { name: 'Disconnect slack' }).click();
  await shows(bob.page, 'slack: not connected');
  assert.equal((await client.connections.list({ workspaceId: 'acme' })).total, 2);
  for (const { context } of [alice, bob, carol]) await context.close();
});

test('a provider with COOP: connected, and the cut-off popup closes', async () => {
  const carol = await signIn('carol');
  const popup = await click(carol, 'Connect coop');
  const closed = popup.waitForEvent('close');
  await popup.getByRole('button', { name: 'Continue to Coop' }).click();
  await consent(popup, 'carol');
  await shows(carol.page, 'coop: connected as User carol');
  await closed;
  await carol.context.close();
});

test('without popups: the same in the tab, and back again', async () => {
  const carol = await signIn('carol');
  await carol.page.evaluate(() => (window.open = () => null));
  await carol.page.getByRole('button', { name: 'Connect slack' }).click();
  await carol.page.getByRole('button', { name: 'Continue to Slack' }).click();
  await consent(carol.page, 'carol');
  await shows(carol.page, 'slack: connected as User carol');
  await carol.context.close();
});

test('what cannot be done is said: no OAuth app, and a person who says no', async () => {
  const bob = await signIn('bob');
  let popup = await click(bob, 'Connect github');
  await bob.page.getByRole('status').filter({ hasText: /OAuth app/ }).waitFor();
  await until('closed', () => popup.isClosed());
  popup = await click(bob, 'Connect slack');
  await popup.getByRole('button', { name: 'Continue to Slack' }).click();
  await deny(popup, 'bob');
  await popup.getByRole('heading', { name: 'Slack was not connected' }).waitFor();
  await popup.getByRole('button', { name: 'Cancel' }).click();
  await bob.page.getByRole('status').filter({ hasText: /cancelled/i }).waitFor();
  await bob.context.close();
});
