// The people who run it: signing in, signing out, and the first time.
import { Server, ADMIN } from '../fixtures/server.ts';
import { marker } from '../fixtures/run.ts';
import { checkA11y, expect, test } from '../fixtures/test.ts';

test.describe('signing in', () => {
  // A server of its own: attempts are limited per account and minute, and other specs sign in too.
  let server: Server;
  test.beforeAll(async () => {
    server = await Server.start();
  });
  test.afterAll(async () => server.stop());

  test('a stranger is asked to sign in, told when it is wrong, and then led to where they wanted', async ({ page, hasScript }) => {
    await page.goto(`${server.origin}/connections?q=abc`);
    await expect(page).toHaveURL(`${server.origin}/login?next=${encodeURIComponent('/connections?q=abc')}`);
    await expect(page).toHaveTitle('Sign in · Keyloom');
    await checkA11y(page);

    const wrong = marker();
    await page.getByLabel('E-mail').fill(ADMIN.email);
    await page.getByLabel('Password', { exact: true }).fill(wrong);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await expect(page.getByRole('alert')).toHaveText('E-mail address or password is wrong');
    await expect(page.getByLabel('E-mail')).toHaveValue(ADMIN.email);
    await expect(page.getByLabel('Password', { exact: true })).toHaveValue('');
    expect(await page.content()).not.toContain(wrong);
    await checkA11y(page);

    const password = page.getByLabel('Password', { exact: true });
    await password.fill(ADMIN.password);
    const show = page.getByRole('button', { name: 'Show' });
    if (hasScript) {
      await show.click();
      await expect(password).toHaveAttribute('type', 'text');
      await show.click();
      await expect(password).toHaveAttribute('type', 'password');
    } else {
      await expect(show).toHaveCount(0);
    }
    await page.getByRole('button', { name: 'Sign in' }).click();
    await expect(page).toHaveURL(`${server.origin}/connections?q=abc`);

    const [cookie, ...others] = (await page.context().cookies()).filter(({ name }) => name.endsWith('keyloom'));
    expect(others).toEqual([]);
    expect(cookie).toMatchObject({ name: 'keyloom', httpOnly: true, sameSite: 'Lax', path: '/', domain: 'localhost' });

    // Somebody who is signed in needs no sign-in page.
    await page.goto(`${server.origin}/login?next=/connections?q=x`);
    await expect(page).toHaveURL(`${server.origin}/connections?q=x`);
  });

  test('signing out ends it on the server too', async ({ page, request }) => {
    // Whoever else signed in here counts against the same minute, so this is by request.
    const signIn = await page.request.post(`${server.origin}/login`, { form: ADMIN, headers: { origin: server.origin }, maxRedirects: 0 });
    expect(signIn.status()).toBe(303);
    const [cookie] = await page.context().cookies();
    const out = await page.request.post(`${server.origin}/logout`, { headers: { origin: server.origin }, maxRedirects: 0 });
    expect(out.headers()).toMatchObject({ location: '/login' });
    expect(await page.context().cookies()).toEqual([]);
    const again = await request.get(`${server.origin}/connections`, { headers: { cookie: `${cookie?.name}=${cookie?.value}` }, maxRedirects: 0 });
    expect(again.headers().location).toMatch(/^\/login/);
  });

  test('next leads nowhere else', async ({ request }) => {
    for (const next of ['https://evil.example', '//evil.example', '/\\evil.example', 'javascript:alert(1)', '/\t/evil.example']) {
      const answer = await request.get(`${server.origin}/login?next=${encodeURIComponent(next)}`);
      expect(await answer.text(), next).toContain('Sign in to Keyloom');
    }
    const answer = await request.post(`${server.origin}/login`, { form: { ...ADMIN, next: '//evil.example' }, headers: { origin: server.origin }, maxRedirects: 0 });
    expect(answer.headers().location).toBe('/connections');
  });

  test('guessing is slowed down, with the same words for an account that does not exist', async ({ request }) => {
    const guess = (email: string): ReturnType<typeof request.post> =>
      request.post(`${server.origin}/login`, { form: { email, password: 'guess guess' }, headers: { origin: server.origin } });
    const texts = new Set<string>();
    let limited = 0;
    for (let attempt = 0; attempt < 7; attempt += 1) {
      const answer = await guess('nobody@example.test');
      if (answer.status() === 429) limited += 1;
      else texts.add((/role="alert".*?<\/div>/s.exec(await answer.text())?.[0] ?? '').replace(/^[^>]*>|<[^>]*>/g, '').trim());
      if (answer.status() === 429) expect(answer.headers()['retry-after']).toMatch(/^\d+$/);
    }
    expect([...texts]).toEqual(['E-mail address or password is wrong']);
    expect(limited).toBeGreaterThanOrEqual(1);
  });
});

test('the first time: the printed link makes an admin, once', async ({ page, otherBrowser }) => {
  const server = await Server.start({ admin: false });
  try {
    await page.goto(`${server.origin}/connections`);
    await expect(page).toHaveURL(`${server.origin}/setup`);
    await expect(page.getByText('Open the set-up link that the server printed')).toBeVisible();
    await checkA11y(page);

    const link = /(http\S+\/setup\?token=\S+)/.exec(server.stdout())?.[1] ?? '';
    expect(link).toContain(server.origin);
    await page.goto(link);
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('Set up Keyloom');
    await checkA11y(page);
    const password = marker();
    await page.getByLabel('E-mail').fill('first@example.test');
    await page.getByLabel('Password', { exact: true }).fill(password);
    await page.getByLabel('Password again').fill(`${password}x`);
    await page.getByRole('button', { name: 'Create admin' }).click();
    await expect(page.getByText('The two passwords are not the same')).toBeVisible();
    await expect(page.getByLabel('E-mail')).toHaveValue('first@example.test');
    expect(await page.content()).not.toContain(password);
    await checkA11y(page);

    // Two browsers have the link open; one of them is first.
    const late = await (await otherBrowser()).newPage();
    await late.goto(link);
    await page.getByLabel('Password', { exact: true }).fill(password);
    await page.getByLabel('Password again').fill(password);
    await page.getByRole('button', { name: 'Create admin' }).click();
    await expect(page).toHaveURL(`${server.origin}/connections`);

    await late.getByLabel('E-mail').fill('second@example.test');
    await late.getByLabel('Password', { exact: true }).fill(password);
    await late.getByLabel('Password again').fill(password);
    await late.getByRole('button', { name: 'Create admin' }).click();
    await expect(late.getByText(/used|valid|set up already|link/i).first()).toBeVisible();
    await late.goto(link);
    await expect(late.getByText('This link has been used')).toBeVisible();
    await checkA11y(late);
    await late.getByRole('link', { name: 'Sign in' }).click();
    await expect(late).toHaveURL(`${server.origin}/login`);
    await late.getByLabel('E-mail').fill('second@example.test');
    await late.getByLabel('Password', { exact: true }).fill(password);
    await late.getByRole('button', { name: 'Sign in' }).click();
    await expect(late.getByRole('alert')).toHaveText('E-mail address or password is wrong');
  } finally {
    await page.close();
    await server.stop();
  }
});
