// A new operator who has only a keyboard: sets up, connects a service, finds out why one is broken, mends it, gives a colleague access,
// changes an API key for a new one. Tab, Enter, Space, arrows and letters; nothing is clicked or focused from here.
import type { Page } from '@playwright/test';
import { externalId } from '../fixtures/api.ts';
import { signIn } from '../fixtures/dashboard.ts';
import { marker, remember } from '../fixtures/run.ts';
import { Server } from '../fixtures/server.ts';
import { expect, test } from '../fixtures/test.ts';

/** What has the focus: its name as a reader would say it, roughly, and whether it can be seen that it has. */
const focused = (page: Page): Promise<{ name: string; visible: boolean }> =>
  page.evaluate(() => {
    const element = document.activeElement as HTMLElement | null;
    if (!element || element === document.body) return { name: '', visible: true };
    const labels = [...((element as HTMLInputElement).labels ?? [])].map((label) => label.textContent ?? '');
    const name = element.getAttribute('aria-label') ?? (labels.length > 0 ? labels.join(' ') : (element.textContent ?? ''));
    const style = getComputedStyle(element);
    const box = element.getBoundingClientRect();
    return { name: name.replace(/\s+/g, ' ').trim(), visible: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2 && box.width > 0 && box.height > 0 };
  });

/** Tabs until something of that name has the focus, at most once around. Everything on the way shows that it has it. */
async function tabTo(page: Page, name: RegExp, key = 'Tab'): Promise<void> {
  const passed: string[] = [];
  for (let steps = 0; steps < 80; steps += 1) {
    await page.keyboard.press(key);
    const now = await focused(page);
    expect(now.visible, `the focus can be seen on "${now.name}"`).toBe(true);
    if (name.test(now.name)) return;
    passed.push(now.name.slice(0, 30));
  }
  throw new Error(`no ${name} among: ${passed.join(' | ')}`);
}

/** Waits until WebAssembly has taken over: the palette answers to its key. */
async function awake(page: Page): Promise<void> {
  const palette = page.getByRole('dialog', { name: 'Search' });
  await expect(async () => {
    await page.keyboard.press('Control+k');
    await expect(palette).toBeVisible({ timeout: 500 });
  }).toPass();
  await page.keyboard.press('Escape');
  await expect(palette).toBeHidden();
}

/** By the palette to where its first hit for `words` is; the focus follows. */
async function goTo(page: Page, words: string, heading: string | RegExp): Promise<void> {
  await page.keyboard.press('Control+k');
  await page.keyboard.type(words);
  await expect(page.getByRole('option').filter({ hasText: words }).first()).toHaveAttribute('aria-selected', 'true');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { level: 1, name: heading })).toBeVisible();
  await expect(page.getByRole('main')).toBeFocused();
}

test('sets up with the printed link', async ({ page }) => {
  const server = await Server.start({ admin: false });
  try {
    await page.goto(/(http\S+\/setup\?token=\S+)/.exec(server.stdout())?.[1] ?? '');
    const password = marker();
    await tabTo(page, /^E-mail/);
    await page.keyboard.type('first@example.test');
    await tabTo(page, /^Password$/);
    await page.keyboard.type(password);
    await tabTo(page, /^Password again/);
    await page.keyboard.type(password);
    await page.keyboard.press('Enter');
    await expect(page).toHaveURL(`${server.origin}/connections`);
    // The first thing that Tab comes to leads past the navigation.
    await awake(page);
    await page.keyboard.press('Tab');
    expect(await focused(page)).toEqual({ name: 'Skip to content', visible: true });
    await page.keyboard.press('Enter');
    await expect(page.getByRole('main')).toBeFocused();
    await tabTo(page, /^Create connection$/);
  } finally {
    await page.close();
    await server.stop();
  }
});

