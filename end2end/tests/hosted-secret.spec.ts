// A person connects an account with a key, a password or several fields, on the hosted page.
import { openLink } from '../fixtures/connect.ts';
import { marker } from '../fixtures/run.ts';
import { checkA11y, expect, test } from '../fixtures/test.ts';

test('a key: wrong form, refused by the service, then connected', async ({ page, stack }) => {
  const issued = await stack.api.connectToken('demo-key');
  await openLink(page, issued.connectUrl);
  // The token has left the address before anything else happens.
  expect(page.url()).toBe(`${stack.origin}/connect/${issued.sessionId}`);
  await expect(page.locator('h1')).toContainText('Connect Demo Key');
  await expect(page.getByRole('link', { name: 'Where do I find this?' })).toHaveAttribute('rel', /noopener/);
  await checkA11y(page);

  const malformed = marker();
  await page.getByLabel('API key').fill(malformed);
  await page.getByRole('button', { name: 'Connect' }).click();
  await expect(page.getByText('A key starts with dk-')).toBeVisible();
  await expect(page.getByLabel('API key')).toHaveAttribute('aria-invalid', 'true');
  await expect(page.getByLabel('API key')).toHaveValue('');
  expect(await page.content()).not.toContain(malformed);
  await checkA11y(page);

  const refused = `dk-wrong-${marker()}`;
  await page.getByLabel('API key').fill(refused);
  await page.getByRole('button', { name: 'Connect' }).click();
  await expect(page.getByRole('alert')).toContainText('Demo Key does not accept this');
  expect(await page.content()).not.toContain(refused);
  await checkA11y(page);

  const good = `dk-${marker()}`;
  await page.getByLabel('API key').fill(good);
  await page.getByRole('button', { name: 'Connect' }).click();
  await expect(page.locator('h1')).toContainText('Connected as Key of Carol');
  await expect(page.getByText('You can close this window.')).toBeVisible();
  expect(await page.content()).not.toContain(good);
  await checkA11y(page);

  expect(stack.captured.seen.at(-1)?.headers.authorization).toBe(`Bearer ${good}`);
  const session = await stack.api.session(issued.sessionId);
  expect(session).toMatchObject({ status: 'completed', error: null, session: { status: 'COMPLETED' } });
  const connection = await stack.api.resolve('demo-key', issued.externalId);
  expect(connection).toMatchObject({ type: 'SECRET_TEXT', status: 'ACTIVE', account: { id: 'u_1', label: 'Key of Carol' } });
  expect(await stack.api.credentials(connection.id)).toMatchObject({ type: 'SECRET_TEXT', secretText: good });
});

test('a user name and a password: what was typed stays, the password does not', async ({ page, stack }) => {
  const issued = await stack.api.connectToken('demo-basic');
  await openLink(page, issued.connectUrl);
  const password = marker();
  await page.getByLabel('Account').fill('wrong account');
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Connect' }).click();
  await expect(page.getByRole('alert')).toHaveText('Please check what is marked below.');
  await expect(page.getByText('An account is AC and 8 characters')).toBeVisible();
  await expect(page.getByLabel('Account')).toHaveValue('wrong account');
  await expect(page.getByLabel('Password')).toHaveValue('');
  expect(await page.content()).not.toContain(password);
  await checkA11y(page);

  await page.getByLabel('Account').fill('AC0123abcd');
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Connect' }).click();
  await expect(page.locator('h1')).toContainText('Demo Basic is connected');
  expect(await page.content()).not.toContain(password);
  const connection = await stack.api.resolve('demo-basic', issued.externalId);
  expect(await stack.api.credentials(connection.id)).toMatchObject({ type: 'BASIC_AUTH', username: 'AC0123abcd', password });
});

