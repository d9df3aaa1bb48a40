// Access tokens end; connections do not. A provider whose tokens live three seconds and whose refresh tokens rotate.
import { openLink } from '../fixtures/connect.ts';
import { consent } from '../fixtures/provider.ts';
import { expect, test } from '../fixtures/test.ts';

test('short-lived tokens are renewed when they are asked for, and work', async ({ page, stack }) => {
  const { brief } = stack.peers;
  const issued = await stack.api.connectToken('demo-brief');
  await openLink(page, issued.connectUrl);
  await page.getByRole('button', { name: 'Continue to Demo Brief' }).click();
  await consent(page);
  await expect(page.locator('h1')).toHaveText('Connected as User alice');
  const connection = await stack.api.resolve('demo-brief', issued.externalId);

  const refreshes = async (): Promise<number> => (await brief.count()).refresh_token ?? 0;
  const before = await refreshes();
  const seen = new Set<string>();
  // Three generations: the second and third only come if the rotated refresh token was kept.
  await expect
    .poll(
      async () => {
        const { accessToken } = await stack.api.credentials(connection.id);
        // A new one works. (An old one may be in its last second: the provider counts whole seconds.)
        if (!seen.has(accessToken ?? '')) expect(await brief.userinfo(accessToken ?? '')).toMatchObject({ status: 200, body: { sub: 'alice' } });
        seen.add(accessToken ?? '');
        return seen.size;
      },
      { timeout: 30_000, intervals: [500] },
    )
    .toBeGreaterThanOrEqual(3);
  expect(await refreshes()).toBeGreaterThanOrEqual(before + 2);
  expect(await stack.api.resolve('demo-brief', issued.externalId)).toMatchObject({ status: 'ACTIVE', account: { id: 'alice' } });
});

test('many callers at once cost one refresh, and all get a token that works', async ({ page, stack }) => {
  const { brief } = stack.peers;
  const issued = await stack.api.connectToken('demo-brief');
  await openLink(page, issued.connectUrl);
  await page.getByRole('button', { name: 'Continue to Demo Brief' }).click();
  await consent(page);
  await expect(page.locator('h1')).toHaveText('Connected as User alice');
  const { id } = await stack.api.resolve('demo-brief', issued.externalId);
  const { accessToken: first } = await stack.api.credentials(id);
  // Past its end, by the provider's clock and by ours.
  await expect.poll(async () => (await brief.userinfo(first ?? '')).status, { timeout: 15_000, intervals: [500] }).toBe(401);
  await expect.poll(async () => Date.parse((await stack.api.resolve('demo-brief', issued.externalId)).expiresAt ?? '') < Date.now()).toBe(true);

  const before = (await brief.count()).refresh_token ?? 0;
  await brief.delayNext(300);
  const answers = await Promise.all(Array.from({ length: 12 }, () => stack.api.credentials(id)));
  expect(new Set(answers.map((answer) => answer.accessToken)).size).toBe(1);
  expect((await brief.count()).refresh_token).toBe(before + 1);
  expect((await brief.userinfo(answers[0]?.accessToken ?? '')).status).toBe(200);
});