test.describe('signed in', () => {
  test.beforeEach(async ({ context, page, stack }) => {
    await signIn(context, stack.server);
    await page.goto(`${stack.origin}/connections`);
    await awake(page);
  });

  test('connects a service', async ({ page, stack }) => {
    await goTo(page, 'Create connection', 'Create connection');
    await tabTo(page, /^Search/);
    await page.keyboard.type('Demo Key');
    await expect(page.getByRole('status').filter({ hasText: /^1 integration$/ })).toBeVisible();
    await tabTo(page, /^Demo Key$/);
    await page.keyboard.press('Enter');
    await expect(page.getByRole('heading', { level: 1, name: 'Connect Demo Key' })).toBeVisible();
    await expect(page.getByRole('main')).toBeFocused();
    await tabTo(page, /^API key/);
    await page.keyboard.type(`dk-wrong-${marker()}`);
    await page.keyboard.press('Enter');
    // What was wrong takes the focus; from there the form is a Tab away.
    await expect(page.getByRole('alert')).toBeFocused();
    await tabTo(page, /^API key/);
    await page.keyboard.press('Control+a');
    await page.keyboard.type(`dk-${marker()}`);
    const id = externalId();
    await tabTo(page, /^External ID/);
    await page.keyboard.type(id);
    await page.keyboard.press('Enter');
    await expect(page.getByRole('row').filter({ hasText: id })).toBeVisible();
    await expect(page.getByRole('main')).toBeFocused();
    expect((await stack.api.resolve('demo-key', id)).health).toBe('ok');
  });

  test('finds out why one is broken, and mends it', async ({ page, stack }) => {
    const name = `Broken ${externalId()}`;
    // Imported without anything to renew it by: its token is refused by the service.
    const imported = { type: 'OAUTH2', integrationName: 'demo-oauth', displayName: name, externalId: externalId(), accessToken: remember(`at-${marker()}`) };
    const { connection } = await stack.api.call<{ connection: { id: string } }>('POST', '/connections', imported);
    await stack.api.call('POST', `/connections/${connection.id}/test`).catch(() => undefined);
    await goTo(page, name, name);
    await tabTo(page, /^Test$/);
    await page.keyboard.press('Space');
    // It says what came of it, and the page has been read anew with the cause.
    await expect(page.getByRole('region', { name: 'Actions' }).getByRole('status').filter({ hasText: /\w/ })).toBeVisible();
    await expect(page.getByRole('heading', { name: 'Health' })).toBeVisible();
    await expect(page.getByText(/Reconnect it|reconnect it|last check failed/).first()).toBeVisible();
    await tabTo(page, /^Reconnect$/);
    const [popup] = await Promise.all([page.waitForEvent('popup'), page.keyboard.press('Enter')]);
    await expect(popup).toHaveURL(/provider\.localhost/);
    const closed = popup.waitForEvent('close');
    if (await popup.locator('input[name=login]').isVisible()) {
      // Its first field has the focus already.
      await popup.keyboard.type('alice');
      await popup.keyboard.press('Tab');
      await popup.keyboard.type('any password will do');
      await popup.keyboard.press('Enter');
      await expect(popup.locator('input[name=prompt][value=consent]')).toBeAttached();
    }
    const agree = popup.locator('button[type=submit]');
    for (let steps = 0; steps < 10 && !(await agree.evaluate((button) => button === document.activeElement)); steps += 1) await popup.keyboard.press('Tab');
    await popup.keyboard.press('Enter');
    await closed;
    await expect(page.getByRole('status').filter({ hasText: 'User alice' }).first()).toBeVisible();
    expect((await stack.api.call<{ connection: { health: string } }>('GET', `/connections/${connection.id}`)).connection.health).toBe('ok');
  });

  test('gives a colleague access', async ({ page }) => {
    await goTo(page, 'Settings', 'Settings');
    await expect(page.getByText('Nothing to mend.').or(page.getByText('to mend.')).first()).toBeVisible();
    await tabTo(page, /^E-mail/);
    await page.keyboard.type(`${externalId()}@example.com`);
    await tabTo(page, /^Role/);
    await page.keyboard.press('ArrowDown');
    await tabTo(page, /^Make invitation link$/);
    await page.keyboard.press('Enter');
    const link = page.locator('code').filter({ hasText: '/setup?token=' });
    await expect(link).toBeVisible();
    remember(new URL(await link.innerText()).searchParams.get('token') ?? '');
    await tabTo(page, /^Copy/, 'Shift+Tab');
  });

  test('changes an API key for a new one', async ({ page, stack }) => {
    const { apiKey } = await stack.api.call<{ apiKey: { name: string } }>('POST', '/api-keys', { name: `Old ${externalId()}` });
    await goTo(page, 'API keys', 'API keys');
    await tabTo(page, /^Name/);
    await page.keyboard.type(`New ${externalId()}`);
    await page.keyboard.press('Enter');
    const plain = page.getByText(/^wvz_/).first();
    await expect(plain).toBeVisible();
    remember((await plain.textContent()) ?? '');
    const old = new RegExp(`^Delete… ${apiKey.name}`);
    await tabTo(page, old);
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog', { name: `Delete the key ${apiKey.name}?` });
    await expect(dialog).toBeVisible();
    // Escape gives the focus back to where it was.
    await page.keyboard.press('Escape');
    await expect(dialog).toBeHidden();
    expect((await focused(page)).name).toMatch(old);
    await page.keyboard.press('Enter');
    await tabTo(page, /^Delete key$/);
    await page.keyboard.press('Enter');
    await expect(page.getByRole('status').filter({ hasText: 'Key deleted' })).toBeVisible();
    await expect(page.getByRole('row').filter({ hasText: apiKey.name })).toHaveCount(0);
  });
});