test('several fields: each error beside its field, every kind of input kept', async ({ page, stack }) => {
  const issued = await stack.api.connectToken('demo-custom');
  await openLink(page, issued.connectUrl);
  await checkA11y(page);
  const secret = marker();
  await page.getByLabel('Account URL').fill('https://evil.example');
  await page.getByLabel('Region').selectOption('us');
  await page.getByLabel('Sandbox').check();
  await page.getByLabel('Retries').fill('many');
  await page.getByLabel('Secret key').fill(secret);
  await page.getByRole('button', { name: 'Connect' }).click();
  await expect(page.getByText('Account URL must be an address ending in .demo.example')).toBeVisible();
  await expect(page.getByText('Retries must be a number')).toBeVisible();
  await expect(page.getByLabel('Account URL')).toHaveValue('https://evil.example');
  await expect(page.getByLabel('Region')).toHaveValue('us');
  await expect(page.getByLabel('Sandbox')).toBeChecked();
  await expect(page.getByLabel('Retries')).toHaveValue('many');
  await expect(page.getByLabel('Secret key')).toHaveValue('');
  expect(await page.content()).not.toContain(secret);
  await checkA11y(page);

  await page.getByLabel('Account URL').fill('acme.demo.example/path?x=1');
  await page.getByLabel('Retries').fill('3');
  await page.getByLabel('Secret key').fill(secret);
  await page.getByRole('button', { name: 'Connect' }).click();
  await expect(page.locator('h1')).toContainText('Demo Custom is connected');
  const connection = await stack.api.resolve('demo-custom', issued.externalId);
  const { props } = await stack.api.credentials(connection.id);
  expect(props).toEqual({ account_url: 'https://acme.demo.example', region: 'us', sandbox: 'true', retries: '3', secret_key: secret });
});

test('prefilled fields are shown, locked, and cannot be changed by editing the form', async ({ page, stack }) => {
  const prefilled = marker();
  const issued = await stack.api.connectToken('demo-custom', { props: { account_url: 'https://given.demo.example', secret_key: prefilled } });
  await openLink(page, issued.connectUrl);
  await expect(page.getByText('https://given.demo.example')).toBeVisible();
  await expect(page.getByLabel('Account URL')).toHaveCount(0);
  expect(await page.content()).not.toContain(prefilled);
  // What a tampering person would do: the same form with a field added.
  const answer = await page.request.post(page.url(), {
    form: { method: 'keys', 'props.account_url': 'https://other.demo.example', 'props.secret_key': 'theirs', 'props.region': 'eu' },
    headers: { origin: stack.origin },
  });
  expect(answer.status()).toBe(200);
  const connection = await stack.api.resolve('demo-custom', issued.externalId);
  expect((await stack.api.credentials(connection.id)).props).toMatchObject({ account_url: 'https://given.demo.example', secret_key: prefilled });
});

test('a service with two ways: the person chooses', async ({ page, stack }) => {
  const issued = await stack.api.connectToken('demo-either');
  await openLink(page, issued.connectUrl);
  await expect(page.getByText('How do you want to connect?')).toBeVisible();
  await checkA11y(page);
  await page.getByText('User name and password').click();
  const password = marker();
  const form = page.locator('details', { hasText: 'User name and password' });
  await form.getByLabel('User name').fill('carol');
  await form.getByLabel('Password').fill(password);
  await form.getByRole('button', { name: 'Connect' }).click();
  await expect(page.locator('h1')).toContainText('Demo Either is connected');
  const connection = await stack.api.resolve('demo-either', issued.externalId);
  expect(connection.type).toBe('BASIC_AUTH');
  expect(await stack.api.credentials(connection.id)).toMatchObject({ username: 'carol', password });
});

test('the same external id again replaces the credentials and keeps the connection', async ({ page, stack }) => {
  const first = await stack.api.connectToken('demo-key');
  await openLink(page, first.connectUrl);
  await page.getByLabel('API key').fill(`dk-${marker()}`);
  await page.getByRole('button', { name: 'Connect' }).click();
  await expect(page.locator('h1')).toContainText('Connected as');
  const before = await stack.api.resolve('demo-key', first.externalId);

  const second = await stack.api.connectToken('demo-key', { externalId: first.externalId });
  await openLink(page, second.connectUrl);
  const replaced = `dk-${marker()}`;
  await page.getByLabel('API key').fill(replaced);
  await page.getByRole('button', { name: 'Connect' }).click();
  await expect(page.locator('h1')).toContainText('Connected as');
  const after = await stack.api.resolve('demo-key', first.externalId);
  expect(after.id).toBe(before.id);
  expect(await stack.api.credentials(after.id)).toMatchObject({ secretText: replaced });
});
