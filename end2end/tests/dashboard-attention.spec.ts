// What is broken is not to be looked for among what works.
import { externalId } from '../fixtures/api.ts';
import { signIn } from '../fixtures/dashboard.ts';
import { marker } from '../fixtures/run.ts';
import { checkA11y, expect, test } from '../fixtures/test.ts';

test.beforeEach(async ({ context, stack }) => signIn(context, stack.server));

test('what needs attention is counted above the list, and one click away', async ({ page, stack }) => {
  const slug = externalId();
  const { workspace } = await stack.api.call<{ workspace: { id: string } }>('POST', '/workspaces', { name: `Attention ${slug}`, slug });
  const create = async (displayName: string, secretText: string): Promise<string> => {
    const input = { type: 'SECRET_TEXT', integrationName: 'demo-key', workspaceId: slug, externalId: externalId(), displayName, secretText };
    return (await stack.api.call<{ connection: { id: string } }>('POST', '/connections', input)).connection.id;
  };
  const rejected = await create('Rejected', `dk-wrong-${marker()}`);
  await create('Accepted', `dk-${marker()}`);
  await stack.api.call('POST', `/connections/${rejected}/test`);
  await page.goto(`${stack.origin}/connections?workspace=${workspace.id}`);
  await expect(page.getByText('1 connection needs attention')).toBeVisible();
  await checkA11y(page);
  await page.getByRole('link', { name: 'Show only these' }).click();
  await expect(page.getByRole('link', { name: 'Rejected', exact: true })).toBeVisible();
  await expect(page.getByRole('link', { name: 'Accepted', exact: true })).toHaveCount(0);
  await expect(page).toHaveURL(new RegExp(`workspace=${workspace.id}`));
  await expect(page.getByLabel('Health')).toHaveValue('attention');
  await checkA11y(page);

  await stack.api.call('DELETE', `/connections/${rejected}`);
  await page.goto(`${stack.origin}/connections?health=attention&workspace=${workspace.id}`);
  await expect(page.getByRole('heading', { name: 'Nothing needs attention' })).toBeVisible();
  await checkA11y(page);
});
