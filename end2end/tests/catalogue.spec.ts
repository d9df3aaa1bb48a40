// A TOML file in KEYLOOM_INTEGRATIONS_DIR is an integration, without a rebuild.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openLink } from '../fixtures/connect.ts';
import { marker } from '../fixtures/run.ts';
import { Server } from '../fixtures/server.ts';
import { checkA11y, expect, test } from '../fixtures/test.ts';

const DEFINITION = `
name = "made-up"
display_name = "Made Up & <Co>"
description = "Nobody has heard of it."
categories = ["other"]
docs_url = "https://example.com/docs"
checked_at = "2026-11-24"

[api]
base_url = "https://api.example.com"

[[auth]]
key = "api-key"
type = "SECRET_TEXT"
label = "Passphrase"

[[auth.fields]]
key = "secretText"
label = "Passphrase"
type = "secret"

[auth.placement.headers]
X-Passphrase = "{{secretText}}"
`;

test('a definition dropped into the folder is there after the start, in API and page', async ({ page }) => {
  const server = await Server.start({ writeIntegrations: (folder) => writeFileSync(join(folder, 'made-up.toml'), DEFINITION) });
  try {
    const api = await server.api();
    const { integration } = await api.call<{ integration: { displayName: string; auth: { type: string } } }>('GET', '/integrations?name=made-up');
    expect(integration).toMatchObject({ displayName: 'Made Up & <Co>', auth: { type: 'SECRET_TEXT' } });

    const issued = await api.connectToken('made-up');
    await openLink(page, issued.connectUrl);
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('Connect Made Up & <Co>');
    await checkA11y(page);
    const secret = marker();
    await page.getByLabel('Passphrase').fill(secret);
    await page.getByRole('button', { name: 'Connect' }).click();
    await expect(page.locator('h1')).toHaveText('Made Up & <Co> is connected');
    const connection = await api.resolve('made-up', issued.externalId);
    expect(await api.credentials(connection.id)).toMatchObject({ secretText: secret });
  } finally {
    await page.close();
    await server.stop();
  }
});

test('a definition with a mistake stops the start with file and key', async () => {
  const start = Server.start({ writeIntegrations: (folder) => writeFileSync(join(folder, 'made-up.toml'), DEFINITION.replace('api.example.com', 'x').replace('label = "Passphrase"', 'lable = "x"')) });
  await expect(start).rejects.toThrow(/made-up\.toml[\s\S]*lable/);
});
