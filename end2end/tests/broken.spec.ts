// A connection that is broken says what happened and what is to be done, for every class of failure; and mending its app mends it.
import { breakOne, CLASSES } from '../fixtures/broken.ts';
import { signIn } from '../fixtures/dashboard.ts';
import { checkA11y, expect, test } from '../fixtures/test.ts';

test('every class of failure says what happened and what to do', async ({ page, context, stack }) => {
  test.slow();
  await signIn(context, stack.server);
  for (const [weather, { happened, todo }] of CLASSES) {
    const id = await breakOne(page, stack, weather);
    await page.goto(`${stack.origin}/connections/${id}`);
    const main = page.getByRole('main');
    await expect(main.getByText(happened).first(), weather).toBeVisible();
    await expect(main.getByText('What to do:').locator('..'), weather).toContainText(todo);
    await expect(page.getByRole('heading', { name: 'Timeline' })).toBeVisible();
    await checkA11y(page);
  }
  // The app is at fault, not its connections: once it is mended they go on, without anybody.
  const [app] = (await stack.api.call<{ oauthApps: { id: string }[] }>('GET', '/oauth-apps?integrationName=demo-gate')).oauthApps;
  await stack.api.call('PATCH', `/oauth-apps/${app?.id}`, { clientSecret: 'conf-secret-0123456789' });
  const broken = (await stack.api.connections()).find((connection) => connection.displayName === 'Account that is refused');
  await stack.api.call('POST', `/connections/${broken?.id}/refresh`);
  await page.goto(`${stack.origin}/connections/${broken?.id}`);
  await expect(page.getByRole('main').getByText('What to do:')).toBeHidden();
});
